"""Addresses that somebody else has chosen."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, HTTPServer, ThreadingHTTPServer
from typing import Any

import pytest

from apps.core.remote import outbound
from apps.core.remote.outbound import FAILURES, AddressRefused, NotAsked, Unreachable, fetch, post_form
from apps.core.resilience import Dependency, Policy


def within(seconds: float) -> Dependency:
    """Nothing that failed before, and is waited for so long."""
    return Dependency("somebody", "somebody", Policy(timeout=seconds, slow_s=seconds, wait_s=0.0, failures=FAILURES))


class Receiver(BaseHTTPRequestHandler):
    """Keeps what it was sent, and answers with the status that its path names."""

    received: list[tuple[str, str, str]]

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        self.received.append((self.path, self.headers["Host"], body))
        self.send_response(int(self.path.rpartition("/")[2]))
        self.send_header("Location", "/200")
        self.end_headers()

    do_GET = do_POST

    def log_message(self, *args: Any) -> None:
        """Nothing."""


@pytest.fixture
def receiver(settings: Any) -> Iterator[HTTPServer]:
    settings.OUTBOUND_PRIVATE_ADDRESSES = True
    Receiver.received = []
    with HTTPServer(("127.0.0.1", 0), Receiver) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield server
        server.shutdown()
        thread.join(10)


@pytest.fixture
def outside(settings: Any) -> None:
    """As in production."""
    settings.OUTBOUND_PRIVATE_ADDRESSES = False
    settings.BASE_URL = "https://platform.example"


def leads_to(monkeypatch: pytest.MonkeyPatch, *addresses: str) -> None:
    answers = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, 443)) for address in addresses]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *args, **kwargs: answers)


class TestPostForm:
    def test_sends_the_form_and_names_the_host(self, receiver: HTTPServer) -> None:
        port = receiver.server_port

        assert post_form(f"http://localhost:{port}/hear/204", {"token": "a b"}, through=within(5)) == 204
        assert Receiver.received == [("/hear/204", f"localhost:{port}", "token=a+b")]

    def test_follows_no_redirect(self, receiver: HTTPServer) -> None:
        assert post_form(f"http://127.0.0.1:{receiver.server_port}/302", {"token": "x"}, through=within(5)) == 302
        assert len(Receiver.received) == 1

    def test_says_when_nobody_answers(self, receiver: HTTPServer) -> None:
        with socket.socket() as closed:
            closed.bind(("127.0.0.1", 0))
            with pytest.raises(Unreachable):
                post_form(f"http://127.0.0.1:{closed.getsockname()[1]}/", {}, through=within(1))

    def test_does_not_wait_for_ever(self, settings: Any) -> None:
        settings.OUTBOUND_PRIVATE_ADDRESSES = True
        with socket.create_server(("127.0.0.1", 0)) as silent, pytest.raises(Unreachable):
            post_form(f"http://127.0.0.1:{silent.getsockname()[1]}/", {}, through=within(0.2))

    def test_reaches_our_own_address_wherever_it_is(self, receiver: HTTPServer, settings: Any) -> None:
        settings.OUTBOUND_PRIVATE_ADDRESSES = False
        settings.BASE_URL = f"http://127.0.0.1:{receiver.server_port}"

        assert post_form(f"{settings.BASE_URL}/200", {}, through=within(5)) == 200
        with pytest.raises(AddressRefused):
            post_form(f"http://127.0.0.1:{receiver.server_port + 1}/200", {}, through=within(5))


@pytest.mark.usefixtures("outside")
class TestAddress:
    @pytest.mark.parametrize(
        "address",
        [
            "127.0.0.1",
            "10.0.0.7",
            "172.16.0.1",
            "192.168.1.1",
            "169.254.169.254",  # where clouds tell machines their passwords
            "100.64.0.1",
            "0.0.0.0",
            "224.0.0.1",
            "::1",
            "fe80::1",
            "fd00::1",
            "::ffff:10.0.0.7",
            "64:ff9b::a00:7",
            "2002:a00:7::",
        ],
    )
    def test_of_a_private_network_is_refused(self, monkeypatch: pytest.MonkeyPatch, address: str) -> None:
        leads_to(monkeypatch, address)

        with pytest.raises(AddressRefused, match="not public"):
            post_form("https://shop.example/logout", {}, through=within(1))

    def test_is_refused_when_only_one_of_several_is_private(self, monkeypatch: pytest.MonkeyPatch) -> None:
        leads_to(monkeypatch, "93.184.215.14", "10.0.0.7")

        with pytest.raises(AddressRefused):
            post_form("https://shop.example/logout", {}, through=within(1))

    @pytest.mark.parametrize(
        "url",
        [
            "http://shop.example/logout",
            "ftp://shop.example/",
            "file:///etc/passwd",
            "https://",
            "https://shop.example:0x/",
            "https://user:secret@shop.example/",
            "gopher://127.0.0.1:6379/_FLUSHALL",
        ],
    )
    def test_of_another_form_is_refused(self, url: str) -> None:
        with pytest.raises(AddressRefused):
            post_form(url, {}, through=within(1))

    def test_is_public_where_anybody_can_reach_it(self) -> None:
        assert outbound._is_public("93.184.215.14")
        assert outbound._is_public("2606:2800:21f:cb07:6820:80da:af6b:8b2c")


class Answering(BaseHTTPRequestHandler):
    """Answers as its path says."""

    asked: list[tuple[str, str, dict[str, str], str]]

    def do_GET(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
        self.asked.append((self.command, self.path, dict(self.headers), body))
        known = {"/endless": self._endless, "/drops": self._drop_by_drop}
        known.get(self.path, self._honest)()

    do_POST = do_GET

    def _honest(self) -> None:
        self.send_response({"/away": 302, "/busy": 503}.get(self.path, 200))
        self.send_header("Location", "/ok")
        self.send_header("Content-Type", "Application/JSON; charset=utf-8")
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    def _endless(self) -> None:
        self.send_response(200)
        self.end_headers()
        with suppress(OSError):
            while True:
                self.wfile.write(b"x" * 65536)

    def _drop_by_drop(self) -> None:
        with suppress(OSError):
            for byte in b"HTTP/1.1 200 OK\r\nX-Padding: " + b"x" * 20_000:
                self.wfile.write(bytes([byte]))
                time.sleep(0.01)

    def log_message(self, *args: Any) -> None:
        """Nothing."""


@pytest.fixture
def answering(settings: Any) -> Iterator[str]:
    settings.OUTBOUND_PRIVATE_ADDRESSES = True
    Answering.asked = []
    with ThreadingHTTPServer(("127.0.0.1", 0), Answering) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join(10)


class TestFetch:
    def test_reads_what_is_answered(self, answering: str) -> None:
        found = fetch(f"{answering}/ok?x=1", through=within(5), most_bytes=10, headers={"X-Own": "1"})

        assert (found.status, found.content_type, found.body) == (200, "application/json", b"{}")
        method, path, headers, _ = Answering.asked[0]
        assert (method, path, headers["X-Own"], headers["Accept-Encoding"]) == ("GET", "/ok?x=1", "1", "identity")

    def test_posts_a_form(self, answering: str) -> None:
        fetch(f"{answering}/ok", through=within(5), most_bytes=10, form={"code": "a b&c"})

        assert Answering.asked[0][0] == "POST"
        assert Answering.asked[0][3] == "code=a+b%26c"

    def test_asks_again_where_nothing_is_changed_by_it_and_answers_with_what_it_was_told(self, answering: str) -> None:
        through = within(5)

        assert fetch(f"{answering}/busy", through=through, most_bytes=10).status == 503
        assert fetch(f"{answering}/busy", through=through, most_bytes=10, form={"a": "b"}).status == 503
        assert [method for method, *_ in Answering.asked] == ["GET", "GET", "GET", "POST"]

    def test_leaves_alone_for_a_while_who_does_not_answer_well(self, answering: str) -> None:
        through = within(5)
        for _ in range(5):
            fetch(f"{answering}/busy", through=through, most_bytes=10, form={})

        with pytest.raises(NotAsked):
            fetch(f"{answering}/ok", through=through, most_bytes=10)
        assert len(Answering.asked) == 5

    def test_follows_no_redirect(self, answering: str) -> None:
        assert fetch(f"{answering}/away", through=within(5), most_bytes=10).status == 302
        assert len(Answering.asked) == 1

    def test_refuses_what_never_ends(self, answering: str) -> None:
        with pytest.raises(Unreachable, match="TooLong"):
            fetch(f"{answering}/endless", through=within(30), most_bytes=1_000_000)

    def test_waits_no_longer_for_drops_than_for_silence(self, answering: str) -> None:
        with pytest.raises(Unreachable, match="Timeout"):
            fetch(f"{answering}/drops", through=within(0.5), most_bytes=1_000_000)

    def test_tries_each_address_of_a_name(self, answering: str, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(outbound, "_vetted_addresses", lambda *_, **__: ["127.0.0.2", "127.0.0.1"])

        assert fetch(f"http://somewhere.example:{answering.rpartition(':')[2]}/ok", through=within(5), most_bytes=10)

    @pytest.mark.usefixtures("outside")
    @pytest.mark.parametrize("address", ["127.0.0.1", "169.254.169.254", "::ffff:10.0.0.7"])
    def test_asks_nothing_in_our_own_network(self, monkeypatch: pytest.MonkeyPatch, address: str) -> None:
        leads_to(monkeypatch, "93.184.215.14", address)

        with pytest.raises(AddressRefused, match="not public"):
            fetch("https://sso.example/", through=within(1), most_bytes=10)

    def test_asks_what_the_operator_configured_wherever_it_is(self, answering: str, settings: Any) -> None:
        settings.OUTBOUND_PRIVATE_ADDRESSES = False

        with pytest.raises(AddressRefused):
            fetch(f"{answering}/ok", through=within(5), most_bytes=10)
        assert fetch(f"{answering}/ok", through=within(5), most_bytes=10, is_ours=True).status == 200
