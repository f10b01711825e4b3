"""The gateway's side of signing in and out: mozilla-django-oidc's views with PKCE, parallel tabs and hidden tokens."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode, urlsplit

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.middleware.csrf import get_token, rotate_token
from django.shortcuts import redirect, render
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache
from django.views.generic import View
from mozilla_django_oidc.utils import generate_code_challenge
from mozilla_django_oidc.views import (
    OIDCAuthenticationCallbackView,
    OIDCAuthenticationRequestView,
    OIDCLogoutView,
)

from apps.core.api.problems import problem_of
from apps.core.auth import NotWhileImpersonating
from apps.core.errors import DomainError
from apps.core.observability import get_logger, trace_id
from apps.gateway.bff import attempts, idle, provider, refusals, sessions, stepping_up
from apps.gateway.bff.attempts import Attempt
from apps.gateway.bff.errors import AttemptUnknown, SignInFailed
from apps.gateway.bff.refusals import tell_of_switch
from apps.gateway.bff.relying_party import RelyingParty
from apps.gateway.bff.returning import HOME, safe_path
from apps.gateway.bff.vault import Tokens

SIGNED_OUT = "/auth/signed-out"
_ERROR_CODE = re.compile(r"[a-z_]{1,40}")
_SLUG = re.compile(r"[a-z0-9-]{1,63}")
_logger = get_logger("gateway.bff")


@method_decorator(never_cache, name="dispatch")
class Login(OIDCAuthenticationRequestView):
    """GET /auth/login?next=: sends the browser to the identity provider. `acr_values` and `max_age` ask for a sign-in
    of that strength and age (RFC 9470 §4), also of somebody who is signed in.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        View.__init__(self, *args, **kwargs)

    def get(self, request: HttpRequest) -> HttpResponse:
        return_to = safe_path(request.GET.get("next", ""))
        own = urlsplit(settings.OIDC_RP_BASE_URL)
        if request.get_host() != own.netloc:
            # The provider answers to the registered address, and cookies belong to one host: begin again there.
            asked = {name: request.GET[name] for name in stepping_up.PARAMETERS if name in request.GET}
            return redirect(f"{settings.OIDC_RP_BASE_URL}/auth/login?{urlencode({**asked, 'next': return_to})}")
        wishes = stepping_up.asked_in(request)
        tenant = self._tenant_to_stay_in(request, wishes)
        if wishes["max_age_s"] is None:
            # Else whoever left this browser alone would come back without a word, by the provider's own session.
            wishes["max_age_s"] = settings.SESSION_IDLE_S or None
        return to_provider(request, attempts.begin(return_to, **wishes, tenant=tenant))

    @staticmethod
    def _tenant_to_stay_in(request: HttpRequest, wishes: dict[str, Any]) -> str:
        """Who confirms that it is them goes on where they were. Whoever signs in is asked where, or was."""
        steps_up = wishes["acr_values"] or wishes["max_age_s"] is not None
        tokens = sessions.own_tokens_of(request) if steps_up else None
        return tokens.tenant if tokens else ""


def to_provider(request: HttpRequest, attempt: Attempt) -> HttpResponse:
    """Send the browser to the provider with an authorization request of this attempt."""
    parameters = {
        "response_type": "code",
        "client_id": settings.OIDC_RP_CLIENT_ID,
        "redirect_uri": RelyingParty().redirect_uri,
        "scope": settings.OIDC_RP_SCOPES,
        "state": attempt.state,
        "nonce": attempt.nonce,
        "code_challenge": generate_code_challenge(attempt.code_verifier, "S256"),
        "code_challenge_method": "S256",
        **stepping_up.parameters(attempt),
        **({"tenant": attempt.tenant} if attempt.tenant else {}),
    }
    response = redirect(f"{settings.OIDC_OP_AUTHORIZATION_ENDPOINT}?{urlencode(parameters)}")
    attempts.remember(attempt, request, response)
    return response


@method_decorator(never_cache, name="dispatch")
class Callback(OIDCAuthenticationCallbackView):
    """GET /auth/callback: the provider's answer. Ends with the browser signed in, on the page it wanted."""

    def get(self, request: HttpRequest) -> HttpResponse:
        state = request.GET.get("state", "")
        try:
            response: HttpResponse = redirect(self._signed_in(request, state))
        except AttemptUnknown as error:
            # A callback loaded twice is no reason to worry somebody who is signed in.
            response = redirect(HOME) if sessions.tokens_of(request) else _refused(request, error)
        except DomainError as error:
            _logger.warning("sign-in failed", code=error.code, reason=str(error))
            response = _refused(request, error)
        attempts.forget(state, response)
        return response

    @staticmethod
    def _signed_in(request: HttpRequest, state: str) -> str:
        """The path to go on at."""
        attempt = attempts.recall(state, request)
        code = _code_in(request)
        tokens = RelyingParty().redeem(code, attempt, ends_at=sessions.absolute_end())
        former = sessions.end(request)
        sessions.start(request, tokens)
        rotate_token(request)
        for before in former:
            _revoke(before)
        tell_of_switch(attempt, tokens)
        if attempt.again:
            messages.info(request, "Thank you for confirming that it is you. Nothing was changed yet: send it again.")
        return attempt.return_to


