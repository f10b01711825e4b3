"""The page where a person lets a device in (RFC 8628 §3.3): the code that it shows, who asks for what, yes or no.

The address that holds the code already only fills it in: whoever follows a link from somebody else still sees which
code it is, and is asked whether it is the one on their own device (§5.4).
"""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django import forms
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache
from django.views.generic import View

from apps.core.events import unit_of_work
from apps.core.tenancy import PLATFORM
from apps.iam.oidc import consenting, device_codes, entering, sessions
from apps.iam.oidc.allowance import Allowance
from apps.iam.oidc.consenting import Verdict
from apps.iam.oidc.error_page import error_page
from apps.iam.oidc.errors import DeviceCodeUnknown, NoMembership
from apps.iam.oidc.models import DeviceAuthorization
from apps.iam.oidc.throttle import network
from apps.iam.tenants import queries as tenants

_UNKNOWN = "There is no device waiting with this code. Look at it again; it may have run out, then start over there."
_TOO_MANY = "Too many wrong codes. Wait a few minutes, then try again."
_RATE = "10/5m"  # wrong codes of one person, and from one address


class UserCodeForm(forms.Form):
    """Shape only."""

    user_code = forms.CharField(
        label="Code on your device",
        max_length=20,
        widget=forms.TextInput(
            attrs={"autocomplete": "off", "autocapitalize": "characters", "spellcheck": "false", "autofocus": True}
        ),
    )


@method_decorator(never_cache, name="dispatch")
class DevicePage(View):
    """GET and POST /oidc/device."""

    http_method_names = ["get", "head", "post"]

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        if not request.user.is_authenticated:
            return _by_way_of("oidc:sign-in", request)
        return super().dispatch(request, *args, **kwargs)

    def get(self, request: HttpRequest) -> HttpResponse:
        code = request.GET.get("user_code", "")
        initial = {"user_code": device_codes.shown(code)} if code else {}
        return render(request, "oidc/device.html", {"form": UserCodeForm(initial=initial)})

    def post(self, request: HttpRequest) -> HttpResponse:
        form = UserCodeForm(request.POST)
        if not form.is_valid():
            return render(request, "oidc/device.html", {"form": form}, status=422)
        guesses = _taken(request)
        if guesses is None:
            return _refused(request, form, _TOO_MANY, status=429)
        try:
            found = device_codes.waiting(form.cleaned_data["user_code"], now=timezone.now())
            _give_back(guesses)
            return self._about(request, found, form.cleaned_data["user_code"])
        except DeviceCodeUnknown:
            return _refused(request, form, _UNKNOWN, status=422)
        except NoMembership as error:
            return error_page(request, status=403, code=error.code, detail=f"{error}.", retry_url=request.path)

    def _about(self, request: HttpRequest, found: DeviceAuthorization, user_code: str) -> HttpResponse:
        """Ask, or do what was answered. Raises DeviceCodeUnknown, NoMembership."""
        client, scopes = found.application, found.scope.split()
        tenant_id = entering.tenant_of(request, owner=client.tenant_id)
        if tenant_id is None:
            return _by_way_of("oidc:tenant", request, user_code)
        if owed := entering.owed(request, tenant_id=tenant_id):
            return _by_way_of(owed, request, user_code)
        who: Any = request.user
        verdict = consenting.standing(client, user_id=who.pk, tenant_id=tenant_id, scopes=scopes)
        if verdict is Verdict.NOT_APPROVED:
            return consenting.not_approved(request, client, back=request.path)
        if request.POST.get("decision") not in ("allow", "refuse"):
            return _ask(request, found, user_code, tenant_id)
        allow = request.POST["decision"] == "allow"
        with unit_of_work(DeviceAuthorization):
            consenting.answered(request, client, tenant_id=tenant_id, scopes=scopes, allow=allow)
            device_codes.decide(
                authorization_id=found.id,
                user=who,
                found=entering.sign_in_of(request, tenant_id=tenant_id, acr=sessions.acr_of(request)),
                allow=allow,
                now=timezone.now(),
            )
        return render(request, "oidc/device_decided.html", {"client": client, "allowed": allow})


def _ask(request: HttpRequest, found: DeviceAuthorization, user_code: str, tenant_id: UUID) -> HttpResponse:
    scopes = settings.OAUTH2_PROVIDER["SCOPES"]
    context = {
        "client": found.application,
        "user_code": device_codes.shown(user_code),
        "scopes": [scopes[scope] for scope in found.scope.split()],
        "tenant_name": "the platform" if tenant_id == PLATFORM else tenants.tenant_by_id(tenant_id).name,
        "person": request.user,
    }
    return render(request, "oidc/device_confirm.html", context)


def _refused(request: HttpRequest, form: UserCodeForm, message: str, *, status: int) -> HttpResponse:
    form.add_error("user_code", message)
    return render(request, "oidc/device.html", {"form": form}, status=status)


def _by_way_of(page: str, request: HttpRequest, user_code: str = "") -> HttpResponse:
    """To another page first, and back here with the code filled in."""
    code = user_code or request.GET.get("user_code") or request.POST.get("user_code") or ""
    target = f"{request.path}?{urlencode({'user_code': code})}" if code else request.path
    return redirect(f"{reverse(page)}?{urlencode({'next': target})}")


def _taken(request: HttpRequest) -> list[Allowance] | None:
    """A guess of this person's and one of their address's, before anybody looks for the code; None: there is none."""
    address = network(str(request.META.get("REMOTE_ADDR", "")))
    taken: list[Allowance] = []
    for name in (f"device.person.{request.user.pk}", f"device.address.{address}"):
        guesses = Allowance(name, _RATE)
        if guesses.take():
            _give_back(taken)
            return None
        taken.append(guesses)
    return taken


def _give_back(guesses: list[Allowance]) -> None:
    for one in guesses:
        one.give_back()
