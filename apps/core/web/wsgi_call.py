"""One request inside a pool thread: runs the WSGI application and hands over what it answers."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator
from tempfile import SpooledTemporaryFile
from types import TracebackType
from typing import Any

from apps.core.web.bodies import ClientGone
from apps.core.web.channel import Channel, Head
from apps.core.web.environ import FileBlocks
from apps.core.web.interfaces import Environ, RawHeaders, WsgiApplication

_HOP_BY_HOP = frozenset({b"connection", b"keep-alive", b"transfer-encoding", b"upgrade"})
_NO_BODY = frozenset({204, 304})
_SPOOL_BYTES = 1024 * 1024
_logger = logging.getLogger("web.wsgi")
_ExcInfo = tuple[type[BaseException], BaseException, TracebackType]


class WsgiCall:
    """Call it in a pool thread. `progress` tells the pool that a long response is moving."""

    def __init__(
        self, application: WsgiApplication, environ: Environ, channel: Channel, progress: Callable[[], None]
    ) -> None:
        self._application, self._environ = application, environ
        self._channel, self._progress = channel, progress
        self._status, self._headers = 0, RawHeaders()
        self._written: list[bytes] = []
        self._started = False  # the head has been handed over

    def __call__(self) -> None:
        try:
            if not self._channel.gone:
                self._run()
        except ClientGone:
            pass
        except BaseException as error:
            self._failed(error)
        finally:
            self._environ["wsgi.input"].close()

    def _run(self) -> None:
        result = self._application(self._environ, self._start_response)
        try:
            self._answer(result)
        finally:
            # Here, in the thread that ran the view: Django then closes this thread's connections.
            if (close := getattr(result, "close", None)) is not None:
                close()

    def _failed(self, error: BaseException) -> None:
        _logger.error("%s %s failed", self._environ["REQUEST_METHOD"], self._environ["PATH_INFO"], exc_info=error)
        try:
            self._channel.fail(error)
        except ClientGone:
            _logger.info("the loop had ended before it could be told")

    def _start_response(
        self, status: str, headers: list[tuple[str, str]], exc_info: _ExcInfo | None = None
    ) -> Callable[[bytes], Any]:
        if exc_info is not None and self._started:
            raise exc_info[1].with_traceback(exc_info[2])
        self._status = int(status[:3])
        self._headers = [_encoded(name, value) for name, value in headers]
        return self._written.append

    def _answer(self, result: Iterable[bytes]) -> None:
        # Django's ordinary response is whole already: one hand-over, and the thread is free.
        if isinstance(result, (list, tuple)) or getattr(result, "streaming", True) is False:
            body = b"".join([*self._taken(), *result])
            self._channel.finish(self._head(len(body)), body if self._may_have_body() else b"")
        elif not self._may_have_body():
            if not self._status:  # a generator that has not begun
                next(iter(result), None)
            self._channel.finish(self._head(None), b"")
        elif self._environ["SERVER_PROTOCOL"] == "HTTP/1.0" and not self._has_length():
            self._stream_whole(result)
        else:
            self._stream(self._chunks(result))

    def _chunks(self, result: Iterable[bytes]) -> Iterator[bytes]:
        for chunk in result:
            yield from self._taken()
            yield chunk
        yield from self._taken()

    def _taken(self) -> list[bytes]:
        """What was written by the callable that start_response returns; it comes before the iterable's next chunk."""
        written, self._written[:] = list(self._written), []
        return written

    def _stream(self, chunks: Iterable[bytes]) -> None:
        for chunk in chunks:
            if chunk:
                self._channel.put(self._head_once(), chunk)
                self._progress()
        self._channel.finish(self._head_once(), b"")

    def _stream_whole(self, result: Iterable[bytes]) -> None:
        """HTTP/1.0 knows no chunks, so the length must be known before the first byte is sent."""
        with SpooledTemporaryFile(max_size=_SPOOL_BYTES) as file:
            for chunk in self._chunks(result):
                file.write(chunk)
                self._progress()
            self._headers.append((b"content-length", str(file.tell()).encode()))
            file.seek(0)
            self._stream(FileBlocks(file))

    def _head_once(self) -> Head | None:
        return None if self._started else self._head(None)

    def _head(self, length: int | None) -> Head:
        """`length`: of the whole body, where it is known."""
        if not self._status:
            raise RuntimeError("the application did not call start_response")
        self._started = True
        headers = [field for field in self._headers if field[0] not in _HOP_BY_HOP]
        if self._status == 204:  # RFC 9110 §8.6
            headers = [field for field in headers if field[0] != b"content-length"]
        elif length is not None and self._status != 304 and not self._has_length():
            headers.append((b"content-length", str(length).encode()))
        return Head(self._status, headers)

    def _has_length(self) -> bool:
        return any(name == b"content-length" for name, _ in self._headers)

    def _may_have_body(self) -> bool:
        return self._environ["REQUEST_METHOD"] != "HEAD" and self._status not in _NO_BODY


def _encoded(name: str, value: str) -> tuple[bytes, bytes]:
    return name.lower().encode("latin-1"), value.strip().encode("latin-1")
