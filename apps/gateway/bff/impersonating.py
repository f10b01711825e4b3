"""Acting as somebody else in the console: the browser gets that person's tokens for a while, beside its own."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.middleware.csrf import rotate_token
from django.shortcuts import redirect
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache
from django.views.generic import View

from apps.core.auth import NotWhileImpersonating
from apps.core.auth.middleware import authenticate
from apps.core.errors import DomainError, NotFound, Unauthenticated
from apps.core.observability import get_logger
from apps.core.tenancy import tenant
from apps.gateway.bff import provider, sessions
from apps.gateway.bff.refreshing import fresh_tokens
from apps.gateway.bff.relying_party import RelyingParty
from apps.gateway.bff.returning import HOME, safe_path
from apps.gateway.bff.vault import Tokens
from apps.iam.facade import iam

PEOPLE = "/people/"
_logger = get_logger("gateway.bff")


@method_decorator(never_cache, name="dispatch")
class Start(View):
    """POST /auth/impersonation/start: act as the person `user_id`, for a `reason`."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest) -> HttpResponse:
        wanted = request.POST.get("user_id", "")
        try:
            tokens = self._exchanged(request, _uuid(wanted), request.POST.get("reason", ""))
        except Unauthenticated:
            return redirect("/auth/login")
        except DomainError as error:
            messages.error(request, str(error))
            return redirect(safe_path(f"{PEOPLE}{wanted}/"))
        sessions.act_as(request, tokens)
        rotate_token(request)
        return redirect(HOME)

    @staticmethod
    def _exchanged(request: HttpRequest, user_id: UUID, reason: str) -> Tokens:
        if sessions.is_acting(request):
            raise NotWhileImpersonating
        own = _own_tokens(request)
        principal = authenticate(own.access_token)
        with tenant(principal.tenant_id):
            leave = iam.leave_to_act_as(user_id, reason=reason, actor=principal.actor, session_id=principal.session_id)
        return RelyingParty().exchange(leave, own)


@method_decorator(never_cache, name="dispatch")
class Stop(View):
    """POST /auth/impersonation/stop: go on as oneself."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest) -> HttpResponse:
        if not sessions.is_acting(request):
            return redirect(HOME)
        tokens = sessions.act_as_oneself(request)
        rotate_token(request)
        if tokens is None:
            return redirect(HOME)
        _end(tokens)
        messages.success(request, f"You no longer act as {tokens.name}.")
        return redirect(f"{PEOPLE}{tokens.subject}/")


def _own_tokens(request: HttpRequest) -> Tokens:
    vault_id = sessions.vault_of(request)
    tokens = fresh_tokens(vault_id) if vault_id else None
    if tokens is None:
        raise Unauthenticated
    return tokens


def _end(tokens: Tokens) -> None:
    """As far as the provider can be reached: the browser has forgotten them, and they end within the hour."""
    try:
        provider.revoke(tokens.refresh_token)
    except DomainError as error:
        _logger.warning("tokens for acting as somebody could not be revoked", reason=str(error), sid=tokens.sid)


def _uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError as error:
        raise NotFound("there is no such person") from error
