"""Structured logs with trace and tenant, traces by OTLP where an endpoint is given."""

from typing import Any

from config.env import env

LOG_LEVEL = env.str("LOG_LEVEL", default="INFO")
LOG_FORMAT = env.str("LOG_FORMAT", default="console")  # or "json"
OTLP_ENDPOINT = env.str("OTEL_EXPORTER_OTLP_ENDPOINT", default="")
# Of the requests that come without a decision of their caller, the share that is recorded: 0.0 to 1.0.
TRACE_SAMPLE_RATIO = env.float("TRACE_SAMPLE_RATIO", default=1.0)
SERVICE_NAME = env.str("OTEL_SERVICE_NAME", default="platform")

# Worker, relay and beat answer `/livez` and `/metrics` there, where each has a pod of its own. 0: nowhere.
OPERATIONS_PORT = env.int("OPERATIONS_PORT", default=0)

LOGGING_CONFIG = "apps.core.observability.logs.configure"
LOGGING: dict[str, Any] = {"level": LOG_LEVEL, "format": LOG_FORMAT}
