"""Carries one response from the thread that makes it to the event loop that sends it."""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from typing import NamedTuple

from apps.core.web.bodies import ClientGone
from apps.core.web.interfaces import RawHeaders


class Head(NamedTuple):
    """Status and header fields of a response."""

    status: int
    headers: RawHeaders


class Part(NamedTuple):
    """A piece of a response: the first has the head, the last says so."""

    head: Head | None
    body: bytes
    last: bool


_GONE = Part(None, b"", True)


class Channel:
    """The thread is never more than `window` parts ahead of what the client takes.

    `patience_s` is how long the thread waits for the client to take one. Longer than the protocol's own limit for
    stalled clients, which notices first and closes the connection: this is the floor under it.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, *, patience_s: float, window: int = 4) -> None:
        self.gone = False
        self._loop, self._patience_s, self._window = loop, patience_s, window
        self._room: threading.Semaphore | None = None
        self._parts: deque[Part | BaseException] = deque()
        self._reader: asyncio.Future[None] | None = None

    # What the thread calls.

    def finish(self, head: Head | None, body: bytes) -> None:
        """Hand over the last part. Never waits: the thread is free at once."""
        self._post(Part(head, body, last=True))

    def put(self, head: Head | None, body: bytes) -> None:
        """Hand over a part that is not the last; waits while the client is slow. Raises ClientGone."""
        if self._room is None:
            self._room = threading.Semaphore(self._window)
        taken = self._room.acquire(timeout=self._patience_s)
        if self.gone or not taken:
            raise ClientGone
        self._post(Part(head, body, last=False))

    def fail(self, error: BaseException) -> None:
        """Let the loop know that the response will not be completed."""
        self._post(error)

    # What the loop calls.

    async def get(self) -> Part:
        """The next part. Raises ClientGone, or what the application raised."""
        while not self._parts:
            self._reader = self._loop.create_future()
            await self._reader
        part = self._parts.popleft()
        if isinstance(part, BaseException):
            raise part
        if part is _GONE:
            raise ClientGone
        return part

    def taken(self) -> None:
        """A part that is not the last has been written: the thread may make another."""
        if self._room is not None:
            self._room.release()

    def abandon(self) -> None:
        """The client has left. A job that waits for a thread is not begun; a stream ends at its next part."""
        self.gone = True
        if self._room is not None:
            self._room.release()
        self._arrived(_GONE)

    def _post(self, part: Part | BaseException) -> None:
        try:
            self._loop.call_soon_threadsafe(self._arrived, part)
        except RuntimeError as closed:  # the loop has ended: the process stops
            raise ClientGone from closed

    def _arrived(self, part: Part | BaseException) -> None:
        self._parts.append(part)
        if self._reader is not None and not self._reader.done():
            self._reader.set_result(None)
