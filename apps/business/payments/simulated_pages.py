"""The page where a buyer pays by the simulator, as a provider's own would be: of no shop, and no console."""

from __future__ import annotations

from django.conf import settings
from django.shortcuts import redirect, render

from apps.business.payments.errors import PaymentNotFound
from apps.business.payments.providers import registry
from apps.business.payments.providers.simulator.cards import CARDS
from apps.business.payments.providers.simulator.intents import Problem
from apps.core.api.pages import PUBLIC, page


@page(get=PUBLIC, post=PUBLIC)
def simulated_page(request, account, session_id):
    """GET, POST /pay/<account>/<session>: choose a test card. Whoever has the address may pay."""
    session, problem = _session(account, session_id), ""
    if request.method == "POST" and session["status"] == "open":
        try:
            session = registry.simulator().pay(str(account), session_id, card=request.POST.get("card", ""))
        except Problem as declined:
            problem = str(declined)
    if session["status"] == "complete":
        return redirect(session["success_url"])
    context = {
        "session": session,
        "to_pay": {"amount_minor": session["amount_total"], "currency": session["currency"].upper()},
        "cards": {token: card.label for token, card in CARDS.items()},
        "problem": problem,
    }
    return render(request, "payments/simulated_page.html", context, status=402 if problem else 200)


def _session(account, session_id):
    """Raises PaymentNotFound."""
    if not settings.PAYMENT_SIMULATOR:
        raise PaymentNotFound("this installation has no simulator")
    try:
        return registry.simulator().page(str(account), session_id)
    except Problem as error:
        raise PaymentNotFound("there is no such page") from error
