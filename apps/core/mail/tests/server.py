"""A mail server for tests: speaks as much SMTP (RFC 5321) as a client needs, and keeps what it was given."""

from __future__ import annotations

import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage


@dataclass
class MailServer:
    """`answers` overrules what it says to a command, such as `{"RCPT": "550 no such mailbox"}`."""

    answers: dict[str, str] = field(default_factory=dict)
    received: list[EmailMessage] = field(default_factory=list)
    port: int = 0

    @property
    def url(self) -> str:
        return f"smtp://127.0.0.1:{self.port}"


class _Conversation(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        self._say("220 tests")
        while line := self.rfile.readline():
            verb = line.split()[0].decode().upper() if line.split() else ""
            if verb == "DATA":
                self._data()
            else:
                self._say(self.mail.answers.get(verb, "250 ok"))
            if verb == "QUIT":
                return

    def _data(self) -> None:
        self._say("354 go on")
        lines = []
        while (line := self.rfile.readline()) not in (b".\r\n", b""):
            lines.append(line.removeprefix(b".") if line.startswith(b"..") else line)
        answer = self.mail.answers.get("DATA", "250 ok")
        if answer.startswith("250"):
            self.mail.received.append(message_from_bytes(b"".join(lines), policy=policy.default))
        self._say(answer)

    def _say(self, text: str) -> None:
        self.wfile.write(f"{text}\r\n".encode())

    @property
    def mail(self) -> MailServer:
        return self.server.mail  # type: ignore[attr-defined]


@contextmanager
def running() -> Iterator[MailServer]:
    """A server on a free port, until the block ends."""
    mail = MailServer()
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), _Conversation) as server:
        server.daemon_threads = True
        server.mail, mail.port = mail, server.server_address[1]  # type: ignore[attr-defined]
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield mail
        finally:
            server.shutdown()
            thread.join()
