"""A real gunicorn on a free port, and a client that can send any bytes."""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import quote

ROOT = Path(__file__).resolve().parents[4]
WAIT_S = 60.0
RUNNER = "COVERAGE_RUNNER"
T = TypeVar("T")
_NOT_INHERITED = ("WEB_", "PROMETHEUS_", "DJANGO_", "COVERAGE_PROCESS_START")


@dataclass(frozen=True)
class Response:
    status: int
    headers: list[tuple[str, str]]
    body: bytes
    version: int

    def json(self) -> Any:
        return json.loads(self.body)

    def all(self, name: str) -> list[str]:
        return [value for key, value in self.headers if key.lower() == name]

    def header(self, name: str) -> str | None:
        return next(iter(self.all(name)), None)


class Connection:
    """One TCP connection; every read has a timeout."""

    def __init__(self, port: int, *, receive_buffer: int | None = None) -> None:
        self.socket = socket.socket()
        if receive_buffer:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self.socket.settimeout(WAIT_S)
        self.socket.connect(("127.0.0.1", port))

    def send(self, data: bytes) -> None:
        self.socket.sendall(data)

    def response(self, method: str = "GET") -> Response:
        answer = http.client.HTTPResponse(self.socket, method=method)
        answer.begin()
        body = answer.read()
        return Response(answer.status, answer.getheaders(), body, answer.version)

    def exchange(self, data: bytes, method: str = "GET") -> Response:
        self.send(data)
        return self.response(method)

    def read_until(self, marker: bytes) -> bytes:
        seen = b""
        for data in self._pieces():
            seen += data
            if marker in seen:
                return seen
        raise AssertionError(f"the connection ended before {marker!r}; got {seen[-300:]!r}")

    def read_to_end(self) -> bytes:
        seen = b""
        with suppress(ConnectionResetError):
            for data in self._pieces():
                seen += data
        return seen

    def _pieces(self) -> Iterator[bytes]:
        """What comes until the end. A stream's heartbeats keep a read from timing out, so there is a time for all."""
        until = time.monotonic() + WAIT_S
        while data := self.socket.recv(65536):
            yield data
            assert time.monotonic() < until, f"the connection does not end; the last was {data[-300:]!r}"

    def close(self) -> None:
        self.socket.close()

    def __enter__(self) -> Connection:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()


@dataclass(frozen=True)
class Server:
    """A running gunicorn with one worker process, unless its environment says otherwise."""

    process: subprocess.Popen[bytes]
    port: int
    log: Path

    def connect(self, **options: Any) -> Connection:
        return Connection(self.port, **options)

    def get(self, target: str, headers: Mapping[str, str] | None = None, method: str = "GET") -> Response:
        fields = {"Host": "localhost", "Connection": "close", **(headers or {})}
        head = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
        with self.connect() as connection:
            return connection.exchange(f"{method} {target} HTTP/1.1\r\n{head}\r\n".encode(), method)

    def set(self, name: str) -> None:
        assert self.get("/control?set=" + quote(name)).status == 200

    def wait(self, name: str) -> Any:
        """Wait for an event on the server; returns its value."""
        response = self.get("/control?await=" + quote(name))
        assert response.status == 200, f"{name} did not happen"
        return response.json()

    def seen(self, name: str) -> bool:
        return bool(self.get("/control?seen=" + quote(name)).json())

    def wait_until_waiting(self, count: int) -> None:
        """Wait until that many requests wait for a thread."""
        assert self.get(f"/control?waiting={count}").status == 200

    def begin_hold(self, name: str) -> Connection:
        """A request that keeps a thread until `release <name>` is set; returns when its view has been entered."""
        connection = self.connect()
        connection.send(f"GET /hold?as={name} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
        self.wait(f"entered {name}")
        return connection

    def stop(self, sig: signal.Signals = signal.SIGTERM) -> None:
        self.process.send_signal(sig)

    def stop_process(self, pid: int) -> None:
        """End one worker process of this server."""
        os.kill(pid, signal.SIGTERM)

    def logged(self) -> list[dict[str, Any]]:
        lines = self.log.read_text().splitlines()
        return [json.loads(line) for line in lines if line.startswith("{")]

    def until_logged(self, text: str, *, times: int = 1) -> str:
        """Wait until the log says `text` so many times; returns the log."""
        return eventually(self.log.read_text, lambda log: log.count(text) >= times)


def eventually(look: Callable[[], T], wanted: Callable[[T], bool]) -> T:
    """Look until it is as wanted: for what announces itself to nobody, such as a file or a gauge."""
    until = time.monotonic() + WAIT_S
    while not wanted(found := look()):
        if time.monotonic() > until:
            raise AssertionError(f"it never came to that; last seen:\n{found}")
        time.sleep(0.05)
    return found


@contextmanager
def running(folder: Path, **environment: str) -> Iterator[Server]:
    """A server for the block, ready; its own configuration is `config/gunicorn.py`."""
    with launched(folder, **environment) as server:
        server.until_logged("Application startup complete")
        yield server


@contextmanager
def launched(folder: Path, **environment: str) -> Iterator[Server]:
    """A server that has just been started, and may fail to."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    served = folder / "served.bin"
    served.write_bytes(bytes(range(256)) * 4096)
    log, pipe = folder / "server.log", folder / "pipe"
    os.mkfifo(pipe)
    own = {
        "TMPDIR": str(folder),
        "BIND": f"127.0.0.1:{port}",
        "WEB_PROCESSES": "1",
        "LOG_LEVEL": "INFO",
        "SERVED_FILE": str(served),
        "SERVED_PIPE": str(pipe),
    }
    kept = {name: value for name, value in os.environ.items() if not name.startswith(_NOT_INHERITED)}
    runner = [kept[RUNNER]] if RUNNER in kept else []
    arguments = ["-c", "config/gunicorn.py", "apps.core.web.tests.served:application"]
    command = [sys.executable, "-m", *runner, "gunicorn", *arguments]
    with log.open("wb") as out:
        process = subprocess.Popen(command, cwd=ROOT, env={**kept, **own, **environment}, stdout=out, stderr=out)
    try:
        yield Server(process, port, log)
    finally:
        process.terminate()
        try:
            process.wait(WAIT_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def tls_version(port: int, highest: ssl.TLSVersion) -> str | None:
    """The TLS version agreed on with a client that speaks at most `highest`."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode, context.maximum_version = False, ssl.CERT_NONE, highest
    with socket.create_connection(("127.0.0.1", port), WAIT_S) as plain, context.wrap_socket(plain) as secure:
        secure.sendall(b"GET /echo HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        assert b'"secure": true' in b"".join(iter(lambda: secure.recv(65536), b""))
        return secure.version()
