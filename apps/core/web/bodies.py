"""Reads a request's body on the event loop, so that a slow client never holds a thread."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from io import BytesIO
from tempfile import SpooledTemporaryFile
from typing import IO

from apps.core.web import problems
from apps.core.web.interfaces import RawHeaders, Receive
from apps.core.web.limits import Limits
from apps.core.web.problems import Problem


class ClientGone(Exception):
    """The client closed the connection."""


class Refused(Exception):
    """The request is answered with `problem` instead of reaching the application."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.code)
        self.problem = problem


@dataclass(frozen=True, slots=True)
class Body:
    """A whole body: `file` stands at its beginning, `length` is counted, whatever the header said."""

    file: IO[bytes]
    length: int


def announced_length(headers: RawHeaders) -> int | None:
    """Bytes of the body according to the header: 0 without one, None when it comes in chunks. Raises Refused."""
    length = 0
    for name, value in headers:
        if name == b"transfer-encoding":
            if value.strip().lower() != b"chunked":
                raise Refused(problems.UNKNOWN_CODING)
            return None
        if name == b"content-length":
            length = int(value)
    return length


async def read_body(length: int | None, receive: Receive, limits: Limits) -> Body:
    """The whole body, in memory or on disk. Raises ClientGone, Refused (too large, too slow, no space)."""
    if length == 0:
        return Body(BytesIO(), 0)
    if length is not None and length > limits.max_body_bytes:
        raise Refused(problems.body_too_large(limits.max_body_bytes))
    reader = _Reader(receive, limits)
    try:
        return await reader.read()
    except OSError as error:
        raise Refused(problems.NO_SPACE) from error


class _Reader:
    def __init__(self, receive: Receive, limits: Limits) -> None:
        self._receive, self._limits = receive, limits
        self._loop = asyncio.get_running_loop()
        self._deadline = self._loop.time() + limits.body_timeout_s

    async def read(self) -> Body:
        chunk, more = await self._next()
        if not more:
            return Body(BytesIO(chunk), self._checked(len(chunk)))
        file = SpooledTemporaryFile(max_size=self._limits.body_memory_bytes)  # noqa: SIM115 (the request closes it)
        try:
            return Body(file, await self._spool(file, chunk))
        except BaseException:
            file.close()
            raise

    async def _spool(self, file: SpooledTemporaryFile[bytes], chunk: bytes) -> int:
        length, more = 0, True
        while True:
            length = self._checked(length + len(chunk))
            await self._write(file, chunk, length)
            if not more:
                file.seek(0)
                return length
            chunk, more = await self._next()

    async def _write(self, file: SpooledTemporaryFile[bytes], chunk: bytes, length: int) -> None:
        if length <= self._limits.body_memory_bytes:
            file.write(chunk)
        else:  # a slow disk must not stop the loop
            await self._loop.run_in_executor(None, file.write, chunk)

    def _checked(self, length: int) -> int:
        if length > self._limits.max_body_bytes:
            raise Refused(problems.body_too_large(self._limits.max_body_bytes))
        return length

    async def _next(self) -> tuple[bytes, bool]:
        until = min(self._deadline, self._loop.time() + self._limits.body_idle_timeout_s)
        try:
            async with asyncio.timeout_at(until):
                message = await self._receive()
        except TimeoutError as error:
            raise Refused(problems.BODY_TOO_SLOW) from error
        if message["type"] == "http.disconnect":
            raise ClientGone
        return message.get("body", b""), message.get("more_body", False)
