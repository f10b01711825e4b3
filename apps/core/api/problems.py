"""From an exception to a problem document: the one place that knows which HTTP status an error is."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

import msgspec
from django.http import HttpRequest, HttpResponse
from prometheus_client import Counter
from rest_framework.response import Response

from apps.core.api.documents import CONTENT_TYPE, Problem
from apps.core.api.failures import database_failure, library_failure
from apps.core.api.permissions import grantors_of
from apps.core.auth import InsufficientAuthentication, MissingPermission, denials
from apps.core.errors import (
    Conflict,
    DomainError,
    Forbidden,
    Gone,
    Invalid,
    NotFound,
    PreconditionFailed,
    TooManyRequests,
    Unauthenticated,
    Unavailable,
)
from apps.core.observability import get_logger

_STATUS: tuple[tuple[type[DomainError], int], ...] = (
    (Invalid, 422),
    (Unauthenticated, 401),
    (Forbidden, 403),
    (NotFound, 404),
    (Conflict, 409),
    (Gone, 410),
    (PreconditionFailed, 412),
    (TooManyRequests, 429),
    (Unavailable, 503),
)
EXPLANATION = "/api/v1/access/explain"
_FAILED = "Something went wrong on our side. Quote the traceId when you report it."
_problems = Counter("api_problems_total", "Requests that ended in a problem document.", ["status", "code"])
_logger = get_logger("api.problems")


def problem_of(error: BaseException) -> Problem:
    """The problem that an exception is to the caller. Unknown ones say nothing of what is inside, and are logged."""
    if isinstance(error, DomainError):
        return _of_domain(error)
    known = library_failure(error)
    if known is not None:
        return known
    refused = database_failure(error)
    if refused is not None:
        _logger.warning("a store refused a request", problem=refused.code, exc_info=error)
        return _of_domain(refused)
    _logger.error("unexpected error", exc_info=error)
    return Problem(500, "internal_error", _FAILED)


def _of_domain(error: DomainError) -> Problem:
    status = next((status for kind, status in _STATUS if isinstance(error, kind)), 409)
    extra = dict(error.extra)
    if isinstance(error, MissingPermission):
        extra["grantors"] = grantors_of(str(extra.get("permission", "")))
        extra["explanation"] = explanation_of(EXPLANATION, extra)
    return Problem(status, error.code, error.detail, error.title, extra, _headers(error))


def _headers(error: DomainError) -> dict[str, str]:
    retry_after_s = getattr(error, "retry_after_s", None)
    if retry_after_s is not None:
        return {"Retry-After": str(retry_after_s)}
    if isinstance(error, Unauthenticated):
        return {"WWW-Authenticate": _challenge(error)}
    return {}


def _challenge(error: Unauthenticated) -> str:
    """RFC 6750 §3: an error is named only to a caller who presented a token. RFC 9470 §3 for a stronger sign-in."""
    if error.code == Unauthenticated.code:
        return 'Bearer realm="api"'
    text = " ".join(error.detail.replace("\\", " ").replace('"', "'").split())
    description = text.encode("ascii", "replace").decode()
    if isinstance(error, InsufficientAuthentication):
        asked = "".join(f', {name}="{value}"' for name, value in error.extra.items())
        return f'Bearer realm="api", error="{error.code}", error_description="{description}"{asked}'
    return f'Bearer realm="api", error="invalid_token", error_description="{description}"'


def explanation_of(path: str, extra: dict[str, Any]) -> str:
    """Where the caller reads why a permission was refused."""
    asked: dict[str, str] = {name: str(extra[name]) for name in ("permission", "resource") if name in extra}
    return f"{path}?{urlencode(asked, safe=':')}"


def exception_handler(error: Exception, context: dict[str, Any]) -> Response:
    """Django REST framework's hook: every exception of a view becomes a problem document."""
    problem = problem_of(error)
    count(problem)
    request = context.get("request")
    denials.note(getattr(request, "_request", request), error)
    headers = {**problem.headers, "Cache-Control": "no-store"}
    document = problem.document(request.path if request is not None else "")
    return Response(document, status=problem.status, headers=headers, content_type=CONTENT_TYPE)


def problem_response(request: HttpRequest, problem: Problem) -> HttpResponse:
    """A problem document from outside a REST view."""
    count(problem)
    headers = {**problem.headers, "Cache-Control": "no-store"}
    body = msgspec.json.encode(problem.document(request.path), enc_hook=str)
    return HttpResponse(body, status=problem.status, headers=headers, content_type=CONTENT_TYPE)


def count(problem: Problem) -> None:
    """Codes are class attributes of errors, so the metric's labels are bounded."""
    _problems.labels(problem.status, problem.code).inc()
