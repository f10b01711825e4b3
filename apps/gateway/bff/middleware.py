"""Two sessions on one host, and the way from a browser's cookie to the access token it stands for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.contrib.sessions.backends.base import SessionBase, UpdateError
from django.contrib.sessions.middleware import SessionMiddleware as DjangoSessionMiddleware
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.utils.cache import patch_vary_headers

from apps.core.api import cookies
from apps.core.api.problems import problem_of, problem_response
from apps.core.auth.middleware import origin_of
from apps.core.errors import DomainError, Unavailable
from apps.core.history import coming_from
from apps.gateway.bff import idle, sessions
from apps.gateway.bff.refreshing import fresh_tokens

# Where the identity provider and the platform staff's admin are at home: they have the provider's session.
PROVIDER_PATHS = ("/oidc/", "/sign-in/", "/admin/", "/.well-known/")
# No tokens are needed there, so none are read or refreshed.
_WITHOUT_TOKENS = (*PROVIDER_PATHS, "/auth/", "/static/", "/livez", "/readyz", "/startupz", "/metrics")


class SessionMiddleware(DjangoSessionMiddleware):
    """`request.session` is the provider's session on its paths and the gateway's everywhere else.

    A caller with a token or API key of their own has no session: cookies that come along are ignored and none is set.
    """

    def process_request(self, request: Any) -> None:
        request.session_cookie = _cookie_for(request)
        store: Callable[[str | None], SessionBase] = (
            self.SessionStore if _is_provider(request) else sessions.SessionStore
        )
        request.session = store(request.COOKIES.get(request.session_cookie) if request.session_cookie else None)

    def process_response(self, request: Any, response: Any) -> Any:
        """Save what was changed and set the cookie; take the cookie of a session that is gone."""
        name, session = getattr(request, "session_cookie", ""), getattr(request, "session", None)
        if not name or session is None:
            return response
        if session.accessed:
            patch_vary_headers(response, ("Cookie",))
        if session.is_empty():
            if name in request.COOKIES:
                cookies.forget(response, name)
        elif session.modified and response.status_code < 500:
            try:
                _save(session, name, response)
            except Unavailable as error:
                return _unavailable(request, error)
        return response


class TokenRelayMiddleware:
    """Puts the access token of a browser's session where the services look for one: in the Authorization header."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: Any) -> HttpResponseBase:
        request.via_cookie = False
        if not _relays(request):
            return self.get_response(request)
        try:
            self._relay(request)
        except DomainError as error:
            return _unavailable(request, error)
        return self.get_response(request)

    @staticmethod
    def _relay(request: Any) -> None:
        vault_id = sessions.vault_of(request)
        with coming_from(origin_of(request)):  # the principal, and so the origin of all else, is not known yet
            idle.note(request, sessions.vaults_of(request))
            tokens = fresh_tokens(vault_id) if vault_id else None
        if tokens is not None:
            request.META["HTTP_AUTHORIZATION"] = f"Bearer {tokens.access_token}"
            request.via_cookie = True
        elif vault_id and sessions.is_acting(request):
            # What was asked for was meant in the other person's name: nobody does it in their own by accident.
            sessions.act_as_oneself(request)
        elif vault_id:
            request.session.flush()  # the API answers 401 now, a page sends the browser to sign in


def _relays(request: HttpRequest) -> bool:
    return (
        not _brings_credential(request)
        and settings.BFF_COOKIE_NAME in request.COOKIES
        and not request.path.startswith(_WITHOUT_TOKENS)
    )


def _is_provider(request: HttpRequest) -> bool:
    return request.path.startswith(PROVIDER_PATHS)


def _cookie_for(request: HttpRequest) -> str:
    if _is_provider(request):
        return str(settings.SESSION_COOKIE_NAME)
    return "" if _brings_credential(request) else str(settings.BFF_COOKIE_NAME)


def _brings_credential(request: HttpRequest) -> bool:
    return "HTTP_AUTHORIZATION" in request.META or "HTTP_X_API_KEY" in request.META


def _save(session: SessionBase, name: str, response: HttpResponse) -> None:
    try:
        session.save()
    except UpdateError:  # signed out by another request meanwhile: that stays so
        cookies.forget(response, name)
        return
    cookies.keep(response, name, session.session_key or "", max_age_s=session.get_expiry_age())


def _unavailable(request: HttpRequest, error: DomainError) -> HttpResponse:
    """This middleware stands outside the one that turns errors into answers."""
    problem = problem_of(error)
    if request.path.startswith("/api/") or "text/html" not in request.headers.get("Accept", ""):
        return problem_response(request, problem)
    context = {"detail": problem.detail, "code": problem.code, "retry_after_s": 1}
    response = render(request, "503.html", context, status=problem.status)
    for name, value in problem.headers.items():
        response[name] = value
    return response
