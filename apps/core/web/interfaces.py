"""The types of the ASGI and WSGI interfaces, as far as we use them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from typing import Any, TypeAlias

RawHeaders: TypeAlias = list[tuple[bytes, bytes]]
Scope: TypeAlias = MutableMapping[str, Any]
Message: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[Message]]
Send: TypeAlias = Callable[[Message], Awaitable[None]]

# An ASGI handler of one path: what streams, or what must answer when all threads are busy.
StreamRoute: TypeAlias = Callable[[Scope, Receive, Send], Awaitable[None]]

# The edge: (method, target, header fields) -> the bytes of a whole response, or None to go on to Django.
Edge: TypeAlias = Callable[[bytes, bytes, RawHeaders], bytes | None]

Environ: TypeAlias = dict[str, Any]
WsgiApplication: TypeAlias = Callable[[Environ, Callable[..., Any]], Iterable[bytes]]
