"""Server-sent events, on the wire and over a real connection."""

from __future__ import annotations

import pytest

from apps.core.web.sse import ServerSentEvent
from apps.core.web.tests.running import Connection, Server


def listen(server: Server, *fields: str) -> Connection:
    connection = server.connect()
    connection.send("\r\n".join(["GET /sse HTTP/1.1", "Host: localhost", *fields, "", ""]).encode())
    return connection


class TestEncoding:
    @pytest.mark.parametrize(
        ("event", "wire"),
        [
            (ServerSentEvent(data="news"), b"data: news\n\n"),
            (ServerSentEvent(id="7", event="order", data="a\nb"), b"id: 7\nevent: order\ndata: a\ndata: b\n\n"),
            (ServerSentEvent(data="a\r\nb\rc"), b"data: a\ndata: b\ndata: c\n\n"),
            (ServerSentEvent(data="", retry_ms=500), b"retry: 500\ndata: \n\n"),
            (ServerSentEvent(id="7", data=None), b"id: 7\n\n"),
            (ServerSentEvent(data="é"), "data: é\n\n".encode()),
        ],
    )
    def test_is_as_the_standard_says(self, event: ServerSentEvent, wire: bytes) -> None:
        assert event.encode() == wire

    @pytest.mark.parametrize("event", [ServerSentEvent(id="7\ndata: forged"), ServerSentEvent(event="a\rb")])
    def test_refuses_what_would_forge_a_line(self, event: ServerSentEvent) -> None:
        with pytest.raises(ValueError, match="one line"):
            event.encode()


class TestStream:
    def test_sends_events_then_heartbeats(self, server: Server) -> None:
        with listen(server) as connection:
            text = connection.read_until(b"id: 3\n")
            text += connection.read_until(b": heartbeat")

        assert b"content-type: text/event-stream; charset=utf-8" in text
        assert b"id: 1\nevent: count\ndata: line 1\ndata: web-" in text  # the second line was made on a pool thread

    def test_continues_after_the_last_event_seen(self, server: Server) -> None:
        with listen(server, "Last-Event-ID: 41") as connection:
            text = connection.read_until(b"id: 44\n")

        assert b"id: 41\n" not in text
        assert b"id: 42\n" in text

    def test_notices_that_the_client_has_left(self, server: Server) -> None:
        with listen(server) as connection:
            connection.read_until(b"id: 3\n")

        assert server.wait("sse closed")

    def test_begins_only_if_django_says_so(self, server: Server) -> None:
        response = server.get("/sse", {"Cookie": "deny=1"})

        assert (response.status, response.body) == (403, b"not you")
        assert response.all("set-cookie") == ["denied=1; Path=/"]

    def test_costs_no_thread(self, server: Server) -> None:
        streams = [listen(server) for _ in range(8)]
        for stream in streams:
            stream.read_until(b"id: 3\n")

        assert [server.get("/echo").status for _ in range(8)] == [200] * 8
        for stream in streams:
            stream.close()
