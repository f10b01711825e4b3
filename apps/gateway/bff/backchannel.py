"""POST /auth/backchannel-logout: the provider tells that a session is over, wherever its browsers are."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.decorators import method_decorator
from django.views.decorators.csrf import csrf_exempt
from django.views.generic import View
from redis.exceptions import RedisError

from apps.core.api.problems import problem_of
from apps.core.auth import session_news
from apps.core.errors import DomainError, Unavailable
from apps.core.observability import get_logger
from apps.gateway.bff import logout_tokens, refusals, vault

_logger = get_logger("gateway.bff")


@method_decorator(csrf_exempt, name="dispatch")  # no cookie vouches for the caller, a signature does
class BackchannelLogout(View):
    """OpenID Connect Back-Channel Logout 1.0 §2.8: 200 when the sessions are over, 400 when the request is wrong."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest) -> HttpResponse:
        try:
            ended = _end(request.POST.get("logout_token"))
        except DomainError as error:
            # 503: the provider may try again; it could not be found out whether it was right.
            status = problem_of(error).status if isinstance(error, Unavailable) else 400
            _logger.warning("a logout token was refused", code=error.code, reason=str(error))
            if not isinstance(error, Unavailable):
                refusals.tell_of_refused_logout_token(request, error)
            return _answer({"error": "invalid_request", "error_description": str(error)}, status)
        _logger.info("sessions ended by the provider", count=ended)
        return _answer({}, 200)


def _end(token: str | None) -> int:
    logout = logout_tokens.verified(token)
    ended = vault.forget_session(sid=logout.sid, subject=logout.subject)
    logout_tokens.use_up(logout)
    for sid in {logout.sid, *(tokens.sid for tokens in ended)} - {""}:
        _tell_pages(sid)
    return len(ended)


def _tell_pages(sid: str) -> None:
    """Those of our own provider's sessions have heard already; another provider's have not."""
    try:
        session_news.tell_end(sid)
    except RedisError:
        _logger.warning("open pages could not be told that their session is over", sid=sid)


def _answer(data: dict[str, str], status: int) -> HttpResponse:
    return JsonResponse(data, status=status, headers={"Cache-Control": "no-store", "Pragma": "no-cache"})
