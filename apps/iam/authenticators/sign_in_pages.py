"""The provider's pages for second factors: signing in with a passkey, the second step, setting one up on the way in.

They are at home in the provider's session (`/sign-in/…`), before anybody is in a tenant.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.generic import View

from apps.core.api.problems import problem_of, problem_response
from apps.core.errors import DomainError
from apps.core.tenancy import tenant
from apps.iam.authenticators import commands, queries, second_step, throttle, totp, webauthn
from apps.iam.authenticators.commands import Assertion
from apps.iam.authenticators.errors import PasskeyRefused
from apps.iam.authenticators.forms import CodeForm, NameForm, PasskeyAnswer, RecoveryForm
from apps.iam.authenticators.models import Kind
from apps.iam.oidc import pages as provider_pages
from apps.iam.oidc import sessions, signing_in, stepping_up

_TOO_MANY = "Too many attempts. Wait a while, then sign in again."
_BY_PASSKEY, _BY_CODE = ("hwk", "user"), ("otp",)


class _Page(View):
    http_method_names = ["get", "head", "post"]

    @method_decorator(never_cache)
    @method_decorator(sensitive_post_parameters())
    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        return super().dispatch(request, *args, **kwargs)

    @property
    def next_url(self) -> str:
        return provider_pages.next_of(self.request)


class PasskeyOptions(_Page):
    """POST /sign-in/passkey/options: options for using a passkey; for anybody, or for whose second step it is."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest) -> HttpResponse:
        person = second_step.person_at(request) if request.GET.get("step") == "second" else None
        place = second_step.place_of(request) or second_step.new_place()
        try:
            ceremony = commands.begin_passkey_sign_in(place=place, user_id=person.pk if person else None)
        except DomainError as error:
            return problem_response(request, problem_of(error))
        return _ceremony(ceremony, place)


