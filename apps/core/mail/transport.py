"""The way out: EMAIL_URL names a mail server, the outbox of development, or nothing."""

from __future__ import annotations

import smtplib
from dataclasses import dataclass
from functools import partial
from smtplib import SMTPException
from typing import Any
from urllib.parse import unquote, urlsplit

from django.conf import settings
from django.core.mail import EmailMultiAlternatives, get_connection

from apps.core.mail.dependencies import MAIL_SERVER
from apps.core.mail.errors import Undeliverable

OUTBOX = "outbox:"
_SMTP = "django.core.mail.backends.smtp.EmailBackend"
_PORTS = {"smtp": 25, "smtps": 465, "smtp+tls": 587}
_PERMANENT = range(500, 600)


@dataclass(frozen=True, slots=True)
class Server:
    """A mail server, and how it is spoken to: `tls` from the first byte, `starttls` once it has greeted."""

    host: str
    port: int
    username: str
    password: str
    tls: bool
    starttls: bool


def is_on() -> bool:
    """True where messages go somewhere, if only to the outbox."""
    return bool(settings.EMAIL_URL)


def is_outbox() -> bool:
    """True where messages are only kept, for a person at this machine to read."""
    return bool(settings.EMAIL_URL == OUTBOX)


def server_of(url: str) -> Server:
    """The server of `smtp://`, `smtps://` or `smtp+tls://user:password@host:port`. Raises ValueError."""
    parts = urlsplit(url)
    if parts.scheme not in _PORTS or not parts.hostname:
        raise ValueError(f"it must be {OUTBOX} or one of {', '.join(f'{scheme}://host' for scheme in _PORTS)}")
    if parts.path.strip("/") or parts.query or parts.fragment:
        raise ValueError("nothing may follow the host and the port")
    return Server(
        host=parts.hostname,
        port=parts.port or _PORTS[parts.scheme],
        username=unquote(parts.username or ""),
        password=unquote(parts.password or ""),
        tls=parts.scheme == "smtps",
        starttls=parts.scheme == "smtp+tls",
    )


def hand_over(*, to: str, subject: str, text: str, html: str, message_id: str) -> None:
    """Give a message to the server, which has it when this returns; in the outbox it lies already.

    Raises Undeliverable for what no repetition can help, OSError (SMTPException is one) and NotCalled for the rest.
    """
    if is_outbox():
        return
    server = server_of(settings.EMAIL_URL)
    message = EmailMultiAlternatives(
        subject=subject,
        body=text,
        from_email=settings.EMAIL_FROM,
        to=[to],
        # RFC 3834 §5: holiday replies and the like must not answer.
        headers={"Message-ID": message_id, "Auto-Submitted": "auto-generated"},
    )
    message.attach_alternative(html, "text/html")
    refusal = MAIL_SERVER.call(partial(_refusal, message, server), address=f"{server.host}:{server.port}")
    if refusal is None:
        return
    if _is_permanent(refusal):
        raise Undeliverable(str(refusal)) from refusal
    raise refusal


def _refusal(message: EmailMultiAlternatives, server: Server, timeout_s: float) -> SMTPException | None:
    """Why the server takes this message not; it is well then. Raises OSError where it is not."""
    message.connection = _connection(server, timeout_s)
    try:
        message.send()
    except (smtplib.SMTPRecipientsRefused, smtplib.SMTPDataError) as error:
        return error
    return None


def _is_permanent(error: SMTPException) -> bool:
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return all(code in _PERMANENT for code, _ in error.recipients.values())
    return isinstance(error, smtplib.SMTPDataError) and error.smtp_code in _PERMANENT


def _connection(server: Server, timeout_s: float) -> Any:
    return get_connection(
        _SMTP,
        host=server.host,
        port=server.port,
        username=server.username,
        password=server.password,
        use_ssl=server.tls,
        use_tls=server.starttls,
        timeout=timeout_s,
    )
