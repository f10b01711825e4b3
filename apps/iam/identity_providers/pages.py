"""The console's pages about the identity providers that people sign in with."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.debug import sensitive_post_parameters

from apps.core.api.pages import form_errors_from, page, page_of_rows
from apps.core.auth.permissions import OWNER
from apps.core.errors import DomainError
from apps.core.tenancy import require_tenant_id
from apps.iam.identity_providers import checking, commands, facts, proofs, queries, relying_party
from apps.iam.identity_providers.filters import IdentityProviderFilter
from apps.iam.identity_providers.forms import IdentityProviderForm, NewIdentityProviderForm
from apps.iam.identity_providers.permissions import IdentityProviderPermission
from apps.iam.roles import queries as roles

_LIST = "/settings/sign-in/providers/"
_MANAGE = IdentityProviderPermission.MANAGE


@page(IdentityProviderPermission.VIEW)
def provider_list(request):
    """GET /settings/sign-in/providers/"""
    rows, cursors, errors = page_of_rows(request, queries.identity_providers(), filterset=IdentityProviderFilter)
    context = {"providers": rows, "states": queries.STATES, "page": cursors, "filter_errors": errors}
    return render(request, "identity_providers/list.html", context)


@page(get=_MANAGE, post=_MANAGE, step_up=True)
def provider_new(request):
    """GET, POST /settings/sign-in/providers/new: the first step: its name and where it is."""
    form = NewIdentityProviderForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            provider = commands.create_identity_provider(**form.cleaned_data, actor=request.actor)
        except DomainError as error:
            form_errors_from(error, form)
        else:
            messages.success(request, f"Added {provider.name}. Now register the platform there.")
            return redirect(f"{_LIST}{provider.id}/")
    return render(request, "identity_providers/new.html", {"form": form}, status=422 if form.is_bound else 200)


@sensitive_post_parameters("client_secret")
@page(get=_MANAGE, post=_MANAGE, step_up=True)
def provider_detail(request, provider_id):
    """GET, POST /settings/sign-in/providers/<id>/: how to set it up, and everything that is said of it."""
    provider = queries.identity_provider(provider_id)
    if request.method != "POST":
        return _detail(request, provider)
    form = IdentityProviderForm(request.POST, roles=_roles())
    if form.is_valid():
        try:
            commands.update_identity_provider(
                provider_id=provider_id,
                actor=request.actor,
                expected_version=form.cleaned_data["version"],
                **form.changes(),
            )
        except DomainError as error:
            form_errors_from(error, form)
        else:
            messages.success(request, "Saved. It holds from the next sign-in on.")
            return redirect(f"{_LIST}{provider_id}/")
    return _detail(request, provider, form=form, status=422)


@page(post=_MANAGE)
def provider_check(request, provider_id):
    """POST /settings/sign-in/providers/<id>/connection-check: ask it whether it works."""
    provider = queries.identity_provider(provider_id)
    return _detail(request, provider, connection=checking.check(provider))


@page(post=_MANAGE, step_up=True)
def provider_deletion(request, provider_id):
    """POST /settings/sign-in/providers/<id>/deletion"""
    try:
        provider = commands.delete_identity_provider(provider_id=provider_id, actor=request.actor, now=timezone.now())
    except DomainError as error:
        messages.error(request, str(error))
        return redirect(f"{_LIST}{provider_id}/")
    undo = f"undo:{_LIST}{provider_id}/restoration"
    messages.success(request, f"Nobody signs in with {provider.name} any more.", extra_tags=undo)
    return redirect(_LIST)


@page(post=_MANAGE, step_up=True)
def provider_restoration(request, provider_id):
    """POST /settings/sign-in/providers/<id>/restoration"""
    try:
        provider = commands.restore_identity_provider(provider_id=provider_id, actor=request.actor)
        messages.success(request, f"{provider.name} is back.")
    except DomainError as error:
        messages.error(request, str(error))
    return redirect(f"{_LIST}{provider_id}/")


@page(post=_MANAGE, step_up=True)
def domain_verification(request, domain_id):
    """POST /settings/sign-in/domains/<id>/verification: look for the proof."""
    try:
        found = commands.verify_domain(domain_id=domain_id, actor=request.actor, now=timezone.now())
        messages.success(request, f"{found.domain} is yours.")
    except DomainError as error:
        messages.error(request, f"{error}.")
    return redirect(_LIST)


def _detail(request, provider, *, form=None, connection=None, status=200):
    context = {
        "provider": provider,
        "provider_path": f"{_LIST}{provider.id}/",
        "deletion_path": f"{_LIST}{provider.id}/deletion",
        "form": form or IdentityProviderForm(initial=_initial(provider), roles=_roles()),
        "redirect_uri": relying_party.redirect_uri(provider.id),
        "connection": connection,
        "domains": _domains(provider),
        "changes": queries.changes_of_provider(provider.id, limit=20) if request.principal.may("audit.view") else None,
    }
    return render(request, "identity_providers/detail.html", context, status=status)


def _initial(provider: Any) -> dict[str, Any]:
    return {name: getattr(provider, name) for name in (*facts.FACTS, "version")}


def _roles() -> list[tuple[str, str]]:
    return [(role.code, role.label) for role in roles.all_roles() if role.code != OWNER]


def _domains(provider: Any) -> list[dict[str, Any]]:
    found = queries.email_domains().filter(domain__in=provider.email_domains)
    return [
        {
            "id": one.id,
            "domain": one.domain,
            "is_verified": one.is_verified,
            "proof_url": proofs.address_of(one.domain),
            "proof_text": proofs.text_of(require_tenant_id(), one.domain),
        }
        for one in found
    ]
