"""Calls to addresses that somebody else has chosen, a tenant say: they must not lead into our own network (CWE-918).

The host is looked up once, each of its addresses is judged, and the connection goes to one of those: a name that leads
elsewhere a moment later is no way round. No redirect is followed, and no proxy or password of the environment is used.
`post_form` does not read what is answered; `fetch` and `post` read so much of it, for so long, and no more.
"""

from __future__ import annotations

import ipaddress
import socket
import ssl
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache
from typing import Any
from urllib.parse import SplitResult, urlencode, urlsplit

import httpcore2
import httpx2
from django.conf import settings

from apps.core.errors import Invalid, Unavailable

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


def post_form(url: str, form: Mapping[str, str], *, timeout_s: float) -> int:
    """POST a form; the status of the answer. Raises AddressRefused, Unreachable.

    Our own BASE_URL may be plain and private, others only where OUTBOUND_PRIVATE_ADDRESSES allows it. `timeout_s` is
    for each step: connecting, sending, waiting for the answer's head.
    """
    parts = _checked(url)
    address = _vetted_addresses(parts)[0]
    host = f"[{address}]" if ":" in address else address
    target = parts._replace(netloc=f"{host}:{_port(parts)}", fragment="").geturl()
    try:
        with (
            httpx2.Client(timeout=timeout_s, follow_redirects=False, trust_env=False) as client,
            client.stream(
                "POST",
                target,
                data=dict(form),
                headers={"Host": parts.netloc.rpartition("@")[2]},
                extensions={"sni_hostname": parts.hostname},
            ) as response,
        ):
            return int(response.status_code)
    except (httpx2.HTTPError, httpx2.InvalidURL) as error:
        raise Unreachable(f"{parts.hostname} does not answer: {type(error).__name__}") from error


@dataclass(frozen=True, slots=True)
class Answer:
    """What a server of somebody else's answered. `content_type` is without its parameters, in small letters, as are the
    names of the `headers`.
    """

    status: int
    content_type: str
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)


def fetch(
    url: str,
    *,
    timeout_s: float,
    most_bytes: int,
    form: Mapping[str, str] | None = None,
    headers: Mapping[str, str] | None = None,
    is_ours: bool = False,
) -> Answer:
    """GET, or POST a form; what was answered, a redirect too. Raises AddressRefused, Unreachable.

    Addresses as for `post_form`; with `is_ours`, for one that the operator configured, any. `timeout_s` is for
    everything together, however slowly the bytes come; a body of more than `most_bytes` is refused.
    """
    sent = {"Accept": "application/json", **(headers or {})}
    content = None
    if form is not None:
        content = urlencode(form).encode()
        sent |= {"Content-Type": "application/x-www-form-urlencoded"}
    exchange = _Exchange(url, timeout_s=timeout_s, is_ours=is_ours)
    return exchange.answer(content, sent, lambda pieces: _bounded(pieces, most_bytes))


def post(url: str, content: bytes, *, headers: Mapping[str, str], timeout_s: float, most_bytes: int) -> Answer:
    """POST bytes; what was answered, a redirect too. Raises AddressRefused, Unreachable.

    Addresses as for `post_form`, `timeout_s` as for `fetch`. Of the body no more than `most_bytes` are read, and what
    goes wrong after the answer's head does not matter: the head says what became of what was sent.
    """
    exchange = _Exchange(url, timeout_s=timeout_s)
    return exchange.answer(content, headers, lambda pieces: _beginning(pieces, most_bytes))


class _Exchange:
    """One request to an address that was vetted, and one deadline for all of it."""

    def __init__(self, url: str, *, timeout_s: float, is_ours: bool = False) -> None:
        self._parts = _checked(url, is_ours=is_ours)
        self._backend = _Vetted(_vetted_addresses(self._parts, is_ours=is_ours), time.monotonic() + timeout_s)

    def answer(
        self, content: bytes | None, headers: Mapping[str, str], read: Callable[[Iterable[bytes]], bytes]
    ) -> Answer:
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
        except (*_NO_ANSWER, UnicodeError, ValueError) as error:
            what = f"{self._parts.hostname} does not answer as it should"
            raise Unreachable(f"{what}: {type(error).__name__}") from error


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
        raise Unreachable(f"there is no host {parts.hostname}") from error
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
