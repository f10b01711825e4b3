"""One trace id from the request to the last consumer (W3C Trace Context)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from opentelemetry import trace
from opentelemetry.trace import Link, Span, SpanContext, SpanKind, TraceFlags
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

_tracer = trace.get_tracer("platform")
_propagator = TraceContextTextMapPropagator()


def trace_id() -> str:
    """32 hex digits of the current span's trace; zeros when nothing is being traced."""
    return format(trace.get_current_span().get_span_context().trace_id, "032x")


def traceparent() -> str:
    """The current span as a `traceparent` header (W3C Trace Context §3.2), or "" outside any span."""
    carrier: dict[str, str] = {}
    _propagator.inject(carrier)
    return carrier.get("traceparent", "")


@contextmanager
def span(
    name: str,
    *,
    parent: str = "",
    links: Iterable[str] = (),
    attributes: dict[str, str] | None = None,
    kind: SpanKind = SpanKind.INTERNAL,
) -> Iterator[Span]:
    """A span named `name`; `parent` is the `traceparent` of the work that caused it, if that came from elsewhere. Of
    several causes none is the parent: they are its `links`.
    """
    context = _propagator.extract({"traceparent": parent}) if parent else None
    with _tracer.start_as_current_span(
        name, context=context, links=[_link(one) for one in links if one], attributes=attributes, kind=kind
    ) as current:
        yield current


def _link(cause: str) -> Link:
    """By hand: the propagator makes a context for each, which is most of what handling many events together costs."""
    _, trace_id_, span_id, flags = cause.split("-")
    context = SpanContext(int(trace_id_, 16), int(span_id, 16), is_remote=True, trace_flags=TraceFlags(int(flags, 16)))
    return Link(context)
