"""One line per request on the logger `web.access`. What the edge answers is counted, not logged."""

from __future__ import annotations

import json
import logging
import time
from datetime import UTC, datetime

from apps.core.web.interfaces import Message, Scope, Send

_logger = logging.getLogger("web.access")
_CLIENT_CLOSED_REQUEST = 499  # no response was begun: the client left first
_PROBES = frozenset({"/livez", "/readyz", "/startupz", "/metrics"})  # every few seconds, for ever
_FIELDS = ("method", "path", "status", "duration_ms", "trace_id")


class AccessRecord:
    """Listens to one response and writes the line at its end. The query is left out: it may hold secrets."""

    def __init__(self, scope: Scope, send: Send) -> None:
        self._scope, self._send = scope, send
        self._started = time.perf_counter()
        self._status, self._trace_id = _CLIENT_CLOSED_REQUEST, ""

    async def send(self, message: Message) -> None:
        """Pass a message of the response on."""
        if message["type"] == "http.response.start":
            self._status = message["status"]
            self._trace_id = next((v.decode("latin-1") for n, v in message["headers"] if n == b"x-trace-id"), "")
        await self._send(message)

    def write(self) -> None:
        """Write the line, unless it would say that all is well once more."""
        if self._status < 400 and self._scope["path"] in _PROBES:
            return
        fields: dict[str, object] = {
            "method": self._scope["method"],
            "path": self._scope["path"],
            "status": self._status,
            "duration_ms": round((time.perf_counter() - self._started) * 1000, 2),
        }
        if self._trace_id:
            fields["trace_id"] = self._trace_id
        _logger.info("%s %s %s", fields["method"], fields["path"], fields["status"], extra=fields)


def enabled() -> bool:
    """Whether anybody listens."""
    return _logger.isEnabledFor(logging.INFO)


class JsonLines(logging.Formatter):
    """A log record as one line of JSON: for the server's own loggers, which speak before Django is set up."""

    def format(self, record: logging.LogRecord) -> str:
        line = {
            "timestamp": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "event": record.getMessage(),
            "pid": record.process,
        }
        line |= {name: record.__dict__[name] for name in _FIELDS if record.__dict__.get(name) not in (None, "")}
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(line, default=str)
