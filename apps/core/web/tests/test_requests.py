"""What of a request reaches Django, byte for byte."""

from __future__ import annotations

from apps.core.web.tests.running import Response, Server


def ask(server: Server, head: str, body: bytes = b"") -> Response:
    with server.connect() as connection:
        return connection.exchange(head.replace("\n", "\r\n").encode("latin-1") + b"\r\n\r\n" + body)


class TestHeaders:
    def test_two_cookie_headers_are_joined_by_semicolon(self, server: Server) -> None:
        seen = ask(server, "GET /echo HTTP/1.1\nHost: localhost\nCookie: one=1\nCookie: two=2").json()

        assert seen["cookies"] == {"one": "1", "two": "2"}

    def test_other_repeated_fields_are_joined_by_comma(self, server: Server) -> None:
        seen = ask(server, "GET /echo HTTP/1.1\nHost: localhost\nAccept: a/b\nAccept: c/d").json()

        assert seen["headers"]["Accept"] == "a/b,c/d"

    def test_a_name_with_an_underscore_cannot_pose_as_one_with_a_hyphen(self, server: Server) -> None:
        seen = ask(server, "GET /echo HTTP/1.1\nHost: localhost\nX-Tenant: good\nX_Tenant: evil\nX_Other: evil").json()

        assert seen["meta"]["HTTP_X_TENANT"] == "good"
        assert "evil" not in str(seen)

    def test_a_proxy_field_does_not_become_a_proxy_variable(self, server: Server) -> None:
        assert "HTTP_PROXY" not in ask(server, "GET /echo HTTP/1.1\nHost: localhost\nProxy: evil").json()["meta"]

    def test_trailers_are_not_header_fields(self, server: Server) -> None:
        head = "POST /echo HTTP/1.1\nHost: localhost\nTransfer-Encoding: chunked\nTrailer: X-Tenant"
        seen = ask(server, head, b"2\r\nok\r\n0\r\nX-Tenant: evil\r\nAuthorization: evil\r\n\r\n").json()

        assert seen["length"] == 2
        assert "evil" not in str(seen)

    def test_the_scheme_comes_from_a_trusted_proxy(self, server: Server) -> None:
        seen = ask(
            server, "GET /echo HTTP/1.1\nHost: localhost\nX-Forwarded-Proto: https\nX-Forwarded-For: 203.0.113.9"
        )

        assert seen.json()["secure"] is True
        assert seen.json()["meta"]["REMOTE_ADDR"] == "203.0.113.9"


class TestPath:
    def test_bytes_that_are_no_text_are_kept(self, server: Server) -> None:
        seen = ask(server, "GET /echo/%FF%20x?q=%FF HTTP/1.1\nHost: localhost").json()

        assert seen["meta"]["RAW_URI"] == "/echo/%FF%20x?q=%FF"
        assert seen["path"] == "/echo/%FF x"  # Django escapes again what is not UTF-8
        assert seen["query"] == "q=%FF"

    def test_text_is_utf_8(self, server: Server) -> None:
        seen = ask(server, "GET /echo/caf%C3%A9 HTTP/1.1\nHost: localhost").json()

        assert seen["path"].encode("latin-1").decode() == "/echo/café"

    def test_an_absolute_target_is_a_path_too(self, server: Server) -> None:
        assert ask(server, "GET http://localhost/echo/x HTTP/1.1\nHost: localhost").json()["path"] == "/echo/x"

    def test_what_is_no_target_is_a_problem_document(self, server: Server) -> None:
        response = ask(server, "GET http://localhost HTTP/1.1\nHost: localhost")

        assert response.status == 400
        assert response.json()["code"] == "bad_request"


class TestBody:
    def test_chunks_are_counted(self, server: Server) -> None:
        head = "POST /echo HTTP/1.1\nHost: localhost\nTransfer-Encoding: chunked"
        seen = ask(server, head, b"5\r\nhello\r\n7;x=y\r\n, world\r\n0\r\n\r\n").json()

        assert seen["length"] == 12
        assert seen["meta"]["CONTENT_LENGTH"] == "12"
        assert "HTTP_TRANSFER_ENCODING" not in seen["meta"]

    def test_five_megabytes_pass_through_the_disk_unharmed(self, server: Server) -> None:
        body = bytes(range(256)) * 20_000
        seen = ask(server, f"POST /echo HTTP/1.1\nHost: localhost\nContent-Length: {len(body)}", body).json()

        assert (seen["length"], seen["sum"]) == (len(body), sum(body) % 65521)

    def test_100_continue_is_said_before_the_body_is_sent(self, server: Server) -> None:
        with server.connect() as connection:
            connection.send(
                b"POST /echo HTTP/1.1\r\nHost: localhost\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n"
            )
            assert connection.read_until(b"\r\n\r\n").startswith(b"HTTP/1.1 100 Continue")

            assert connection.exchange(b"body").json()["length"] == 4

    def test_a_view_is_not_entered_when_the_client_leaves_in_mid_upload(self, server: Server) -> None:
        with server.connect() as connection:
            connection.send(b"POST /echo?as=half HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\nhalf")
        for _ in range(4):  # every thread has had its turn
            server.get("/echo?as=whole")
        server.until_logged('"POST /echo 499"')

        assert server.seen("entered whole")
        assert not server.seen("entered half")

    def test_an_unknown_transfer_coding_is_refused(self, server: Server) -> None:
        head = "POST /echo HTTP/1.1\nHost: localhost\nTransfer-Encoding: gzip, chunked"
        response = ask(server, head, b"0\r\n\r\n")

        assert (response.status, response.json()["code"]) == (501, "unknown_transfer_coding")

    def test_two_lengths_are_no_request(self, server: Server) -> None:
        head = "POST /echo HTTP/1.1\nHost: localhost\nContent-Length: 4\nTransfer-Encoding: chunked"

        assert ask(server, head, b"0\r\n\r\n").status == 400


class TestConnection:
    def test_requests_follow_one_another(self, server: Server) -> None:
        with server.connect() as connection:
            paths = [
                connection.exchange(b"GET /echo/%d HTTP/1.1\r\nHost: localhost\r\n\r\n" % n).json()["path"]
                for n in range(3)
            ]

        assert paths == ["/echo/0", "/echo/1", "/echo/2"]

    def test_pipelined_requests_are_answered_in_order(self, server: Server) -> None:
        with server.connect() as connection:
            connection.send(b"".join(b"GET /echo/%d HTTP/1.1\r\nHost: localhost\r\n\r\n" % n for n in range(2)))
            connection.send(b"GET /echo/2 HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
            everything = connection.read_to_end()

        places = [everything.index(b'"path": "/echo/%d"' % n) for n in range(3)]
        assert places == sorted(places)
