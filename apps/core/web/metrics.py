"""`/metrics`: what all worker processes of this server measure, together (PROMETHEUS_MULTIPROC_DIR)."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe
from django_prometheus.exports import ExportToDjangoView
from prometheus_client import Counter, Gauge

from apps.core.web.threads import ThreadPool

_THREADS = Gauge("web_threads", "Threads that may run requests.", multiprocess_mode="livesum")
_BUSY = Gauge("web_threads_busy", "Threads that run a request.", multiprocess_mode="livesum")
_QUEUED = Gauge("web_queue_length", "Requests that wait for a thread.", multiprocess_mode="livesum")
_LIMIT = Gauge("web_admission_limit", "Requests that may run or wait.", multiprocess_mode="livesum")
_CONNECTIONS = Gauge("web_connections", "Open client connections.", multiprocess_mode="livesum")
_REFUSED = Counter("web_requests_refused", "Requests answered 503 because others had to wait too long.")

_sources: list[Callable[[], bytes]] = []


class _Seen:
    refused = 0


def watch(pool: ThreadPool) -> None:
    """Begin to measure a pool that has just been started."""
    _Seen.refused = pool.refused
    sample(pool, connections=0)


def sample(pool: ThreadPool, *, connections: int) -> None:
    """Take the pool's measure. Called with the heartbeat: a gauge set for each request would cost every request."""
    _THREADS.set(pool.threads)
    _BUSY.set(pool.busy)
    _QUEUED.set(pool.waiting)
    _LIMIT.set(pool.door.limit)
    _CONNECTIONS.set(connections)
    _REFUSED.inc(pool.refused - _Seen.refused)
    _Seen.refused = pool.refused


def add_source(source: Callable[[], bytes]) -> None:
    """Let a part tell what no process measures: the state of something that all of them share. In the same format."""
    _sources.append(source)


def exposition() -> tuple[bytes, str]:
    """All measures in Prometheus' text format, and its content type. Reads a file per process: some milliseconds."""
    response = ExportToDjangoView(None)
    return b"".join([response.content, *(source() for source in _sources)]), response["Content-Type"]


@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """GET /metrics."""
    text, content_type = exposition()
    return HttpResponse(text, content_type=content_type)