@method_decorator(never_cache, name="dispatch")
class Logout(OIDCLogoutView):
    """POST /auth/logout: ends the session here and at the provider, then lands on the page that says so.

    The ID token would be the provider's hint of whose session to end; it goes by the back channel instead of the
    browser's address bar, so no token is in any URL.
    """

    http_method_names = ["post"]

    def post(self, request: HttpRequest) -> HttpResponse:
        held = sessions.end(request)
        rotate_token(request)
        if held:
            _end_at_provider(held[0])
        query = {
            "client_id": settings.OIDC_RP_CLIENT_ID,
            "post_logout_redirect_uri": f"{settings.OIDC_RP_BASE_URL}{SIGNED_OUT}",
        }
        response = redirect(f"{settings.OIDC_OP_LOGOUT_ENDPOINT}?{urlencode(query)}")
        response.status_code = 303
        return response


@method_decorator(never_cache, name="dispatch")
class Session(View):
    """GET /auth/session: who is signed in, and until when, for scripts of a page. Never a token. To ask puts off no
    end.
    """

    http_method_names = ["get", "head"]

    def get(self, request: HttpRequest) -> HttpResponse:
        tokens = sessions.tokens_of(request)
        facts = {"signedIn": tokens is not None, "csrfToken": get_token(request)}
        return JsonResponse(facts | (_described(tokens, sessions.vault_of(request)) if tokens else {}))


@method_decorator(never_cache, name="dispatch")
class SignedOut(View):
    """GET /auth/signed-out: where signing out ends."""

    http_method_names = ["get", "head"]

    def get(self, request: HttpRequest) -> HttpResponse:
        return render(request, "oidc/signed_out.html", {"sign_in_url": HOME})


def _code_in(request: HttpRequest) -> str:
    """The code of a well-formed answer of our provider. Raises SignInFailed."""
    issuer = request.GET.get("iss")
    if issuer != settings.OIDC_RP_ISSUER and (issuer is not None or settings.OIDC_RP_REQUIRE_ISS):
        raise SignInFailed("the answer came from another identity provider")
    if error := request.GET.get("error"):
        shown = error if _ERROR_CODE.fullmatch(error) else "unknown error"
        raise SignInFailed(f"the identity provider answered: {shown}")
    code = request.GET.get("code")
    if not code:
        raise SignInFailed("the identity provider sent no code")
    return code


def _end_at_provider(tokens: Tokens) -> None:
    """As far as the provider can be reached: the browser is signed out here either way."""
    try:
        if not provider.end_session(tokens.id_token):
            _revoke(tokens)  # elsewhere the session ends when the browser comes there; its tokens must not outlive this
    except DomainError as error:
        _revoke(tokens)
        _logger.warning("the provider's session could not be ended", reason=str(error), sid=tokens.sid)
        # Where it could be ended, the provider has recorded that somebody signed out.
        refusals.tell_of_half_a_sign_out(tokens, reason=str(error))


def _revoke(tokens: Tokens) -> None:
    if not tokens.refresh_token:
        return
    try:
        provider.revoke(tokens.refresh_token)
    except DomainError as error:
        _logger.warning("a refresh token could not be revoked", reason=str(error), sid=tokens.sid)


def _described(tokens: Tokens, vault_id: str) -> dict[str, Any]:
    idle_end = idle.end_of(vault_id)
    return {
        "subject": tokens.subject,
        "name": tokens.name,
        "email": tokens.email,
        "tenant": tokens.tenant,
        "expiresAt": _moment(tokens.ends_at),
        "idleEndsAt": _moment(idle_end) if idle_end else None,
    }


def _moment(at: float) -> str:
    return datetime.fromtimestamp(at, tz=UTC).isoformat()


def _refused(request: HttpRequest, error: DomainError) -> HttpResponse:
    refusals.tell_of_failed_sign_in(request, error)
    return _failure(request, error)


def _failure(request: HttpRequest, error: DomainError) -> HttpResponse:
    """400 for an answer that makes no sense, 503 for a provider that is away; nothing of what was sent is shown."""
    status = max(problem_of(error).status, 400)
    context = {"code": error.code, "detail": f"{error}.", "trace_id": trace_id(), "retry_url": "/auth/login"}
    return render(request, "auth/error.html", context, status=400 if status in (401, 422) else status)


@method_decorator(never_cache, name="dispatch")
class Tenant(View):
    """POST /auth/tenant: go on working in another tenant (`tenant`, its slug), at `next`.

    By an authorization request of its own, since the tenant is part of every token: those of before are revoked. A
    form, not a link: another site must not be able to change where somebody works.
    """

    http_method_names = ["post"]

    def post(self, request: HttpRequest) -> HttpResponse:
        own = sessions.own_tokens_of(request)
        if own is None:
            return redirect("/auth/login")
        if sessions.is_acting(request):
            messages.error(request, f"{NotWhileImpersonating()}.")
            return redirect(HOME)
        wanted, return_to = request.POST.get("tenant", ""), safe_path(request.POST.get("next", ""))
        if not _SLUG.fullmatch(wanted):
            messages.error(request, "There is no such company.")
            return redirect(HOME)
        response = to_provider(request, attempts.begin(return_to, tenant=wanted, switched_from=own.tenant))
        response.status_code = 303
        return response
