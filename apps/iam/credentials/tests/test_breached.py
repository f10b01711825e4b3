"""Stolen passwords: asked of a service over HTTP, which learns little, and of a file."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from apps.iam.credentials import breached, checks
from apps.iam.credentials.errors import InvalidPassword
from apps.iam.credentials.passwords import check_strength

STOLEN = "correct horse battery staple"
HASH = hashlib.sha1(STOLEN.encode()).hexdigest().upper()


class RangeServer(ThreadingHTTPServer):
    """Answers as Have I Been Pwned does; `body` is what it says, `holds` keeps it from answering."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Answer)
        self.body, self.status, self.asked = "", 200, []
        self.holds = threading.Event()
        self.holds.set()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/range/"


class _Answer(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        server = self.server
        server.asked.append((self.path, self.headers["Add-Padding"]))  # type: ignore[attr-defined]
        server.holds.wait()  # type: ignore[attr-defined]
        body = server.body.encode()  # type: ignore[attr-defined]
        self.send_response(server.status)  # type: ignore[attr-defined]
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: object) -> None:
        """Nothing."""


@pytest.fixture
def service(settings) -> Iterator[RangeServer]:
    server = RangeServer()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    settings.BREACHED_PASSWORDS_URL = server.url
    yield server
    server.holds.set()
    server.shutdown()
    thread.join()
    server.server_close()


class TestService:
    def test_is_told_five_digits_and_asked_for_padding(self, service):
        service.body = f"{'0' * 35}:3\r\n{HASH[5:]}:42\r\n"

        assert breached.is_known(STOLEN)
        assert service.asked == [(f"/range/{HASH[:5]}", "true")]

    @pytest.mark.parametrize("body", ["", f"{'0' * 35}:3", f"{HASH[5:]}:0", f"{HASH[5:-1]}:7", "<html>no list</html>"])
    def test_knows_nothing_that_it_does_not_list_nor_padding(self, service, body):
        service.body = body

        assert not breached.is_known(STOLEN)

    def test_makes_the_password_unusable(self, service):
        service.body = f"{HASH[5:].lower()}:1"

        with pytest.raises(InvalidPassword, match="stolen"):
            check_strength(STOLEN, user=None)

    def test_keeps_nobody_from_choosing_while_it_fails(self, service, settings, caplog):
        service.status = 503
        failing = breached.is_known(STOLEN)
        service.status, settings.BREACHED_PASSWORDS_TIMEOUT_S = 200, 0.05
        service.holds.clear()
        silent = breached.is_known(STOLEN)
        settings.BREACHED_PASSWORDS_URL = "http://127.0.0.1:1/range/"
        away = breached.is_known(STOLEN)

        assert (failing, silent, away) == (False, False, False)
        assert caplog.text.count("breached passwords cannot be looked up") == 3
        assert STOLEN not in caplog.text
        assert HASH[:10] not in caplog.text

    def test_is_asked_only_where_it_is_set_up(self, service, settings):
        settings.BREACHED_PASSWORDS_URL = ""

        assert not breached.is_known(STOLEN)
        assert service.asked == []


class TestFile:
    @pytest.fixture
    def written(self, settings, tmp_path):
        def write(passwords, digits=40, ending="\n", count=""):
            hashes = sorted(hashlib.sha1(one.encode()).hexdigest().upper()[:digits] for one in passwords)
            path = tmp_path / "stolen.txt"
            path.write_bytes("".join(f"{one}{count}{ending}" for one in hashes).encode())
            settings.BREACHED_PASSWORDS_FILE = str(path)

        return write

    @pytest.mark.parametrize("digits", [10, 17, 40])
    @pytest.mark.parametrize(("ending", "count"), [("\n", ""), ("\r\n", ":12"), ("\n", ":7")])
    def test_finds_each_of_its_lines_and_no_other(self, written, digits, ending, count):
        stolen = [f"stolen password {n}" for n in range(100)]
        written(stolen, digits, ending, count)

        assert all(breached.is_known(one) for one in stolen)
        assert not any(breached.is_known(f"good password {n}") for n in range(100))

    @pytest.mark.parametrize("content", ["", "not hexadecimal\n", "ABC\n"])
    def test_keeps_nobody_from_choosing_when_it_is_broken_but_says_so_at_the_start(
        self, settings, tmp_path, caplog, content
    ):
        path = tmp_path / "broken.txt"
        path.write_text(content)
        settings.BREACHED_PASSWORDS_FILE = str(path)

        assert not breached.is_known(STOLEN)
        assert "cannot be read" in caplog.text
        assert [error.id for error in checks.breached_passwords_can_be_read(None)] == ["credentials.E001"]

    def test_may_hold_one_line(self, written):
        written([STOLEN])

        assert breached.is_known(STOLEN)
        assert checks.breached_passwords_can_be_read(None) == []
