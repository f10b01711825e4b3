"""The simulator's page where a buyer pays: a checkout session, from its beginning to its end."""

from __future__ import annotations

from uuid import uuid4

from apps.business.payments.providers.simulator import intents
from apps.business.payments.providers.simulator.cards import CARDS, Card
from apps.business.payments.providers.simulator.intents import Books, Problem, Thing

_ANY = Card(label="")
_SHORTEST_S, _LONGEST_S = 30 * 60, 24 * 3600
_OF_INTENT = "payment_intent_data[metadata]["


def begin(books: Books, form: dict[str, str]) -> Thing:
    """Make a page, at an address that nobody can guess."""
    if not _SHORTEST_S <= int(form["expires_at"]) - books.now <= _LONGEST_S:
        raise _problem("The `expires_at` timestamp must be between 30 minutes and 24 hours from now.")
    id_ = f"cs_simulated_{uuid4().hex}"
    session = {
        "id": id_,
        "object": "checkout.session",
        "status": "open",
        "url": f"/pay/{books.account}/{id_}",
        "amount_total": intents.amount_of(form, "line_items[0][price_data][unit_amount]"),
        "currency": form.get("line_items[0][price_data][currency]", ""),
        "title": form.get("line_items[0][price_data][product_data][name]", ""),
        "success_url": form["success_url"],
        "cancel_url": form["cancel_url"],
        "expires_at": int(form["expires_at"]),
        "payment_intent": None,
        "metadata": intents.metadata_of(form),
        "intent_metadata": intents.metadata_of(form, _OF_INTENT),
    }
    return books.kept(session, card=_ANY)


def expire(books: Books, _form: dict[str, str], *, id_: str) -> Thing:
    """Nobody can pay there any more. Raises Problem where it is over."""
    session = look(books, {}, id_=id_)
    if session["status"] != "open":
        raise _problem('Only Checkout Sessions with a status in ["open"] can be expired.')
    return _expired(books, session)


def look(books: Books, _form: dict[str, str], *, id_: str) -> Thing:
    """As it is now, with its payment intent."""
    session = books.found(id_)
    if session["status"] == "open" and books.now >= session["expires_at"]:
        session = _expired(books, session)
    intent = session["payment_intent"]
    return {**session, "payment_intent": books.found(intent) if intent else None}


def pay(books: Books, *, id_: str, card: str) -> Thing:
    """Pay with a card. Raises Problem where that is declined: the page stays open for another one."""
    session = look(books, {}, id_=id_)
    if session["status"] != "open":
        raise _problem("This page is over.")
    form = {"amount": str(session["amount_total"]), "currency": session["currency"], "payment_method": card}
    named = {f"metadata[{name}]": value for name, value in session["intent_metadata"].items()}
    intent = intents.create(books, {**form, **named, "capture_method": "manual"})
    done = {**session, "status": "complete", "url": None, "payment_intent": intent["id"]}
    return books.kept(done, "checkout.session.completed", card=CARDS[card])


def _expired(books: Books, session: Thing) -> Thing:
    return books.kept({**session, "status": "expired", "url": None}, "checkout.session.expired", card=_ANY)


def _problem(message: str) -> Problem:
    return Problem(400, "invalid_request_error", "", message)
