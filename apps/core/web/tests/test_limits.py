"""What is refused, and how: always a problem document, never a thread lost."""

from __future__ import annotations

import select
from contextlib import ExitStack

import pytest

from apps.core.web.tests.running import WAIT_S, Response, Server


def assert_problem(response: Response, status: int, code: str) -> None:
    assert (response.status, response.json()["code"]) == (status, code)
    assert response.header("content-type") == "application/problem+json"
    assert len(response.json()["traceId"]) == 32


class TestBodyTooLarge:
    def test_is_refused_by_its_announced_length(self, strict_server: Server) -> None:
        with strict_server.connect() as connection:
            response = connection.exchange(
                b"POST /echo?as=large HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5000000\r\n\r\n" + b"x" * 5_000_000
            )

        assert_problem(response, 413, "body_too_large")
        assert response.header("connection") == "close"
        assert not strict_server.seen("entered large")

    def test_is_refused_when_chunks_add_up(self, strict_server: Server) -> None:
        with strict_server.connect() as connection:
            head = b"POST /echo HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n"
            response = connection.exchange(
                head + b"1f4\r\n" + b"x" * 500 + b"\r\n1f5\r\n" + b"x" * 501 + b"\r\n0\r\n\r\n"
            )

        assert_problem(response, 413, "body_too_large")

    def test_is_not_asked_for_by_100_continue(self, strict_server: Server) -> None:
        with strict_server.connect() as connection:
            connection.send(
                b"POST /echo HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1001\r\nExpect: 100-continue\r\n\r\n"
            )
            everything = connection.read_to_end()

        assert everything.startswith(b"HTTP/1.1 413 ")
        assert b"100 Continue" not in everything

    def test_keeps_the_callers_trace(self, strict_server: Server) -> None:
        trace = "0af7651916cd43dd8448eb211c80319c"
        headers = {"Content-Length": "1001", "Expect": "100-continue", "traceparent": f"00-{trace}-b7ad6b7169203331-01"}
        response = strict_server.get("/echo", headers, "POST")

        assert response.json()["traceId"] == response.header("x-trace-id") == trace


class TestHeaderTooLarge:
    @pytest.mark.parametrize(
        "head",
        [
            b"GET /echo HTTP/1.1\r\nHost: localhost\r\nX: " + b"x" * 4000 + b"\r\n\r\n",
            b"GET /echo?" + b"x" * 4000 + b" HTTP/1.1\r\nHost: localhost\r\n\r\n",
            b"GET /echo HTTP/1.1\r\nHost: localhost\r\n" + b"A: b\r\n" * 101 + b"\r\n",
        ],
        ids=["one long field", "a long target", "many fields"],
    )
    def test_is_refused(self, strict_server: Server, head: bytes) -> None:
        with strict_server.connect() as connection:
            assert_problem(connection.exchange(head), 431, "header_too_large")

    def test_is_refused_before_its_end(self, strict_server: Server) -> None:
        with strict_server.connect() as connection:
            connection.send(b"GET /echo HTTP/1.1\r\nHost: localhost\r\nX: ")
            try:
                for _ in range(1000):
                    connection.send(b"x" * 65536)
            except (ConnectionResetError, BrokenPipeError):
                return  # closed on us in mid-header, as it should be
        raise AssertionError("64 MB of header were accepted")


class TestSlowClients:
    def test_a_slow_body_is_given_up(self, strict_server: Server) -> None:
        with strict_server.connect() as connection:
            connection.send(b"POST /echo?as=slow HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\nhalf")

            assert_problem(connection.response(), 408, "request_timeout")
        assert not strict_server.seen("entered slow")

    def test_a_slow_header_is_given_up(self, strict_server: Server) -> None:
        with strict_server.connect() as connection:
            connection.send(b"GET /echo HTTP/1.1\r\nHost: loc")

            assert_problem(connection.response(), 408, "request_timeout")

    @pytest.mark.parametrize("said", [b"", b"\r\n"], ids=["nothing", "an empty line"])
    def test_a_connection_that_says_nothing_is_closed(self, strict_server: Server, said: bytes) -> None:
        with strict_server.connect() as connection:
            connection.send(said)

            assert connection.read_to_end() == b""

    def test_an_empty_line_does_not_keep_a_connection(self, strict_server: Server) -> None:
        with strict_server.connect() as connection:
            assert connection.exchange(b"GET /plain HTTP/1.1\r\nHost: localhost\r\n\r\n").status == 200
            connection.send(b"\r\n")  # stops uvicorn's own timer

            assert connection.read_to_end() == b""

    def test_an_idle_connection_is_closed_after_an_edge_hit(self, strict_server: Server) -> None:
        with strict_server.connect() as connection:
            connection.send(b"GET /edge HTTP/1.1\r\nHost: localhost\r\n\r\n")

            assert connection.read_to_end().endswith(b"from the edge")

    def test_a_client_that_reads_nothing_is_cut_off_and_its_thread_freed(self, strict_server: Server) -> None:
        with strict_server.connect(receive_buffer=4096) as connection:
            connection.send(b"GET /stream?as=stalled&count=100000&size=65536 HTTP/1.1\r\nHost: localhost\r\n\r\n")

            assert strict_server.wait("closed stalled")["made"] < 1000

    def test_a_client_that_leaves_a_whole_response_unread_is_cut_off(self, strict_server: Server) -> None:
        with strict_server.connect(receive_buffer=4096) as connection:
            connection.send(b"GET /plain?size=50000000 HTTP/1.1\r\nHost: localhost\r\n\r\n")
            broken = select.poll()
            broken.register(connection.socket, 0)  # errors only: nothing is read

            assert broken.poll(WAIT_S * 1000)

    def test_six_slow_uploads_leave_the_threads_free(self, server: Server) -> None:
        with ExitStack() as stack:
            for _ in range(6):
                connection = stack.enter_context(server.connect())
                connection.send(b"POST /echo HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\nhalf")

            assert [server.get("/echo").status for _ in range(8)] == [200] * 8


class TestOverload:
    def test_the_queue_is_bounded(self, strict_server: Server) -> None:
        with ExitStack() as stack:
            held = [stack.enter_context(strict_server.begin_hold(name)) for name in ("a", "b")]
            queued = stack.enter_context(strict_server.connect())
            queued.send(b"GET /echo?as=queued HTTP/1.1\r\nHost: localhost\r\n\r\n")
            strict_server.wait_until_waiting(1)
            refused = strict_server.get("/echo")

            assert_problem(refused, 503, "overloaded")
            assert refused.header("retry-after") == "1"
            assert not strict_server.seen("entered queued")
            assert strict_server.get("/livez").status == 200  # a probe needs no thread
            assert strict_server.get("/readyz").status == 200
            for name in ("a", "b"):
                strict_server.set(f"release {name}")
            assert [connection.response().body for connection in held] == [b"released"] * 2
            assert queued.response().status == 200

    def test_a_client_that_leaves_the_queue_is_not_served(self, strict_server: Server) -> None:
        with ExitStack() as stack:
            held = [stack.enter_context(strict_server.begin_hold(name)) for name in ("c", "d")]
            with strict_server.connect() as impatient:
                impatient.send(b"GET /echo/impatient?as=impatient HTTP/1.1\r\nHost: localhost\r\n\r\n")
                strict_server.wait_until_waiting(1)
            strict_server.until_logged('"GET /echo/impatient 499"')
            for name in ("c", "d"):
                strict_server.set(f"release {name}")
            assert [connection.response().status for connection in held] == [200] * 2

        assert strict_server.get("/echo?as=next").status == 200
        assert not strict_server.seen("entered impatient")
