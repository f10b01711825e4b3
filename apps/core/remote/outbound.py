"""Calls to addresses that somebody else has chosen, a tenant say: they must not lead into our own network (CWE-918).

The host is looked up once, each of its addresses is judged, and the connection goes to one of those: a name that leads
elsewhere a moment later is no way round. No redirect is followed, and no proxy or password of the environment is used.
`post_form` does not read what is answered; `fetch` and `post` read so much of it, for so long, and no more.

Each call goes `through` a dependency, whose policy says for how long, how often and whether at all: for everything
together, however slowly the bytes come. An answer of 5xx or 429 counts as a failure there, and is an answer here.
"""

from __future__ import annotations

import ipaddress
import socket
import ssl
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache, partial
from typing import Any
from urllib.parse import SplitResult, urlencode, urlsplit

import httpcore2
import httpx2
from django.conf import settings

from apps.core.errors import Invalid, Unavailable
from apps.core.resilience import Dependency, NotCalled
from apps.core.tenancy import current_tenant_id

_Address = ipaddress.IPv4Address | ipaddress.IPv6Address
_DEFAULT_PORTS = {"https": 443, "http": 80}
# RFC 6052 §2.1: an IPv4 address in disguise, as 6to4 and Teredo have them too.
_NAT64 = ipaddress.ip_network("64:ff9b::/96")


class AddressRefused(Invalid):
    """This address is none that we call: it must be https, and of a public network."""

    code = "address_refused"


class Unreachable(Unavailable):
    """The address does not answer."""

    code = "address_unreachable"


class NotAsked(Unreachable):
    """The address was not asked, since it failed a moment ago or is asked too much already."""

    code = "address_not_asked"


@dataclass(frozen=True, slots=True)
class Answer:
    """What a server of somebody else's answered. `content_type` is without its parameters, in small letters, as are the
    names of the `headers`.
    """

    status: int
    content_type: str
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)


class _Silent(Unreachable):
    """Nothing came, or not in time."""


class _Poor(Unreachable):
    """It answered that it could not."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(f"answered {answer.status}")
        self.answer = answer


# What counts against a dependency, and is worth another try: for its policy. Nonsense is neither.
FAILURES = (_Silent, _Poor)
_TOO_MANY = 429


def post_form(url: str, form: Mapping[str, str], *, through: Dependency) -> int:
    """POST a form; the status of the answer. Raises AddressRefused, Unreachable.

    Our own BASE_URL may be plain and private, others only where OUTBOUND_PRIVATE_ADDRESSES allows it.
    """
    request = _Request(url, urlencode(form).encode(), _FORM)
    return _asked(through, request, lambda _: b"").status


def fetch(
    url: str,
    *,
    through: Dependency,
    most_bytes: int,
    form: Mapping[str, str] | None = None,
    headers: Mapping[str, str] | None = None,
    is_ours: bool = False,
) -> Answer:
    """GET, or POST a form; what was answered, a redirect too. Raises AddressRefused, Unreachable.

    Addresses as for `post_form`; with `is_ours`, for one that the operator configured, any. A body of more than
    `most_bytes` is refused. A GET may be tried more than once.
    """
    sent = {"Accept": "application/json", **(headers or {}), **({} if form is None else _FORM)}
    content = None if form is None else urlencode(form).encode()
    request = _Request(url, content, sent, is_ours=is_ours)
    return _asked(through, request, lambda pieces: _bounded(pieces, most_bytes))


def post(url: str, content: bytes, *, headers: Mapping[str, str], through: Dependency, most_bytes: int) -> Answer:
    """POST bytes; what was answered, a redirect too. Raises AddressRefused, Unreachable.

    Addresses as for `post_form`. Of the body no more than `most_bytes` are read, and what goes wrong after the
    answer's head does not matter: the head says what became of what was sent.
    """
    return _asked(through, _Request(url, content, headers), lambda pieces: _beginning(pieces, most_bytes))


_FORM = {"Content-Type": "application/x-www-form-urlencoded"}
_Read = Callable[[Iterable[bytes]], bytes]


@dataclass(frozen=True, slots=True)
class _Request:
    url: str
    content: bytes | None
    headers: Mapping[str, str]
    is_ours: bool = False

    def attempt(self, read: _Read, timeout_s: float) -> Answer:
        answer = _Exchange(self.url, timeout_s=timeout_s, is_ours=self.is_ours).answer(self.content, self.headers, read)
        if answer.status >= 500 or answer.status == _TOO_MANY:
            raise _Poor(answer)
        return answer


def _asked(through: Dependency, request: _Request, read: _Read) -> Answer:
    parts = _checked(request.url, is_ours=request.is_ours)
    try:
        return through.call(
            partial(request.attempt, read),
            address=f"{parts.hostname}:{_port(parts)}",
            tenant=current_tenant_id(),
            idempotent=request.content is None,
        )
    except _Poor as poor:
        return poor.answer
    except NotCalled as error:
        raise NotAsked(str(error), retry_after_s=error.retry_after_s) from error


class _Exchange:
    """One request to an address that was vetted, and one deadline for all of it."""

    def __init__(self, url: str, *, timeout_s: float, is_ours: bool = False) -> None:
        self._parts = _checked(url, is_ours=is_ours)
        self._backend = _Vetted(_vetted_addresses(self._parts, is_ours=is_ours), time.monotonic() + timeout_s)

    def answer(self, content: bytes | None, headers: Mapping[str, str], read: _Read) -> Answer:
        """GET, or POST the content. Raises Unreachable."""
        sent = {"Accept-Encoding": "identity", "User-Agent": "platform", **headers}
        if content is not None:
            sent |= {"Content-Length": str(len(content))}
        try:
            with (
                httpcore2.ConnectionPool(ssl_context=_tls(), network_backend=self._backend) as pool,
                pool.stream(
                    "GET" if content is None else "POST",
                    self._parts._replace(fragment="").geturl(),
                    headers=[(name.encode("latin-1"), value.encode("latin-1")) for name, value in sent.items()],
                    content=content,
                ) as response,
            ):
                told = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in response.headers}
                kind = _plain_type(told.get("content-type", ""))
                return Answer(response.status, kind, read(response.iter_stream()), told)
        except _NO_ANSWER as error:
            raise _Silent(self._complaint(error)) from error
        except ValueError as error:
            raise Unreachable(self._complaint(error)) from error

    def _complaint(self, error: Exception) -> str:
        return f"{self._parts.hostname} does not answer as it should: {type(error).__name__}"


@cache
def _tls() -> ssl.SSLContext:
    """Verifies who answers. Once: reading the authorities takes longer than most answers."""
    return httpx2.create_ssl_context()


_NO_ANSWER = (
    httpcore2.TimeoutException,
    httpcore2.NetworkError,
    httpcore2.ProtocolError,
    httpcore2.UnsupportedProtocol,
    OSError,
)


class _TooLong(ValueError):
    """More was sent than anybody asked for."""


def _bounded(pieces: Iterable[bytes], most_bytes: int) -> bytes:
    body = bytearray()
    for piece in pieces:
        body += piece
        if len(body) > most_bytes:
            raise _TooLong
    return bytes(body)


def _beginning(pieces: Iterable[bytes], most_bytes: int) -> bytes:
    """So much of it, or what comes before it breaks off."""
    body = bytearray()
    with suppress(*_NO_ANSWER):
        for piece in pieces:
            body += piece
            if len(body) >= most_bytes:
                break
    return bytes(body[:most_bytes])


def _plain_type(value: str) -> str:
    return value.partition(";")[0].strip().lower()


class _Vetted(httpcore2.NetworkBackend):
    """Connects to the first of these addresses that answers, whatever name is asked for, and lets nothing wait beyond
    one deadline.
    """

    def __init__(self, addresses: Sequence[str], deadline: float) -> None:
        self._addresses, self._deadline = addresses, deadline

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Any = None,
    ) -> httpcore2.NetworkStream:
        *others, last = self._addresses
        for address in others:
            with suppress(httpcore2.ConnectError):
                return self._connected(address, port, local_address, socket_options)
        return self._connected(last, port, local_address, socket_options)

    def _connected(
        self, address: str, port: int, local_address: str | None, socket_options: Any
    ) -> httpcore2.NetworkStream:
        stream = httpcore2.SyncBackend().connect_tcp(
            address, port, timeout=self.left_s(), local_address=local_address, socket_options=socket_options
        )
        return _Hurried(stream, self)

    def left_s(self) -> float:
        """Seconds until the deadline. Raises httpcore2.ReadTimeout once it has passed."""
        left_s = self._deadline - time.monotonic()
        if left_s <= 0:
            raise httpcore2.ReadTimeout
        return left_s


class _Hurried(httpcore2.NetworkStream):
    """A connection that keeps to its backend's deadline: one byte a second would meet any limit for one read."""

    def __init__(self, stream: httpcore2.NetworkStream, backend: _Vetted) -> None:
        self._stream, self._backend = stream, backend

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, timeout=self._backend.left_s())

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, timeout=self._backend.left_s())

    def start_tls(
        self, ssl_context: Any, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore2.NetworkStream:
        secured = self._stream.start_tls(ssl_context, server_hostname, timeout=self._backend.left_s())
        return _Hurried(secured, self._backend)

    def close(self) -> None:
        self._stream.close()

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)


