"""The provider's own pages: sign-in, and the choice of a tenant."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit
from uuid import UUID

from django import forms
from django.conf import settings
from django.contrib.auth import authenticate
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.generic import View

from apps.iam.authenticators import second_step, webauthn
from apps.iam.identity_providers import offers
from apps.iam.oidc import entering, queries, sessions, signing_in, stepping_up, throttle

AUTHORIZE = "/oidc/authorize"
DEVICE = "/oidc/device"
ADMIN = "/admin/"
START = "/auth/login"  # the gateway's: begins a sign-in there

_WRONG = "The email address and the password do not belong together."
NOT_STAFF = "This account does not belong to the platform's staff."
_TOO_MANY = "Too many attempts. Wait a few minutes, then try again."


class SignInForm(forms.Form):
    """Shape only: whether the two belong together is for the authentication backend to say."""

    email = forms.EmailField(
        label="Email address",
        max_length=254,
        widget=forms.EmailInput(attrs={"autocomplete": "username webauthn", "autofocus": True}),
    )
    password = forms.CharField(
        max_length=1024, strip=False, widget=forms.PasswordInput(attrs={"autocomplete": "current-password"})
    )


@method_decorator(never_cache, name="dispatch")
@method_decorator(sensitive_post_parameters("password"), name="dispatch")
class SignInPage(View):
    """GET and POST /sign-in/."""

    http_method_names = ["get", "head", "post"]

    def get(self, request: HttpRequest) -> HttpResponse:
        lacking = stepping_up.needs(request, next_of(request))
        if lacking and lacking.acr and not lacking.fresh and settings.STEP_UP_PAGE:
            return onward(request)
        return _sign_in_page(request, SignInForm())

    def post(self, request: HttpRequest) -> HttpResponse:
        form = SignInForm(request.POST)
        if not form.is_valid():
            return _sign_in_page(request, form, status=422)
        email = form.cleaned_data["email"]
        attempt = throttle.begin(request, email)
        if attempt.wait_s:
            return _refused(request, form, _TOO_MANY, status=429, headers={"Retry-After": str(attempt.wait_s)})
        user = authenticate(request, username=email, password=form.cleaned_data["password"])
        if user is None:
            signing_in.failed(request, email=email, reason="password", attempt=attempt)
            return _refused(request, form, _WRONG, status=422)
        throttle.withdraw(attempt)
        if not may_go_on(request, user):
            signing_in.refused(user, reason="not staff")
            return _refused(request, form, NOT_STAFF, status=403)
        if second_step.is_needed(user):
            second_step.begin(request, user)
            return redirect(f"{reverse(second_step.PAGE)}?{urlencode({'next': next_of(request)})}")
        return second_step.finish(request, user, amr=("pwd",), onward=onward)


@method_decorator(never_cache, name="dispatch")
class TenantPage(View):
    """GET and POST /sign-in/tenant/: in which of their tenants somebody wants to work."""

    http_method_names = ["get", "head", "post"]

    def get(self, request: HttpRequest) -> HttpResponse:
        if not request.user.is_authenticated:
            return _to_sign_in(request)
        context = {"tenants": entering.choices_of(request), "next": next_of(request)}
        return render(request, "oidc/choose_tenant.html", context)

    def post(self, request: HttpRequest) -> HttpResponse:
        if not request.user.is_authenticated:
            return _to_sign_in(request)
        chosen = _uuid(request.POST.get("tenant", ""))
        if chosen not in {choice.id for choice in entering.choices_of(request)}:
            return self.get(request)
        sessions.choose_tenant(request, chosen)
        return redirect(next_of(request))


class AdminSignIn(View):
    """/admin/login/: the same page as everybody's, for platform staff."""

    http_method_names = ["get", "head"]

    def get(self, request: HttpRequest) -> HttpResponse:
        return redirect(f"{reverse('oidc:sign-in')}?{urlencode({'next': _staff_page(request)})}")


def _staff_page(request: HttpRequest) -> str:
    wanted = request.GET.get("next", "")
    return wanted if _is_ours(wanted) and wanted.startswith(ADMIN) else ADMIN


def onward(request: HttpRequest) -> HttpResponse:
    """Where somebody goes who has just signed in: for a second factor if one is asked for, else where they wanted."""
    return onward_to(request, next_of(request))


def onward_to(request: HttpRequest, target: str) -> HttpResponse:
    """As `onward`, for a target that `next_of` gave before."""
    lacking = stepping_up.needs(request, target)
    if lacking and lacking.acr and settings.STEP_UP_PAGE:
        return redirect(f"{reverse(settings.STEP_UP_PAGE)}?{urlencode({'next': target})}")
    return redirect(target)


def next_of(request: HttpRequest) -> str:
    """Where to go on: only an authorization request that is under way, a device that waits, or the admin."""
    wanted = request.POST.get("next") or request.GET.get("next") or ""
    path = urlsplit(wanted).path if _is_ours(wanted) else ""
    return wanted if path in (AUTHORIZE, DEVICE) or path.startswith(ADMIN) else START


def _is_ours(url: str) -> bool:
    return url.startswith("/") and url_has_allowed_host_and_scheme(url, allowed_hosts=None)


def _sign_in_page(request: HttpRequest, form: SignInForm, *, error: str = "", **kwargs: Any) -> HttpResponse:
    target = next_of(request)
    context = {
        "form": form,
        "next": target,
        "client_name": _client_name(target),
        "passkeys_available": webauthn.is_available(),
        "offers": offers.for_request(target),
        "error": error,
        "offers_at_once": not error,  # nobody is offered again, unasked, the passkey that was just refused
    }
    return render(request, "oidc/sign_in.html", context, **kwargs)


def refused_passkey(request: HttpRequest, message: str, *, status: int) -> HttpResponse:
    """The sign-in page, saying why a passkey was not taken."""
    return _sign_in_page(request, SignInForm(), status=status, error=message)


def may_go_on(request: HttpRequest, user: Any) -> bool:
    """False for somebody who wants to go where only the platform's staff may."""
    return not next_of(request).startswith(ADMIN) or bool(user.is_staff)


def _refused(
    request: HttpRequest, form: SignInForm, message: str, *, status: int, headers: dict[str, str] | None = None
) -> HttpResponse:
    form.add_error(None, message)
    response = _sign_in_page(request, form, status=status)
    for name, value in (headers or {}).items():
        response[name] = value
    return response


def _client_name(target: str) -> str:
    """The name of the program that asks, unless it is our own."""
    client_id = parse_qs(urlsplit(target).query).get("client_id", [""])[0].replace("\x00", "")
    return queries.name_of_client(client_id)


def _to_sign_in(request: HttpRequest) -> HttpResponse:
    return redirect(f"{reverse('oidc:sign-in')}?{urlencode({'next': next_of(request)})}")


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
