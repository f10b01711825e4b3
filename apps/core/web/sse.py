"""Server-sent events (HTML Living Standard §9.2): an ASGI stream route writes `await EventStream(...).run(events)`.

    async def order_events(scope, receive, send):
        stream = EventStream(scope, receive, send)
        await stream.run(news_since(stream.last_event_id))

Who may listen is Django's to say: `admission.admitted`.
`events` is an async iterator of `ServerSentEvent`. It is closed, so its `finally` blocks run, when the client leaves,
when the process drains (the browser reconnects elsewhere, with Last-Event-ID), or when it ends by itself. Blocking
work, such as the ORM, belongs on a thread: `await in_thread(scope, function)`.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from django.db import close_old_connections

from apps.core.resilience.door import Priority
from apps.core.web.drain import drain
from apps.core.web.interfaces import Receive, Scope, Send
from apps.core.web.threads import ThreadPool

HEARTBEAT_S = 15.0
_HEARTBEAT = b": heartbeat\n\n"
_HEADERS = [
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-store"),
    (b"x-accel-buffering", b"no"),  # nginx would hold events back
]
T = TypeVar("T")
_CLOSE_WAIT_S = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerSentEvent:
    """One event. `id` comes back as Last-Event-ID after a reconnect; `event` is its type; `data` may have lines.

    Without `data` (None) nothing happens at the client but that it remembers the `id`.
    """

    data: str | None = ""
    event: str = ""
    id: str = ""
    retry_ms: int | None = None

    def encode(self) -> bytes:
        """The event on the wire. Raises ValueError when `id` or `event` would end its line."""
        if any(c in self.id + self.event for c in "\r\n\0"):
            raise ValueError("id and event of a server-sent event are one line without NUL")
        lines = [f"{name}: {value}" for name, value in (("id", self.id), ("event", self.event)) if value]
        if self.retry_ms is not None:
            lines.append(f"retry: {self.retry_ms}")
        if self.data is not None:
            text = self.data.replace("\r\n", "\n").replace("\r", "\n")
            lines += [f"data: {line}" for line in text.split("\n")]
        return ("\n".join(lines) + "\n\n").encode()


class EventStream:
    """One client's stream. `heartbeat_s`: a comment is sent after that long without an event."""

    def __init__(self, scope: Scope, receive: Receive, send: Send, *, heartbeat_s: float = HEARTBEAT_S) -> None:
        self._scope, self._receive, self._send = scope, receive, send
        self._heartbeat_s = heartbeat_s

    @property
    def last_event_id(self) -> str:
        """The last event the client has seen, or "" for a new one. Written by the client: check it."""
        found = [value for name, value in self._scope["headers"] if name == b"last-event-id"]
        return found[0].decode("utf-8", "replace") if found else ""

    async def run(self, events: AsyncIterator[ServerSentEvent], *, headers: Sequence[tuple[bytes, bytes]] = ()) -> None:
        """Send `events` until they end, the client leaves, or the process drains."""
        ending = [asyncio.create_task(self._until_gone()), asyncio.create_task(drain.wait())]
        try:
            await self._send({"type": "http.response.start", "status": 200, "headers": [*_HEADERS, *headers]})
            await self._write(_HEARTBEAT)  # the client's `open` event need not wait for news
            await self._forward(events, ending)
            await self._send({"type": "http.response.body", "body": b"", "more_body": False})
        finally:
            for task in ending:
                task.cancel()
            await _close(events)

    async def _forward(self, events: AsyncIterator[ServerSentEvent], ending: list[asyncio.Task[None]]) -> None:
        upcoming = asyncio.create_task(_next(events))
        try:
            while True:
                waited: list[asyncio.Task[Any]] = [upcoming, *ending]
                await asyncio.wait(waited, timeout=self._heartbeat_s, return_when=asyncio.FIRST_COMPLETED)
                if any(task.done() for task in ending):
                    return
                if not upcoming.done():
                    await self._write(_HEARTBEAT)
                    continue
                await self._write(upcoming.result().encode())
                upcoming = asyncio.create_task(_next(events))
        except StopAsyncIteration:
            return
        finally:
            await _cancelled(upcoming)

    async def _write(self, data: bytes) -> None:
        await self._send({"type": "http.response.body", "body": data, "more_body": True})

    async def _until_gone(self) -> None:
        while (await self._receive())["type"] != "http.disconnect":
            pass


async def in_thread(scope: Scope, function: Callable[[], T], priority: Priority = Priority.HIGH) -> T:
    """Run a blocking function, such as a query, on the requests' pool. Raises PoolFull, or what it raises."""
    pool: ThreadPool = scope["state"]["threads"]
    return await pool.call(lambda: _with_fresh_connections(function), priority)


def _with_fresh_connections(function: Callable[[], T]) -> T:
    close_old_connections()
    try:
        return function()
    finally:
        close_old_connections()


async def _next(events: AsyncIterator[ServerSentEvent]) -> ServerSentEvent:
    return await anext(events)


async def _cancelled(task: asyncio.Task[Any]) -> None:
    """Cancel `task` and wait until it has ended: a generator that still runs cannot be closed."""
    task.cancel()
    await asyncio.wait([task], timeout=_CLOSE_WAIT_S)
    if task.done() and not task.cancelled():
        task.exception()  # seen, so that asyncio does not report it once more


async def _close(events: AsyncIterator[ServerSentEvent]) -> None:
    close = getattr(events, "aclose", None)
    if close is not None:
        await close()
