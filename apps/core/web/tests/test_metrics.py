"""/metrics over several worker processes."""

from __future__ import annotations

import re
from pathlib import Path

from apps.core.web.tests.running import WAIT_S, Server, eventually, running


def value(server: Server, name: str) -> float:
    found = re.search(rf"^{name} (\S+)$", server.get("/metrics").body.decode(), re.MULTILINE)
    assert found, f"{name} is not there"
    return float(found[1])


def until_value(server: Server, name: str, wanted: float) -> None:
    """Gauges are sampled about once a second."""
    eventually(lambda: value(server, name), lambda found: found == wanted)


class TestMetrics:
    def test_add_up_over_processes_forget_the_dead_and_leave_nothing_behind(self, tmp_path: Path) -> None:
        with running(tmp_path, WEB_PROCESSES="2", WEB_THREADS="3") as server:
            server.until_logged("Application startup complete", times=2)
            assert value(server, "web_threads") == 6.0

            server.stop_process(max(line["pid"] for line in server.logged()))
            server.until_logged("Application startup complete", times=3)
            assert value(server, "web_threads") == 6.0  # of two processes again, not of three

            assert list(tmp_path.glob("web-metrics-*"))
            server.stop()
            server.process.wait(WAIT_S)
        assert not list(tmp_path.glob("web-metrics-*"))

    def test_show_busy_threads_and_refused_requests(self, tmp_path: Path) -> None:
        with running(tmp_path, WEB_THREADS="1", WEB_QUEUE="0") as server:
            with server.begin_hold("busy") as connection:
                assert server.get("/plain").status == 503
                until_value(server, "web_threads_busy", 1.0)
                until_value(server, "web_requests_refused_total", 1.0)
                server.set("release busy")
                connection.response()
            until_value(server, "web_threads_busy", 0.0)
