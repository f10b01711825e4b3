"""Sets up OpenTelemetry once per process. Trace ids exist always; spans are recorded and exported only where
OTEL_EXPORTER_OTLP_ENDPOINT names a collector, and only then are Django, psycopg and Redis instrumented.
"""

from __future__ import annotations

import os
from typing import Any

from django.conf import settings
from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, Span, SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.sampling import ALWAYS_OFF, ParentBasedTraceIdRatio, Sampler

from apps.core.observability.redaction import redacted_text

_QUERY_ATTRIBUTES = ("http.url", "http.target", "url.full", "url.path", "url.query")


class ExportAfterFork(SpanProcessor):
    """Hands spans to a batching OTLP exporter that is made with the first span of each process.

    The exporter has a thread and a connection. Neither survives a fork, and gunicorn and Celery fork after importing.
    """

    def __init__(self, endpoint: str) -> None:
        self._endpoint = endpoint
        self._pid = 0
        self._exporter: Any = None

    def on_start(self, span: Span, parent_context: Context | None = None) -> None:
        """Nothing to do yet."""

    def on_end(self, span: ReadableSpan) -> None:
        if self._pid != os.getpid():
            self._pid, self._exporter = os.getpid(), _batching_exporter(self._endpoint)
        self._exporter.on_end(span)

    def shutdown(self) -> None:
        if self._exporter is not None and self._pid == os.getpid():
            self._exporter.shutdown()

    def force_flush(self, timeout_millis: int = 30_000) -> bool:
        here = self._exporter is not None and self._pid == os.getpid()
        return bool(self._exporter.force_flush(timeout_millis)) if here else True


def start() -> None:
    """Set up this process. Safe to call again; costs nothing per request where no collector is named."""
    if isinstance(trace.get_tracer_provider(), TracerProvider):
        return
    endpoint = settings.OTLP_ENDPOINT
    provider = TracerProvider(sampler=_sampler(endpoint), resource=Resource.create(_resource()))
    if endpoint:
        provider.add_span_processor(ExportAfterFork(endpoint))
        _instrument()
    trace.set_tracer_provider(provider)


def _sampler(endpoint: str) -> Sampler:
    """A caller's own decision is followed; without a collector nothing is recorded, and ids are all there is."""
    return ParentBasedTraceIdRatio(settings.TRACE_SAMPLE_RATIO) if endpoint else ALWAYS_OFF


def _resource() -> dict[str, str]:
    return {
        "service.name": settings.SERVICE_NAME,
        "service.version": settings.RELEASE,
        "deployment.environment.name": settings.ENVIRONMENT,
    }


def _batching_exporter(endpoint: str) -> SpanProcessor:
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    return BatchSpanProcessor(OTLPSpanExporter(endpoint=f"{endpoint.rstrip('/')}/v1/traces", timeout=5))


def _instrument() -> None:
    from opentelemetry.instrumentation.celery import CeleryInstrumentor
    from opentelemetry.instrumentation.django import DjangoInstrumentor
    from opentelemetry.instrumentation.psycopg import PsycopgInstrumentor
    from opentelemetry.instrumentation.redis import RedisInstrumentor

    DjangoInstrumentor().instrument(request_hook=_hide_query_secrets, excluded_urls="livez,readyz,startupz,metrics")
    PsycopgInstrumentor().instrument()
    RedisInstrumentor().instrument()
    CeleryInstrumentor().instrument()  # type: ignore[no-untyped-call]


def _hide_query_secrets(span: Any, request: Any) -> None:
    """The instrumentation records whole URLs: an authorisation code must not go with them."""
    for name in _QUERY_ATTRIBUTES:
        value = (getattr(span, "attributes", None) or {}).get(name)
        if isinstance(value, str):
            span.set_attribute(name, redacted_text(value))
