"""`/livez`, `/startupz` and `/readyz`: as Django views, and as routes of the web process.

In the web process the routes answer: on the event loop, so that a probe neither waits behind busy threads (a killed
process makes an overload worse) nor depends on ALLOWED_HOSTS or a redirect to https. The views are for servers
without it, such as `manage.py runserver`.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from apps.core.web import metrics as metrics_module
from apps.core.web.interfaces import Receive, Scope, Send, StreamRoute
from apps.core.web.readiness import Report, readiness

_ALIVE = {"status": "alive"}


@require_safe
@never_cache
def livez(request: HttpRequest) -> JsonResponse:
    """GET /livez: 200 while the process can answer at all. Asks nobody else."""
    return JsonResponse(_ALIVE)


@require_safe
@never_cache
def startupz(request: HttpRequest) -> JsonResponse:
    """GET /startupz: 200 once the process has been ready for the first time, 503 before."""
    return _response(readiness().started())


@require_safe
@never_cache
def readyz(request: HttpRequest) -> JsonResponse:
    """GET /readyz: 200 while the process can do its work, else 503; the body lists the checks."""
    return _response(readiness().report())


def _response(report: Report) -> JsonResponse:
    return JsonResponse(report.as_json(), status=_status(report))


def _status(report: Report) -> int:
    return 200 if report.ready else 503


def operations_routes() -> dict[str, StreamRoute]:
    """The probes and /metrics for `WebApplication(routes=…)`."""
    return {
        "/livez": _livez_route,
        "/startupz": _report_route(lambda: readiness().started()),
        "/readyz": _report_route(lambda: readiness().report()),
        "/metrics": _metrics_route,
    }


async def _livez_route(scope: Scope, receive: Receive, send: Send) -> None:
    """Alive means here: not all threads are stuck."""
    alive = scope["state"]["watchdog"].healthy()
    await _send_json(_ALIVE if alive else {"status": "stuck"}, 200 if alive else 503, scope, send)


def _report_route(make: Callable[[], Report]) -> StreamRoute:
    async def route(scope: Scope, receive: Receive, send: Send) -> None:
        report = await asyncio.get_running_loop().run_in_executor(None, make)
        await _send_json(report.as_json(), _status(report), scope, send)

    return route


async def _metrics_route(scope: Scope, receive: Receive, send: Send) -> None:
    text, content_type = await asyncio.get_running_loop().run_in_executor(None, metrics_module.exposition)
    await _send(text, 200, content_type.encode(), scope, send)


async def _send_json(content: dict[str, Any], status: int, scope: Scope, send: Send) -> None:
    await _send(json.dumps(content).encode(), status, b"application/json", scope, send)


async def _send(body: bytes, status: int, content_type: bytes, scope: Scope, send: Send) -> None:
    if scope["method"] not in ("GET", "HEAD"):
        body, status, content_type = b"", 405, b"text/plain"
    headers = [
        (b"content-type", content_type),
        (b"content-length", str(len(body)).encode()),
        (b"cache-control", b"no-store"),
        *([(b"allow", b"GET, HEAD")] if status == 405 else []),
    ]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body, "more_body": False})
