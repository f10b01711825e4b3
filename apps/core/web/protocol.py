"""HTTP/1.1 on the socket: uvicorn's protocol with the edge in front, limits on the header, and no endless waiting.

uvicorn itself bounds neither the size of a header nor the time it may take, never closes a connection that says
nothing, and lets trailers be taken for header fields. `tests/test_uvicorn_contract.py` names what is relied on here.
"""

from __future__ import annotations

import asyncio
import logging
import math
import socket
import struct
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from apps.core.web import problems
from apps.core.web.drain import drain
from apps.core.web.interfaces import Edge
from apps.core.web.limits import Limits
from apps.core.web.problems import Problem

_NEVER = math.inf
_READS = frozenset({b"GET", b"HEAD"})
_logger = logging.getLogger("web.edge")


class _Answered:
    """Stands for the exchange of a request that was answered without one: complete, and nobody waits for it."""

    response_complete = True
    message_event = asyncio.Event()


_ANSWERED: Any = _Answered()


class WebProtocol(HttpToolsProtocol):
    """One connection.

    The application's `edge` is asked first, as soon as the header is complete: the bytes it returns are the response,
    and no task, scope or thread is made for it. `limits` is the application's too.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._edge: Edge | None = getattr(self.config.app, "edge", None)
        self._limits: Limits = getattr(self.config.app, "limits", None) or Limits()
        self._expires_at = _NEVER
        self._in_head = False
        self._partial_bytes = -1  # of an unfinished header; -1 before its first pause
        self._unsent = 0
        self._stalled_since = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)  # type: ignore[arg-type]
        self._expires_at = self.loop.time() + self._limits.head_timeout_s

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self._in_head:
            self._head_paused(len(data))
        elif self._expires_at == _NEVER and self._idle():
            # Bytes that begin no request have stopped the keep-alive timer.
            self._expires_at = self.loop.time() + self._limits.head_timeout_s

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._in_head = True

    def on_headers_complete(self) -> None:
        self._in_head, self._partial_bytes, self._expires_at = False, -1, _NEVER
        if self._head_too_large():
            self._refuse(problems.HEAD_TOO_LARGE)
        elif not self._answered_by_edge():
            super().on_headers_complete()
            self.headers = []  # trailers come here; the scope keeps the list of the real header
            if drain.begun:
                self.cycle.keep_alive = False

    def send_400_response(self, msg: str) -> None:
        self._refuse(problems.bad_request(msg))

    def sweep(self, now: float) -> None:
        """Close the connection if it has waited too long. Called about once a second for every connection."""
        if now >= self._expires_at and self._idle():
            if self._in_head:
                self._refuse(problems.HEAD_TOO_SLOW)
            else:
                self.transport.close()
        unsent = self.transport.get_write_buffer_size()
        if unsent == 0 or unsent != self._unsent:
            self._unsent, self._stalled_since = unsent, now
        elif now - self._stalled_since > self._limits.send_timeout_s:
            self._reset()

    def _reset(self) -> None:
        """Drop the connection with what has not been sent. `close` would wait for the client to take it, and after a
        mere `abort` the kernel would.
        """
        connection = self.transport.get_extra_info("socket")
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.transport.abort()

    def _idle(self) -> bool:
        """No response is being made on this connection."""
        return self.cycle is None or self.cycle.response_complete

    def _head_paused(self, received: int) -> None:
        if self._partial_bytes < 0:
            self._partial_bytes = 0  # what came before it in the same read is not counted: it may be another's body
            self._expires_at = self.loop.time() + self._limits.head_timeout_s
            return
        self._partial_bytes += received
        if self._partial_bytes > self._limits.max_head_bytes:
            self._refuse(problems.HEAD_TOO_LARGE)

    def _head_too_large(self) -> bool:
        size = len(self.url) + sum(len(name) + len(value) + 4 for name, value in self.headers)
        return size > self._limits.max_head_bytes or len(self.headers) > self._limits.max_head_fields

    def _answered_by_edge(self) -> bool:
        if self._edge is None or not self._edge_may_answer():
            return False
        try:
            answer = self._edge(self.parser.get_method(), self.url, self.headers)
        except Exception:
            _logger.exception("the edge failed; the request goes on to the application")
            return False
        if answer is None:
            return False
        self.transport.write(answer)
        self._answered()
        self._expires_at = self.loop.time() + self.timeout_keep_alive
        return True

    def _edge_may_answer(self) -> bool:
        """Only what is simple: an answer must not overtake an earlier one, nor pile up before a slow client."""
        return (
            self._idle()
            and not self.flow.write_paused
            and not drain.begun
            and self.parser.get_method() in _READS
            and self.parser.get_http_version() == "1.1"
            and self.parser.should_keep_alive()
        )

    def _answered(self) -> None:
        self.server_state.total_requests += 1
        self.cycle = _ANSWERED

    def _refuse(self, problem: Problem) -> None:
        """Answer and close. If an earlier request of this connection is still being answered, only close."""
        if self._idle():
            self.transport.write(problems.raw_response(problem, date=self.server_state.default_headers))
            self._answered()
        self._in_head, self._expires_at = False, _NEVER
        self.transport.close()
