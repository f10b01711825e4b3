"""The outermost middleware: every request has a trace, and leaves one line in the log."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse
from opentelemetry import trace
from opentelemetry.trace import SpanKind
from structlog.contextvars import bound_contextvars

from apps.core.observability.logs import get_logger
from apps.core.observability.trace import span, trace_id

_logger = get_logger("request")
_QUIET = ("/livez", "/readyz", "/startupz", "/metrics")


class RequestMiddleware:
    """Continues the caller's trace or starts one, binds it to the logs, and answers with it in `X-Trace-Id`.

    Where OpenTelemetry's own middleware runs around this one (a collector is named), its span is the one that counts.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if trace.get_current_span().get_span_context().is_valid:
            return self._logged(request)
        with span("request", parent=request.META.get("HTTP_TRACEPARENT", ""), kind=SpanKind.SERVER):
            return self._logged(request)

    def _logged(self, request: HttpRequest) -> HttpResponse:
        started, current = time.perf_counter(), trace_id()
        with bound_contextvars(trace_id=current, method=request.method, path=request.path):
            response = self.get_response(request)
            response["X-Trace-Id"] = current
            if not request.path.startswith(_QUIET):
                _logger.info("request", **_outcome(request, response, started))
        return response


def _outcome(request: Any, response: HttpResponse, started: float) -> dict[str, Any]:
    """What is known at the end. The query is left out, for it may hold secrets; the route stays bounded."""
    match = getattr(request, "resolver_match", None)
    principal = getattr(request, "principal", None)
    caller = {"tenant_id": principal.tenant_id, "subject": principal.subject} if principal else {}
    return {
        "status": response.status_code,
        "duration_ms": round((time.perf_counter() - started) * 1000, 2),
        "route": match.route if match else "",
        **caller,
    }