class PasskeySignIn(_Page):
    """POST /sign-in/passkey/: sign in with a passkey and nothing else."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest) -> HttpResponse:
        try:
            passkey = commands.check_passkey(assertion=_assertion(request), now=timezone.now())
            if not passkey.user.is_active or passkey.user.is_deleted:
                signing_in.refused(passkey.user, reason="may not sign in")
                raise PasskeyRefused
        except DomainError as error:
            return provider_pages.refused_passkey(request, str(error), status=422)
        if not provider_pages.may_go_on(request, passkey.user):
            signing_in.refused(passkey.user, reason="not staff")
            return provider_pages.refused_passkey(request, provider_pages.NOT_STAFF, status=403)
        return second_step.finish(request, passkey.user, amr=_BY_PASSKEY, onward=provider_pages.onward)


class SecondStep(_Page):
    """GET, POST /sign-in/second-step/: the factor after the password, or one more for somebody who is signed in."""

    def get(self, request: HttpRequest) -> HttpResponse:
        person = second_step.person_at(request)
        if person is None or self._must_be_fresh():
            return self._from_the_start()
        if not queries.kinds_of(person.pk):
            return redirect(_with_next("authenticators:enrol", self.next_url))
        return self._form(person)

    def post(self, request: HttpRequest) -> HttpResponse:
        person = second_step.person_at(request)
        if person is None or self._must_be_fresh():
            return self._from_the_start()
        guesses = throttle.guesses_of(person.pk)
        wait_s = guesses.take()
        if wait_s:
            second_step.forget(request)
            response = self._form(person, error=_TOO_MANY, status=429)
            response["Retry-After"] = str(wait_s)
            return response
        factor = request.POST.get("factor", "")
        try:
            amr = self._given(factor, person)
        except DomainError as error:
            is_told = isinstance(error, PasskeyRefused) and error.is_recorded
            signing_in.failed(request, email=person.email, reason="second factor", record=not is_told)
            return self._form(person, factor=factor, error=str(error), status=422)
        guesses.give_back()
        return second_step.finish(request, person, amr=amr, onward=provider_pages.onward)

    def _must_be_fresh(self) -> bool:
        """True for somebody who is signed in, but must prove anew who they are: from the first factor on."""
        if second_step.pending(self.request):
            return False
        lacking = stepping_up.needs(self.request, self.next_url)
        return lacking is not None and lacking.fresh

    def _given(self, factor: str, person: Any) -> tuple[str, ...]:
        """The methods by which the person has proved it. Raises WrongCode, PasskeyRefused, ChallengeUnknown."""
        now = timezone.now()
        if factor == "passkey":
            commands.check_passkey(assertion=_assertion(self.request), now=now, user_id=person.pk)
            return _BY_PASSKEY
        if factor == "recovery":
            code = self.request.POST.get("recovery_code", "")[:100]
            commands.use_recovery_code(user_id=person.pk, code=code, actor=second_step.actor(person), now=now)
            return _BY_CODE
        commands.check_totp(user_id=person.pk, code=self.request.POST.get("code", "")[:100], now=now)
        return _BY_CODE

    def _form(self, person: Any, *, factor: str = "", error: str = "", status: int = 200) -> HttpResponse:
        held, allowed = queries.held_by(person.pk), self._allowed()
        context = {
            "person": person,
            "next": self.next_url,
            "has_passkey": bool(held.passkeys) and webauthn.is_available() and Kind.PASSKEY in allowed,
            "form": CodeForm() if held.totp and Kind.TOTP in allowed else None,
            "recovery_form": RecoveryForm() if held.codes_left and Kind.TOTP in allowed else None,
            "recovery_open": factor == "recovery",
            "error": error,
        }
        return render(self.request, "authenticators/second_step.html", context, status=status)

    def _allowed(self) -> frozenset[str]:
        """Which kinds help: after the first factor all, in a session those that its tenant takes."""
        asked = None if second_step.pending(self.request) else _asked_of(self.request)
        return asked.methods if asked and asked.is_required else frozenset(Kind.values)

    def _from_the_start(self) -> HttpResponse:
        return redirect(_with_next("oidc:sign-in", self.next_url))


class Enrol(_Page):
    """GET, POST /sign-in/enrol/: set up a second factor before the company lets one in, or say "later"."""

    def get(self, request: HttpRequest) -> HttpResponse:
        return self._refusal() or self._form()

    def post(self, request: HttpRequest) -> HttpResponse:
        if refusal := self._refusal():
            return refusal
        action = request.POST.get("action", "")
        if action == "later":
            second_step.postpone(request)
            return redirect(self.next_url)
        try:
            return self._done(action)
        except DomainError as error:
            return self._form(error=str(error), status=422)

    def _refusal(self) -> HttpResponse | None:
        """Only somebody who has just signed in, with any factor they have, may add one."""
        if not self.request.user.is_authenticated:
            return redirect(_with_next("oidc:sign-in", self.next_url))
        if second_step.may_enrol(self.request, now=timezone.now()):
            return None
        signed_in_weakly = second_step.is_needed(self.request.user)
        return redirect(_with_next("authenticators:second-step" if signed_in_weakly else "oidc:sign-in", self.next_url))

    def _done(self, action: str) -> HttpResponse:
        request, now = self.request, timezone.now()
        user, actor = request.user, second_step.actor(request.user)
        if action == "begin-totp":
            new = commands.begin_totp(user_id=user.pk, actor=actor)
            return redirect(_with_next("authenticators:enrol", self.next_url, app=str(new.authenticator.id)))
        if action == "confirm-totp":
            commands.confirm_totp(
                user_id=user.pk,
                authenticator_id=self._app(),
                code=request.POST.get("code", "")[:100],
                actor=actor,
                now=now,
            )
            amr: tuple[str, ...] = _BY_CODE
        else:
            given = _answer(request)
            commands.add_passkey(
                user_id=user.pk,
                answer=given["credential"],
                state=given["state"],
                place=f"{user.pk}|{second_step.place_of(request)}",
                name=request.POST.get("name", ""),
                actor=actor,
                now=now,
            )
            amr = _BY_PASSKEY
        codes = commands.first_recovery_codes(user_id=user.pk, actor=actor, now=now)
        return second_step.finish(request, user, amr=amr, onward=lambda _request: self._enrolled(codes))

    def _enrolled(self, codes: list[str] | None) -> HttpResponse:
        if not codes:
            return redirect(self.next_url)
        return render(self.request, "authenticators/enrolled.html", {"codes": codes, "next": self.next_url})

    def _form(self, *, error: str = "", status: int = 200) -> HttpResponse:
        request = self.request
        asked = _asked_of(request)
        context: dict[str, Any] = {
            "next": self.next_url,
            "error": error,
            "may_postpone": bool(asked and asked.is_required and not asked.is_due(timezone.now())),
            "deadline": asked.deadline if asked else None,
            "offers_app": asked is None or Kind.TOTP in asked.methods,
            "offers_passkey": webauthn.is_available() and (asked is None or Kind.PASSKEY in asked.methods),
            "name_form": NameForm(initial={"name": "This device"}),
            "new": None,
        }
        if app := self._app():
            context["new"] = new = commands.new_totp(user_id=request.user.pk, authenticator_id=app)
            context["qr"], context["form"] = totp.qr_data_url(new.uri), CodeForm()
        return render(request, "authenticators/enrol.html", context, status=status)

    def _app(self) -> Any:
        try:
            return UUID(self.request.POST.get("app") or self.request.GET.get("app") or "")
        except ValueError:
            return None


class EnrolOptions(_Page):
    """POST /sign-in/enrol/options: options for making a passkey."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest) -> HttpResponse:
        if not request.user.is_authenticated or not second_step.may_enrol(request, now=timezone.now()):
            return JsonResponse({}, status=403)
        place = second_step.place_of(request) or second_step.new_place()
        try:
            ceremony = commands.begin_passkey(
                user_id=request.user.pk, actor=second_step.actor(request.user), place=f"{request.user.pk}|{place}"
            )
        except DomainError as error:
            return problem_response(request, problem_of(error))
        return _ceremony(ceremony, place)


def _ceremony(ceremony: commands.Ceremony, place: str) -> HttpResponse:
    response = JsonResponse({"options": ceremony.options, "state": ceremony.state})
    second_step.keep_place(response, place)
    return response


def _asked_of(request: HttpRequest) -> queries.Requirement | None:
    """What the tenant of this session asks; None before one is chosen."""
    tenant_id = sessions.tenant_of(request) if request.user.is_authenticated else None
    if tenant_id is None:
        return None
    with tenant(tenant_id):
        return queries.requirement_of(request.user.pk)


def _assertion(request: HttpRequest) -> Assertion:
    given = _answer(request)
    return Assertion(given["credential"], given["state"], second_step.place_of(request))


def _answer(request: HttpRequest) -> dict[str, Any]:
    form = PasskeyAnswer(request.POST)
    if not form.is_valid():
        raise PasskeyRefused
    return dict(form.cleaned_data)


def _with_next(name: str, target: str, **more: str) -> str:
    return f"{reverse(name)}?{urlencode({'next': target, **more})}"
