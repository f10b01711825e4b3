"""The signed-in person's page about the applications that act for them."""

from __future__ import annotations

from django.conf import settings
from django.contrib import messages
from django.shortcuts import redirect, render

from apps.core.api.pages import PERSONAL, page, page_of_rows
from apps.core.errors import DomainError
from apps.iam.applications import commands, queries
from apps.iam.oidc.clients import queries as clients

MINE = "/account/applications/"


@page(PERSONAL)
def my_applications(request):
    """GET /account/applications/: what one lets applications do in this company."""
    rows, cursors, _ = page_of_rows(request, queries.consents_of(request.principal.subject))
    names = clients.names({consent.application_id for consent in rows})
    words = settings.OAUTH2_PROVIDER["SCOPES"]
    for consent in rows:
        consent.application_name = names.get(consent.application_id, "An application that is gone")
        consent.words = [words.get(scope, scope) for scope in consent.scopes]
    return render(request, "account/applications.html", {"consents": rows, "page": cursors})


@page(post=PERSONAL)
def my_consent_withdrawal(request, consent_id):
    """POST /account/applications/<consent>/withdrawal: let it no longer act for oneself."""
    try:
        commands.withdraw_consent(consent_id=consent_id, user_id=request.principal.subject, actor=request.actor)
        messages.success(request, "It may no longer act for you.")
    except DomainError as error:
        messages.error(request, str(error))
    return redirect(MINE)
