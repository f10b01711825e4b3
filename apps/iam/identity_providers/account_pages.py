"""The account pages about identities at other providers: link one, and unlink it."""

from __future__ import annotations

from django.contrib import messages
from django.shortcuts import redirect

from apps.core.api.pages import PERSONAL, page
from apps.core.errors import DomainError
from apps.core.tenancy import require_tenant_id
from apps.iam.identity_providers import attempts, commands, sign_in_pages
from apps.iam.identity_providers.tickets import is_good

_SECURITY = "/account/security/"


@page(get=PERSONAL, step_up=True)
def link(request, provider_id):
    """GET /account/security/identities/<provider>/link?ticket=: sign in there, to link the identity.

    A link, since a form could not lead to another origin; the ticket shows that the person followed it on our page.
    """
    if not is_good(request.GET.get("ticket", ""), request.principal, provider_id):
        messages.error(request, "That took too long: begin again.")
        return redirect(_SECURITY)
    attempt = attempts.begin(
        tenant_id=require_tenant_id(),
        provider_id=provider_id,
        onward=_SECURITY,
        fresh=True,
        linking=request.principal.subject,
    )
    return sign_in_pages.leave(request, attempt, login_hint=request.principal.email)


@page(post=PERSONAL, step_up=True)
def removal(request, link_id):
    """POST /account/security/identities/<link>/removal: sign in with this identity no longer."""
    try:
        commands.unlink_identity(link_id=link_id, user_id=request.principal.subject, actor=request.actor)
        messages.success(request, "Unlinked.")
    except DomainError as error:
        messages.error(request, f"{error}.")
    return redirect(_SECURITY)
