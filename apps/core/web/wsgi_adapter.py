"""Django's WSGI handler behind an ASGI server, on a bounded pool of threads.

Django's own ASGI path is five to ten times slower. The body is read on the event loop before a thread is taken, so a
slow client costs no thread; a client that leaves is noticed in the upload, in the queue and in a streamed response.
"""

from __future__ import annotations

import asyncio
import contextlib
import time

from apps.core.web import problems
from apps.core.web.bodies import ClientGone, Refused, announced_length, read_body
from apps.core.web.channel import Channel, Head
from apps.core.web.environ import environ_of
from apps.core.web.interfaces import RawHeaders, Receive, Scope, Send, WsgiApplication
from apps.core.web.limits import Limits
from apps.core.web.priority import priority_of
from apps.core.web.problems import Problem
from apps.core.web.threads import PoolFull, ThreadPool
from apps.core.web.wsgi_call import WsgiCall

_LINGER_S = 2.0
_LINGER_BYTES = 16 * 1024 * 1024


class WsgiAdapter:
    """An ASGI application (HTTP only) that runs `application` on `pool`."""

    def __init__(self, application: WsgiApplication, pool: ThreadPool, limits: Limits) -> None:
        self._application, self._pool, self._limits = application, pool, limits

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers: RawHeaders = list(scope["headers"])
        try:
            body = await read_body(announced_length(headers), receive, self._limits)
        except ClientGone:
            return
        except Refused as refused:
            await _refuse(refused.problem, headers, receive, send)
            return
        channel = Channel(asyncio.get_running_loop(), patience_s=2 * self._limits.send_timeout_s)
        environ = environ_of(scope, headers, body) | {"web.arrived": time.monotonic()}
        call = WsgiCall(self._application, environ, channel, self._pool.progress)
        try:
            self._pool.submit(call, priority_of(scope["method"], headers))
        except PoolFull:
            body.file.close()
            await _answer(problems.OVERLOADED, headers, send)
        else:
            await self._deliver(channel, headers, receive, send)

    async def _deliver(self, channel: Channel, headers: RawHeaders, receive: Receive, send: Send) -> None:
        # Watching costs a task; a request that gets a thread at once and answers in one part does without.
        watch = _watch(receive, channel) if self._pool.waiting else None
        started = False
        try:
            while True:
                part = await channel.get()
                if watch is None and not part.last:
                    watch = _watch(receive, channel)
                started = True
                await _send_part(part.head, part.body, part.last, send)
                if part.last:
                    return
                channel.taken()
        except ClientGone:
            return
        except asyncio.CancelledError:  # the time for a graceful stop is over
            channel.abandon()
            if not started:
                await _answer(problems.STOPPING, headers, send, close=True)
        except Exception:
            if started:
                raise  # the server closes the connection: the client sees a broken response, not a short one
            await _answer(problems.FAILED, headers, send)
        finally:
            if watch is not None:
                watch.cancel()


async def _send_part(head: Head | None, body: bytes, last: bool, send: Send) -> None:
    if head is not None:
        await send({"type": "http.response.start", "status": head.status, "headers": head.headers})
    await send({"type": "http.response.body", "body": body, "more_body": not last})


def _watch(receive: Receive, channel: Channel) -> asyncio.Task[None]:
    return asyncio.create_task(_until_gone(receive, channel))


async def _until_gone(receive: Receive, channel: Channel) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
    channel.abandon()


async def _answer(problem: Problem, headers: RawHeaders, send: Send, *, close: bool = False) -> None:
    trace_id = problems.trace_id_of(headers)
    body = problem.body(trace_id)
    await _send_part(Head(problem.status, problem.headers(body, trace_id, close=close)), body, last=True, send=send)


async def _refuse(problem: Problem, headers: RawHeaders, receive: Receive, send: Send) -> None:
    """Answer before the body has been read, and close the connection: what follows on it would be taken for a request.

    Closing at once would reset the connection while the client still writes, and it would never see the answer. So
    the rest is read and thrown away for a moment, unless the client waits for `100 Continue` and sends nothing.
    """
    trace_id = problems.trace_id_of(headers)
    body = problem.body(trace_id)
    head = Head(problem.status, problem.headers(body, trace_id, close=True))
    await _send_part(head, body, last=False, send=send)
    if not any(name == b"expect" for name, _ in headers):
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_LINGER_S):
                await _discard(receive)
    await send({"type": "http.response.body", "body": b"", "more_body": False})


async def _discard(receive: Receive) -> None:
    seen = 0
    while seen < _LINGER_BYTES:
        message = await receive()
        seen += len(message.get("body", b""))
        if message["type"] == "http.disconnect" or not message.get("more_body", False):
            return
