"""Structured logs: one line per event, JSON or for the console, with trace and tenant, without secrets.

    logger = get_logger("orders.import")
    logger.info("file read", lines=50_999, tenant_id=tenant_id)

`LOGGING_CONFIG` names `configure`, so Django sets it up in every process. The standard library's loggers
come out alike.
"""

from __future__ import annotations

import logging
import logging.config
from collections.abc import Callable
from typing import Any

import msgspec
import structlog
from opentelemetry import trace

from apps.core.observability.redaction import redact_event

_LEVELS = {
    "django.request": "ERROR",  # 4xx are in the access line
    "django.channels": "WARNING",
    "fontTools": "WARNING",
    "httpx": "WARNING",
    "kombu": "WARNING",
    "opentelemetry": "ERROR",
    "faker": "WARNING",
    "web.access": "WARNING",  # the request's own line says more: tenant, subject, trace
}


Context = Callable[[], dict[str, Any]]
_contexts: list[Context] = []


def enrich(context: Context) -> None:
    """Let every line of every logger carry what `context()` returns at that moment: tenant, actor."""
    if context not in _contexts:
        _contexts.append(context)


def get_logger(name: str) -> Any:
    """A logger whose keyword arguments become members of the line."""
    return structlog.stdlib.get_logger(name)


def configure(config: dict[str, Any]) -> None:
    """Set up structlog and the standard library's logging. `config`: `level`, and `format`: "json" or "console"."""
    shared = _shared_processors()
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    logging.config.dictConfig(_standard_library(config, shared))


def _shared_processors() -> list[Any]:
    return [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.stdlib.PositionalArgumentsFormatter(),
        structlog.stdlib.ExtraAdder(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _add_trace,
        _add_contexts,
        structlog.processors.StackInfoRenderer(),
        structlog.processors.format_exc_info,
    ]


def _add_trace(logger: Any, method: str, event: dict[str, Any]) -> dict[str, Any]:
    """The current span's trace, where nothing bound one (worker, relay, commands)."""
    if "trace_id" not in event:
        context = trace.get_current_span().get_span_context()
        if context.is_valid:
            event["trace_id"] = format(context.trace_id, "032x")
    return event


def _add_contexts(logger: Any, method: str, event: dict[str, Any]) -> dict[str, Any]:
    for context in _contexts:
        event = {**context(), **event}
    return event


def _standard_library(config: dict[str, Any], shared: list[Any]) -> dict[str, Any]:
    level = str(config.get("level", "INFO")).upper()
    formatter = {
        "()": structlog.stdlib.ProcessorFormatter,
        "foreign_pre_chain": shared,
        "processors": [structlog.stdlib.ProcessorFormatter.remove_processors_meta, redact_event, _renderer(config)],
    }
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"structured": formatter},
        "handlers": {"standard": {"class": "logging.StreamHandler", "formatter": "structured"}},
        "root": {"handlers": ["standard"], "level": level},
        "loggers": {name: {"level": least} for name, least in _LEVELS.items()},
    }


def _renderer(config: dict[str, Any]) -> Any:
    if config.get("format") == "json":
        return structlog.processors.JSONRenderer(serializer=_json)
    return structlog.dev.ConsoleRenderer(colors=False)


def _json(event: Any, **kwargs: Any) -> str:
    return msgspec.json.encode(event, enc_hook=str).decode()
