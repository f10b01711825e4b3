"""The ASGI application of the web process: probes and streams on the event loop, everything else on threads."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence

from apps.core.web import access_log, metrics
from apps.core.web.interfaces import Edge, Receive, Scope, Send, StreamRoute, WsgiApplication
from apps.core.web.limits import Limits
from apps.core.web.threads import ThreadPool
from apps.core.web.watchdog import Watchdog
from apps.core.web.wsgi_adapter import WsgiAdapter

_STOP_WAIT_S = 0.5  # the server has already waited for the responses; this is for what runs after them
_logger = logging.getLogger("web")


class WebApplication:
    """`wsgi` answers what no route of `routes` (by exact path) does. `edge` is asked before, by the protocol.

    `on_start` is called in each worker process, on a pool thread and before the first request: for threads and
    connections, which must not exist before the fork. If one raises, the worker does not start.
    """

    def __init__(
        self,
        wsgi: WsgiApplication,
        *,
        limits: Limits | None = None,
        routes: Mapping[str, StreamRoute] | None = None,
        edge: Edge | None = None,
        on_start: Sequence[Callable[[], object]] = (),
    ) -> None:
        self.limits = limits or Limits()
        self.edge = edge
        self.threads = ThreadPool(self.limits.threads, self.limits.queue)
        self.watchdog = Watchdog(self.threads, self.limits.timeout_s)
        self._routes = dict(routes or {})
        self._wsgi = wsgi
        self._adapter = WsgiAdapter(wsgi, self.threads, self.limits)
        self._on_start = on_start

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._lifespan(scope, receive, send)
        elif access_log.enabled():
            record = access_log.AccessRecord(scope, send)
            try:
                await self._answer(scope, receive, record.send)
            finally:
                record.write()
        else:
            await self._answer(scope, receive, send)

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        handler: StreamRoute = self._routes.get(scope["path"], self._adapter)
        await handler(scope, receive, send)

    async def _lifespan(self, scope: Scope, receive: Receive, send: Send) -> None:
        await receive()
        try:
            await self._start(scope)
        except Exception as error:
            _logger.exception("the web process cannot start")
            await send({"type": "lifespan.startup.failed", "message": str(error)})
            return
        await send({"type": "lifespan.startup.complete"})
        await receive()
        if not self.threads.stop(_STOP_WAIT_S):
            _logger.warning("stopping with %d requests unfinished", self.threads.busy)
        await send({"type": "lifespan.shutdown.complete"})

    async def _start(self, scope: Scope) -> None:
        self.threads.start()
        metrics.watch(self.threads)
        scope["state"].update(threads=self.threads, watchdog=self.watchdog, wsgi=self._wsgi)
        for function in self._on_start:
            await self.threads.call(function)
