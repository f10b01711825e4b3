"""What a process without pages tells of itself where OPERATIONS_PORT is given: `/livez` and `/metrics`, as web does.

In a pod each process has a port of its own. On one machine none is needed: what workers measure is read off web's.
"""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from django.conf import settings

from apps.core.observability.logs import get_logger

_JSON = "application/json"
_ALIVE = json.dumps({"status": "alive"}).encode()


class _Answers(BaseHTTPRequestHandler):
    timeout = 10.0  # whoever connects and says nothing is not waited for

    def do_GET(self) -> None:
        if self.path == "/livez":
            self._answer(200, _ALIVE, _JSON)
        elif self.path == "/metrics":
            self._answer(200, *_measures())
        else:
            self._answer(404, b"", "text/plain")

    do_HEAD = do_GET

    def _answer(self, status: int, content: bytes, content_type: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(content)))
        self.send_header("Cache-Control", "no-store")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    def log_message(self, format: str, *args: object) -> None:
        """Probes come every few seconds, for ever."""


def offer_port() -> ThreadingHTTPServer | None:
    """Answer probes on OPERATIONS_PORT from threads of their own until the process ends; None where none is given.

    After a process has forked: its children have neither threads nor the socket. A port that is taken stops no work: it
    is logged, and the probes tell.
    """
    if not settings.OPERATIONS_PORT:
        return None
    try:
        return serve(settings.OPERATIONS_PORT)
    except OSError as error:
        get_logger("observability").error("operations.no_port", port=settings.OPERATIONS_PORT, error=str(error))
        return None


def serve(port: int) -> ThreadingHTTPServer:
    """The same on a given port; 0 takes any that is free."""
    # Prometheus and the kubelet are elsewhere.
    server = ThreadingHTTPServer(("0.0.0.0", port), _Answers)  # noqa: S104  # nosec B104
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, name="operations port", daemon=True).start()
    get_logger("observability").info("operations.port", port=server.server_port)
    return server


def _measures() -> tuple[bytes, str]:
    """All measures of this process, and of those that share its PROMETHEUS_MULTIPROC_DIR."""
    from django_prometheus.exports import ExportToDjangoView  # not for who offers no port

    response = ExportToDjangoView(None)
    return response.content, response["Content-Type"]
