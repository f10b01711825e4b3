"""What a signal to stop does to what is under way."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from apps.core.web.tests.running import WAIT_S, Connection, Response, Server, running


def begin(server: Server, target: str) -> Connection:
    connection = server.connect()
    connection.send(f"GET {target} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
    return connection


def answer_to(server: Server, target: str) -> Response:
    with begin(server, target) as connection:
        return connection.response()


def begin_pipe(server: Server) -> Connection:
    connection = begin(server, "/pipe")
    server.wait("entered pipe")
    return connection


class TestDrain:
    def test_goes_on_for_the_delay_then_accepts_nobody_and_lets_end_what_is_under_way(self, tmp_path: Path) -> None:
        delayed = {"WEB_DRAIN_DELAY_S": "3.0", "WEB_GRACEFUL_TIMEOUT_S": "600"}
        with (
            running(tmp_path, **delayed) as server,
            server.connect() as idle,
            begin(server, "/sse") as stream,
            begin_pipe(server) as busy,
        ):
            assert idle.exchange(b"GET /plain HTTP/1.1\r\nHost: localhost\r\n\r\n").status == 200
            stream.read_until(b"id: 3\n")
            assert server.get("/readyz").status == 200
            server.stop()
            server.until_logged("Handling signal: term")
            report = answer_to(server, "/readyz")
            # For longer than the tenth of a second after which the server looks whether it is to stop.
            plain = [answer_to(server, "/plain") for _ in range(60)][-1]

            assert report.status == 503
            assert [check["name"] for check in report.json()["checks"] if not check["ok"]] == ["draining"]
            assert (plain.status, plain.header("connection")) == (200, "close")
            assert idle.read_to_end() == b""
            assert stream.read_to_end().endswith(b"0\r\n\r\n")
            with pytest.raises(OSError, match=r"refused|reset"):
                server.connect()
            (tmp_path / "pipe").write_bytes(b"finished")
            response = busy.response()
            assert (response.body, response.header("connection")) == (b"finished", "close")
            assert server.process.wait(WAIT_S) == 0
        assert "was sent SIGTERM" not in server.log.read_text()  # it ended by itself, so what runs at exit has run

    def test_a_request_is_cut_when_the_time_is_over(self, tmp_path: Path) -> None:
        with running(tmp_path, WEB_GRACEFUL_TIMEOUT_S="3") as server, begin_pipe(server) as busy:
            server.stop()
            response = busy.response()

            assert (response.status, response.json()["code"]) == (503, "stopping")
            assert server.process.wait(WAIT_S) == 0

    def test_an_interrupt_waits_for_nobody(self, tmp_path: Path) -> None:
        with running(tmp_path, WEB_GRACEFUL_TIMEOUT_S="600") as server, begin_pipe(server) as busy:
            server.stop(signal.SIGINT)

            assert server.process.wait(WAIT_S) == 0
            busy.read_to_end()
