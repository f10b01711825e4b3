"""How Django's responses reach the client."""

from __future__ import annotations

import pytest

from apps.core.web.tests.running import Connection, Server


def chunked_stream(server: Server, name: str, count: int, size: int, **options: int) -> Connection:
    connection = server.connect(**options)
    connection.send(f"GET /stream?as={name}&count={count}&size={size} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
    return connection


def _made_at_rest(server: Server, name: str) -> int:
    """How many chunks the generator has made, once it makes no more."""
    seen = [-1]
    while len(seen) < 20 or len(set(seen[-20:])) > 1:
        seen.append(server.get(f"/made?as={name}").json()["made"])
    return int(seen[-1])


class TestWholeResponses:
    def test_two_cookies_are_two_fields(self, server: Server) -> None:
        assert server.get("/cookies").all("set-cookie") == ["one=1; Path=/", "two=2; Path=/"]

    def test_head_has_the_length_and_no_body(self, server: Server) -> None:
        response = server.get("/plain?size=1234", method="HEAD")

        assert (response.header("content-length"), response.body) == ("1234", b"")

    def test_no_content_has_neither_body_nor_length(self, server: Server) -> None:
        with server.connect() as connection:
            connection.send(b"GET /plain?status=204 HTTP/1.1\r\nHost: localhost\r\n\r\n")
            head = connection.read_until(b"\r\n\r\n")
            following = connection.exchange(b"GET /plain HTTP/1.1\r\nHost: localhost\r\n\r\n")

        assert head.endswith(b"\r\n\r\n")
        assert b"content-length" not in head
        assert b"transfer-encoding" not in head
        assert following.body == b"xxxxx"

    def test_a_wrong_length_breaks_the_connection_instead_of_the_next_response(self, server: Server) -> None:
        with server.connect() as connection:
            connection.send(b"GET /sized?length=9 HTTP/1.1\r\nHost: localhost\r\n\r\n")
            assert connection.read_to_end().endswith(b"12345")

    def test_a_failing_view_is_an_ordinary_500_and_the_thread_goes_on(self, server: Server) -> None:
        assert [server.get("/fails").status for _ in range(6)] == [500] * 6
        assert server.get("/echo").status == 200

    @pytest.mark.parametrize("path", ["/bare/raises", "/bare/silent"])
    def test_a_failing_application_is_a_problem_document(self, server: Server, path: str) -> None:
        response = server.get(path)

        assert (response.status, response.json()["code"]) == (500, "internal_error")
        assert "planted" not in response.body.decode()

    def test_a_head_that_was_not_sent_may_be_replaced(self, server: Server) -> None:
        response = server.get("/bare/second-thought")

        assert (response.status, response.body) == (502, b"sorry")

    def test_what_a_wsgi_application_writes_comes_first(self, server: Server) -> None:
        assert server.get("/bare").body == b"written, yielded"


class TestFiles:
    def test_a_file_arrives_whole_with_its_length(self, server: Server) -> None:
        response = server.get("/file")

        assert response.header("content-length") == str(256 * 4096)
        assert response.body == bytes(range(256)) * 4096

    def test_head_of_a_file_reads_none_of_it(self, server: Server) -> None:
        response = server.get("/file", method="HEAD")

        assert (response.header("content-length"), response.body) == (str(256 * 4096), b"")


class TestStreams:
    def test_chunks_arrive(self, server: Server) -> None:
        assert server.get("/stream?as=short&count=50&size=1000").body == b"s" * 50_000

    def test_are_closed_in_the_thread_of_the_view(self, server: Server) -> None:
        server.get("/stream?as=normal&count=3&size=10")

        assert server.wait("closed normal") == {"made": 3, "same thread": True}

    def test_end_when_the_client_leaves(self, server: Server) -> None:
        with chunked_stream(server, "left", 1_000_000, 65536) as connection:
            connection.read_until(b"ssss")

        closed = server.wait("closed left")
        assert closed["made"] < 10_000
        assert closed["same thread"]

    def test_are_made_no_faster_than_the_client_reads(self, server: Server) -> None:
        with chunked_stream(server, "slow", 2_000, 65536, receive_buffer=65536) as connection:
            connection.read_until(b"ssss")
            made = _made_at_rest(server, "slow")

            assert made < 500  # of 2,000: kernel buffers, our window, no more
            while connection.socket.recv(1 << 20).find(b"\r\n0\r\n\r\n") < 0:
                pass
        assert server.wait("closed slow")["made"] == 2_000

    def test_that_fail_are_seen_as_broken(self, server: Server) -> None:
        with server.connect() as connection:
            connection.send(b"GET /broken HTTP/1.1\r\nHost: localhost\r\n\r\n")
            everything = connection.read_to_end()

        assert b"first" in everything
        assert not everything.endswith(b"0\r\n\r\n")

    def test_are_not_begun_for_head(self, server: Server) -> None:
        assert server.get("/stream?as=head&count=3&size=10", method="HEAD").body == b""
        assert not server.seen("made head")


class TestHttp10:
    def test_the_connection_is_closed(self, server: Server) -> None:
        with server.connect() as connection:
            connection.send(b"GET /plain HTTP/1.0\r\n\r\n")

            assert connection.read_to_end().endswith(b"\r\n\r\nxxxxx")

    def test_a_stream_gets_a_length_instead_of_chunks(self, server: Server) -> None:
        with server.connect() as connection:
            connection.send(b"GET /stream?as=old&count=3&size=4 HTTP/1.0\r\n\r\n")
            head, _, body = connection.read_to_end().partition(b"\r\n\r\n")

        assert b"content-length: 12" in head
        assert b"chunked" not in head
        assert body == b"s" * 12
