"""What the platform tells about itself: traces, structured logs, metrics."""

from apps.core.observability.logs import get_logger
from apps.core.observability.trace import span, trace_id, traceparent

__all__ = ["get_logger", "span", "trace_id", "traceparent"]
