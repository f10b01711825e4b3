"""Between the authorization endpoint and what people have agreed to: who asks, for what, and what they answer."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from apps.core.history import Actor, Origin, coming_from
from apps.core.history.origin import USER_AGENT_LENGTH
from apps.core.tenancy import tenant
from apps.iam.applications import commands
from apps.iam.applications.queries import Verdict, verdict
from apps.iam.oidc import form_targets
from apps.iam.oidc.clients.uris import origin_of
from apps.iam.oidc.models import Application
from apps.iam.tenants import queries as tenants

__all__ = ["Verdict", "answered", "ask", "not_approved", "standing"]


def standing(client: Application, *, user_id: UUID, tenant_id: UUID, scopes: Iterable[str]) -> Verdict:
    """Whether the client may have these scopes for a person in a tenant. The platform's own needs no asking."""
    if client.skip_authorization:
        return Verdict.AGREED
    with tenant(tenant_id):
        return verdict(application_id=client.id, user_id=user_id, scopes=scopes)


def answered(request: HttpRequest, client: Application, *, tenant_id: UUID, scopes: Iterable[str], allow: bool) -> None:
    """Remember what the person has just answered. In the transaction around, if there is one."""
    if client.skip_authorization:
        return  # asked by `prompt=consent` alone: nothing depends on the answer of before
    user: Any = request.user
    actor = Actor(kind="user", id=user.pk, name=user.name)
    about = {"application_id": client.id, "application_name": client.name, "scopes": scopes, "actor": actor}
    with tenant(tenant_id), coming_from(_origin(request)):
        if allow:
            commands.give_consent(**about, now=timezone.now())
        else:
            commands.note_denial(**about)


def ask(request: HttpRequest, context: dict[str, Any], *, tenant_id: UUID) -> HttpResponse:
    """The page that says in words who asks for what. `context` is the library's; its form carries the request on."""
    client: Application = context["application"]
    page = {
        "client": client,
        "form": context["form"],
        "scopes": [settings.OAUTH2_PROVIDER["SCOPES"][scope] for scope in context["scopes"]],
        "tenant_name": tenants.tenant_by_id(tenant_id).name,
        "person": request.user,
        "returns_to": urlsplit(context["redirect_uri"]).netloc,
    }
    response = render(request, "oidc/consent.html", page)
    form_targets.allow(response, [origin_of(context["redirect_uri"])])
    if client.logo_uri:
        form_targets.allow_image(response, origin_of(client.logo_uri))
    return response


def not_approved(request: HttpRequest, client: Application, *, back: str) -> HttpResponse:
    """The page for an application that an administrator has to look at first. `back` tells the client so."""
    return render(request, "oidc/not_approved.html", {"client": client, "back": back}, status=403)


def _origin(request: HttpRequest) -> Origin:
    return Origin(
        address=str(request.META.get("REMOTE_ADDR", "")),
        user_agent=str(request.META.get("HTTP_USER_AGENT", ""))[:USER_AGENT_LENGTH],
    )
