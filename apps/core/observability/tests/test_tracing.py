from __future__ import annotations

import http.server
import logging
import os
import subprocess
import sys
import threading
from typing import Any

import pytest

from apps.core.observability import span, trace_id, traceparent
from apps.core.observability.middleware import RequestMiddleware

TRACE = "0af7651916cd43dd8448eb211c80319c"


class TestTrace:
    def test_has_an_id_without_any_exporter(self) -> None:
        with span("work"):
            assert trace_id() != "0" * 32
            assert traceparent().split("-")[1] == trace_id()

    def test_goes_on_in_what_it_causes(self) -> None:
        with span("request"):
            first, parent = trace_id(), traceparent()
        with span("consumer", parent=parent):
            assert trace_id() == first

    def test_is_fresh_for_each_root(self) -> None:
        seen = set()
        for _ in range(3):
            with span("root"):
                seen.add(trace_id())
        assert len(seen) == 3

    def test_is_over_afterwards(self) -> None:
        with span("work"):
            pass
        assert trace_id() == "0" * 32


class TestRequestMiddleware:
    @pytest.fixture
    def answer(self, caplog: pytest.LogCaptureFixture) -> Any:
        """Sends a request through the middleware; returns the response and the members of its line, if any."""
        from django.http import HttpResponse

        def send(request: Any, status: int = 200) -> tuple[Any, dict[str, Any]]:
            caplog.clear()
            caplog.set_level(logging.INFO, "request")
            response = RequestMiddleware(lambda _request: HttpResponse(status=status))(request)
            lines = [record.msg for record in caplog.records if record.name == "request"]
            return response, lines[0] if lines else {}

        return send

    def test_leaves_one_line_without_the_query(self, rf: Any, answer: Any) -> None:
        response, line = answer(rf.get("/auth/callback?code=very-secret"), 302)

        assert (line["event"], line["status"], line["path"]) == ("request", 302, "/auth/callback")
        assert line["trace_id"] == response["X-Trace-Id"] != "0" * 32
        assert line["duration_ms"] >= 0
        assert "very-secret" not in str(line)

    def test_continues_the_callers_trace(self, rf: Any, answer: Any) -> None:
        response, _ = answer(rf.get("/", headers={"traceparent": f"00-{TRACE}-b7ad6b7169203331-00"}))

        assert response["X-Trace-Id"] == TRACE

    def test_is_silent_about_probes(self, rf: Any, answer: Any) -> None:
        assert answer(rf.get("/livez"))[1] == {}


_CHILD = """
import os, sys
import django
django.setup()
from django.conf import settings
from django.test import Client
from django.http import HttpResponse
from django.urls import path
from opentelemetry import trace
from apps.core.observability import span

def view(request):
    from django.db import connections
    with connections["default"].cursor() as cursor:
        cursor.execute("select 1")
    return HttpResponse("fine")

urlpatterns = [path("callback", view)]
settings.ROOT_URLCONF = "__main__"
settings.MIDDLEWARE = [m for m in settings.MIDDLEWARE if "opentelemetry" in m or "RequestMiddleware" in m]
if os.fork() == 0:
    response = Client().get("/callback?code=very-secret-code", headers={"traceparent": sys.argv[1]})
    assert response.content == b"fine", response.content
    trace.get_tracer_provider().force_flush()
    os._exit(0)
sys.exit(os.waitstatus_to_exitcode(os.wait()[1]))
"""


@pytest.fixture
def collector() -> Any:
    """An HTTP server that keeps what is sent to it."""
    received: list[bytes] = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            received.append(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *args: Any) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server.server_port, received
    server.shutdown()
    server.server_close()


def test_spans_are_exported_from_a_forked_process_where_a_collector_is_named(collector: Any) -> None:
    port, received = collector
    environment = {**os.environ, "OTEL_EXPORTER_OTLP_ENDPOINT": f"http://127.0.0.1:{port}", "TRACE_SAMPLE_RATIO": "1.0"}
    done = subprocess.run(
        [sys.executable, "-c", _CHILD, f"00-{TRACE}-b7ad6b7169203331-01"],
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    sent = b"".join(received)
    assert bytes.fromhex(TRACE) in sent
    assert b"callback" in sent
    assert b"select 1" in sent
    assert b"very-secret-code" not in sent
