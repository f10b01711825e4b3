"""Signing in with another identity provider: finding one's company's, going there, and coming back."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any
from urllib.parse import urlencode, urlsplit
from uuid import UUID

from django import forms
from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from django_ratelimit.core import get_usage
from oauthlib.oauth2 import OAuth2Error

from apps.core.api.problems import problem_of
from apps.core.db.replicas import primary_only
from apps.core.errors import DomainError
from apps.core.history import Actor
from apps.core.observability import get_logger
from apps.core.tenancy import tenant as entered
from apps.iam.audit import commands as audit
from apps.iam.audit.kinds import Kind, Outcome
from apps.iam.authenticators import second_step
from apps.iam.identity_providers import attempts, commands, offers, queries, relying_party
from apps.iam.identity_providers.attempts import Attempt
from apps.iam.identity_providers.errors import AttemptUnknown, IdentityProviderNotFound, KeptOut
from apps.iam.identity_providers.identities import Identity
from apps.iam.identity_providers.models import IdentityProvider
from apps.iam.oidc import pages as provider_pages
from apps.iam.oidc import signing_in, stepping_up, throttle
from apps.iam.oidc.error_page import error_page
from apps.iam.tenants import queries as tenants
from apps.iam.users import queries as users

SECURITY = "/account/security/"
_NOTHING = "No company sign-in is set up for this. Sign in with your password or a passkey instead."
_logger = get_logger("iam.identity_providers")
_View = Callable[..., HttpResponseBase]


def _page(view: _View) -> _View:
    """What was written a moment ago counts here, and nothing of this is kept by a browser."""

    @never_cache
    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        with primary_only():
            return view(request, *args, **kwargs)

    return guarded


class CompanyForm(forms.Form):
    company = forms.CharField(
        label="Work e-mail or company",
        max_length=320,
        widget=forms.TextInput(attrs={"autocomplete": "email", "autofocus": True, "spellcheck": "false"}),
        help_text="Your address at work, or your company's short name.",
    )


@_page
def company(request: HttpRequest) -> HttpResponse:
    """GET, POST /sign-in/company/: which identity providers a company signs in with."""
    form, found, status = CompanyForm(request.POST if request.method == "POST" else None), [], 200
    target = provider_pages.next_of(request)
    if form.is_bound:
        found = offers.for_company(form.cleaned_data["company"], target=target) if form.is_valid() else []
        if form.is_valid() and not found:
            form.add_error("company", _NOTHING)
        status = 200 if found else 422
    return render(request, "oidc/company.html", {"form": form, "offers": found, "next": target}, status=status)


@_page
@require_safe
def start(request: HttpRequest, tenant_id: UUID, provider_id: UUID) -> HttpResponse:
    """GET /sign-in/with/<tenant>/<provider>?next=&login_hint=: to the provider, with an authorization request."""
    target = provider_pages.next_of(request)
    hint = request.GET.get("login_hint", "")[:320]
    attempt = attempts.begin(tenant_id=tenant_id, provider_id=provider_id, onward=target, fresh=_asks_again(target))
    return leave(request, attempt, login_hint=hint if hint.isprintable() else "")


def leave(request: HttpRequest, attempt: Attempt, *, login_hint: str = "") -> HttpResponse:
    """Send the browser to the provider of an attempt."""
    try:
        with entered(_open_tenant(attempt.tenant_id)):
            provider = queries.usable(attempt.provider_id)
            response = redirect(relying_party.authorization_url(provider, attempt, login_hint=login_hint))
    except DomainError as error:
        _logger.warning("a federated sign-in could not begin", code=error.code, reason=str(error))
        return _failure(request, error, attempt)
    attempts.remember(attempt, request, response)
    return response


@_page
@require_safe
def callback(request: HttpRequest, provider_id: UUID) -> HttpResponse:
    """GET /sign-in/with/<provider>/callback: the provider's answer. Ends with the browser signed in, or the identity
    linked.
    """
    state, attempt, provider = request.GET.get("state", ""), None, None
    try:
        attempt = attempts.recall(state, request)
        if attempt.provider_id != provider_id:
            raise AttemptUnknown
        with entered(_open_tenant(attempt.tenant_id)):
            provider = queries.usable(provider_id)
            admitted = _done(attempt, relying_party.identity(provider, attempt, request.GET.dict()))
        response = _onward(request, attempt, admitted) if admitted else redirect(SECURITY)
    except DomainError as error:
        _logger.warning("a federated sign-in was refused", code=error.code, reason=str(error))
        _tell(request, error, attempt, provider)
        response = _failure(request, error, attempt)
    attempts.forget(state, response)
    return response


def _done(attempt: Attempt, identity: Identity) -> commands.Admitted | None:
    """Who may come in; None where an identity was linked instead."""
    if attempt.linking is None:
        return commands.admit(provider_id=attempt.provider_id, identity=identity, now=timezone.now())
    actor = Actor(kind="user", id=attempt.linking, name=users.user(attempt.linking).name)
    commands.link_identity(provider_id=attempt.provider_id, user_id=attempt.linking, identity=identity, actor=actor)
    return None


def _onward(request: HttpRequest, attempt: Attempt, admitted: commands.Admitted) -> HttpResponse:
    """Signed in, or asked for the second factor that the person has here."""
    user, target = admitted.user, attempt.onward
    if target.startswith(provider_pages.ADMIN):
        raise KeptOut(provider_pages.NOT_STAFF)
    second_step.forget(request)
    if second_step.is_needed(user) and "mfa" not in admitted.amr:
        second_step.begin(request, user, amr=admitted.amr, within=attempt.tenant_id)
        return redirect(f"{reverse(second_step.PAGE)}?{urlencode({'next': target})}")
    return signing_in.complete(
        request,
        user,
        amr=admitted.amr,
        onward=lambda asked: provider_pages.onward_to(asked, target),
        within=attempt.tenant_id,
        identity_provider=str(attempt.provider_id),
    )


def _open_tenant(tenant_id: UUID) -> UUID:
    """Raises IdentityProviderNotFound for a company in which nobody can sign in."""
    company = tenants.tenants([tenant_id]).get(tenant_id)
    if company is None or not company.is_active:
        raise IdentityProviderNotFound
    return tenant_id


def _asks_again(target: str) -> bool:
    """True if the client wants the person to prove anew who they are: then a session at the provider is not enough."""
    try:
        return stepping_up.demanded(QueryDict(urlsplit(target).query)).asks_again
    except (OAuth2Error, ValueError):
        return False


def _tell(request: HttpRequest, error: DomainError, attempt: Attempt | None, provider: IdentityProvider | None) -> None:
    """Record a refusal in the company's log; of one address only so many, since anybody can send such answers."""
    if attempt is None or provider is None or _too_many(request):
        return
    subject_id = attempt.linking or provider.id
    audit.record_security_event(
        Kind.FEDERATED_SIGN_IN_REFUSED,
        subject_id=subject_id,
        outcome=Outcome.DENIED,
        tenant_id=attempt.tenant_id,
        reason=str(error),
        details={"code": error.code, "name": provider.name},
    )


def _too_many(request: HttpRequest) -> bool:
    address = throttle.network(str(request.META.get("REMOTE_ADDR", "")))
    usage = get_usage(
        request,
        group="identity_providers.refusals",
        key=lambda _group, _request: address,
        rate=settings.GATEWAY_REFUSALS_RECORDED,
        increment=True,
    )
    return bool(usage and usage["should_limit"])


def _failure(request: HttpRequest, error: DomainError, attempt: Attempt | None) -> HttpResponse:
    """Nothing of what the provider sent is shown."""
    if attempt is None:
        again = reverse("oidc:sign-in")
    elif attempt.linking:
        again = SECURITY
    else:
        again = f"{reverse('oidc:sign-in')}?{urlencode({'next': attempt.onward})}"
    status = problem_of(error).status
    shown = 400 if status in (401, 409, 422) else status
    return error_page(request, status=shown, code=error.code, detail=f"{error}.", retry_url=again)
