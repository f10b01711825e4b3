"""Errors as pages for people, and the handlers that Django calls when no view could answer."""

from __future__ import annotations

import sys
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.urls import Resolver404

from apps.core.api.documents import Problem
from apps.core.api.permissions import label_of
from apps.core.api.problems import count, explanation_of, problem_of, problem_response
from apps.core.api.sign_in import sign_in_response, step_up_response
from apps.core.auth import InsufficientAuthentication, denials
from apps.core.observability import get_logger, trace_id

_TEMPLATES = {
    400: "400.html",
    403: "403.html",
    404: "404.html",
    409: "409.html",
    412: "409.html",
    429: "429.html",
    500: "500.html",
}
_LAST_RESORT = "<!doctype html><title>{title}</title><h1>{title}</h1><p>Trace {trace}</p>"
_logger = get_logger("api.pages")


def wants_json(request: HttpRequest) -> bool:
    """True for API paths and for callers that ask for JSON and not for HTML."""
    accept = request.headers.get("Accept", "")
    return request.path.startswith("/api/") or ("json" in accept and "text/html" not in accept)


def error_response(request: HttpRequest, error: BaseException) -> HttpResponse:
    """The answer to a request that ended in an exception: a problem document, a page, or the way to sign in."""
    problem = problem_of(error)
    denials.note(request, error)
    if wants_json(request):
        return problem_response(request, problem)
    if isinstance(error, InsufficientAuthentication):
        return step_up_response(request, error.need)
    if problem.status == 401:
        return sign_in_response(request)
    return error_page(request, problem)


def error_page(request: HttpRequest, problem: Problem, template: str = "") -> HttpResponse:
    """The problem as a page. A page that cannot be rendered (its store is away, say) is rendered without the shell."""
    count(problem)
    template = template or _TEMPLATES.get(problem.status) or ("503.html" if problem.status == 503 else "400.html")
    headers = {**problem.headers, "Cache-Control": "no-store"}
    body = _rendered(request, template, page_context(request, problem))
    return HttpResponse(body, status=problem.status, headers=headers)


def page_context(request: Any, problem: Problem) -> dict[str, Any]:
    """What the error templates show."""
    context = {"title": problem.document("")["title"], "detail": problem.detail, "code": problem.code}
    permission = problem.extra.get("permission")
    if permission:
        principal = getattr(request, "principal", None)
        context["permission"], context["permission_label"] = permission, label_of(permission)
        context["grantors"] = problem.extra.get("grantors", [])
        context["person_email"] = principal.email if principal else ""
        context["explanation"] = explanation_of("/access/", problem.extra)
    if "Retry-After" in problem.headers:
        context["retry_after_s"] = int(problem.headers["Retry-After"])
    return {**context, "trace_id": trace_id()}


def _rendered(request: HttpRequest, template: str, context: dict[str, Any]) -> str:
    # A context processor may need the very thing that is broken.
    for source in (None,) if template in ("429.html", "500.html", "503.html") else (request, None):
        try:
            return render_to_string(template, context, request=source)
        except Exception:
            _logger.exception("an error page cannot be rendered", template=template)
    return _LAST_RESORT.format(title="Something went wrong", trace=trace_id())


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """handler400."""
    return error_response(request, exception or sys.exc_info()[1] or RuntimeError("400 without an exception"))


def forbidden(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """handler403."""
    return bad_request(request, exception)


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """handler404: no route has this path, or a view raised Http404."""
    return bad_request(request, exception or Resolver404())


def server_error(request: HttpRequest) -> HttpResponse:
    """handler500: an exception of a middleware, since those of views have been answered before. It may still be known,
    such as a session store that is away.
    """
    return bad_request(request)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """CSRF_FAILURE_VIEW."""
    problem = Problem(403, "csrf_failed", reason or "The CSRF token is missing or wrong.", title="The form was too old")
    return problem_response(request, problem) if wants_json(request) else error_page(request, problem, "403_csrf.html")


__all__ = ["bad_request", "csrf_failure", "error_page", "error_response", "forbidden", "not_found", "server_error"]
