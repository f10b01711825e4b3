"""The edge's place: asked before Django, never out of order, never in the way."""

from __future__ import annotations

import pytest

from apps.core.web.tests.running import Server

HIT = b"GET /edge/%d HTTP/1.1\r\nHost: localhost\r\n\r\n"


class TestEdge:
    def test_answers_without_django(self, server: Server) -> None:
        with server.connect() as connection:
            bodies = [connection.exchange(HIT % n).body for n in range(3)]
            then = connection.exchange(b"GET /echo HTTP/1.1\r\nHost: localhost\r\n\r\n").status

        assert bodies == [b"from the edge"] * 3
        assert then == 200

    def test_answers_head_without_body(self, server: Server) -> None:
        with server.connect() as connection:
            assert connection.exchange(b"HEAD /edge HTTP/1.1\r\nHost: localhost\r\n\r\n", "HEAD").status == 200
            assert connection.exchange(HIT % 1).body == b"from the edge"

    def test_a_body_it_did_not_want_is_not_taken_for_a_request(self, server: Server) -> None:
        with server.connect() as connection:
            connection.send(b"GET /edge HTTP/1.1\r\nHost: localhost\r\nContent-Length: 4\r\n\r\nGET ")
            assert connection.response().body == b"from the edge"
            assert connection.exchange(HIT % 1).body == b"from the edge"

    def test_waits_for_an_earlier_answer_of_the_connection(self, server: Server) -> None:
        with server.begin_hold("ordered") as connection:
            connection.send(HIT % 1)
            server.get("/echo")  # the server has been round its loop: it has read what came before
            server.set("release ordered")
            everything = connection.read_until(b"404 Not Found")  # a miss: it went to Django

        assert everything.index(b"released") < everything.index(b"404 Not Found")
        assert b"from the edge" not in everything

    @pytest.mark.parametrize(
        "request_line_and_fields",
        [
            b"POST /edge HTTP/1.1\r\nContent-Length: 0",
            b"GET /edge HTTP/1.0",
            b"GET /edge HTTP/1.1\r\nConnection: close",
        ],
        ids=["a write", "HTTP/1.0", "the last request"],
    )
    def test_is_not_asked_for(self, server: Server, request_line_and_fields: bytes) -> None:
        with server.connect() as connection:
            assert connection.exchange(request_line_and_fields + b"\r\nHost: localhost\r\n\r\n").status == 404

    def test_its_failure_is_a_miss(self, server: Server) -> None:
        with server.connect() as connection:
            assert connection.exchange(b"GET /edge/fails HTTP/1.1\r\nHost: localhost\r\n\r\n").status == 404
        assert "the edge failed" in server.log.read_text()