def check_form(url: str) -> None:
    """Raises AddressRefused for an address that could never be called: for when it is written down."""
    _checked(url)


def is_private_allowed(parts: SplitResult) -> bool:
    """True for our own origin, and everywhere on a developer's machine."""
    own = urlsplit(settings.BASE_URL)
    return bool(settings.OUTBOUND_PRIVATE_ADDRESSES) or (
        (parts.scheme, parts.hostname, _port(parts)) == (own.scheme, own.hostname, _port(own))
    )


def _checked(url: str, *, is_ours: bool = False) -> SplitResult:
    try:
        parts = urlsplit(url)
        known = parts.scheme in _DEFAULT_PORTS and bool(parts.hostname) and _port(parts) > 0
    except ValueError:
        known = False
    if not known or "@" in parts.netloc:
        raise AddressRefused(f"{url[:200]!r} is no address of a web server")
    if parts.scheme != "https" and not (is_ours or is_private_allowed(parts)):
        raise AddressRefused(f"{url[:200]!r} must begin with https://")
    return parts


def _vetted_addresses(parts: SplitResult, *, is_ours: bool = False) -> list[str]:
    try:
        found = socket.getaddrinfo(parts.hostname, _port(parts), type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise _Silent(f"there is no host {parts.hostname}") from error
    addresses = [str(entry[4][0]) for entry in found]
    if not (is_ours or is_private_allowed(parts)) and not all(map(_is_public, addresses)):
        raise AddressRefused(f"{parts.hostname} lies in a network that is not public")
    return addresses


def _is_public(text: str) -> bool:
    address: _Address = ipaddress.ip_address(text.partition("%")[0])
    if isinstance(address, ipaddress.IPv6Address):
        if address.sixtofour or address.teredo or address in _NAT64:
            return False
        address = address.ipv4_mapped or address
    return address.is_global and not address.is_multicast


def _port(parts: SplitResult) -> int:
    return parts.port or _DEFAULT_PORTS.get(parts.scheme, 0)
