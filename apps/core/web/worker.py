"""gunicorn's worker for the web process: uvloop, our protocol, TLS 1.3, a heartbeat that can stop, a graceful end."""

from __future__ import annotations

import asyncio
import contextlib
import faulthandler
import logging
import signal
import socket
import ssl
import sys
from collections.abc import Callable
from types import FrameType
from typing import Any

from gunicorn.arbiter import Arbiter
from uvicorn.config import Config
from uvicorn.server import Server
from uvicorn_worker import UvicornWorker

from apps.core.web import metrics
from apps.core.web.application import WebApplication
from apps.core.web.drain import drain
from apps.core.web.protocol import WebProtocol

_BEAT_S = 1.0
_MARGIN_S = 1.0  # before gunicorn's SIGKILL: to cut what still runs and say so


def tls13_only(config: Config, default: Callable[[], ssl.SSLContext]) -> ssl.SSLContext:
    """uvicorn's own context, with TLS 1.3 as the minimum: older versions are not spoken."""
    context = default()
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    return context


class WebServer(Server):
    """uvicorn's server, which also closes what waits too long and drains in steps."""

    def __init__(self, config: Config, *, drain_delay_s: float) -> None:
        super().__init__(config)
        self._drain_delay_s = drain_delay_s

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """SIGTERM and SIGINT drain; SIGQUIT stops at once. Not ready from this moment on."""
        drain.begin()
        self.force_exit = self.force_exit or sig == signal.SIGQUIT
        super().handle_exit(sig, frame)

    async def on_tick(self, counter: int) -> bool:
        if counter % 10 == 0:  # about once a second
            self._sweep()
        return await super().on_tick(counter)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        drain.begin()
        await self._keep_accepting()
        await super().shutdown(sockets)

    async def _serve(self, sockets: list[socket.socket] | None = None) -> None:
        await super()._serve(sockets)
        # uvicorn would now raise the signal again and die of it: no atexit, so no last spans, metrics or coverage.
        self._captured_signals.clear()

    async def _keep_accepting(self) -> None:
        until = asyncio.get_running_loop().time() + self._drain_delay_s
        while asyncio.get_running_loop().time() < until and not self.force_exit:
            await asyncio.sleep(0.1)

    def _sweep(self) -> None:
        now = asyncio.get_running_loop().time()
        for connection in list(self.server_state.connections):
            if isinstance(connection, WebProtocol):
                connection.sweep(now)


class WebWorker(UvicornWorker):
    """Runs a `WebApplication`. `graceful_timeout` bounds the whole drain, delay included."""

    CONFIG_KWARGS: dict[str, Any] = {
        "loop": "uvloop",
        "http": WebProtocol,
        "ws": "none",
        "lifespan": "on",
        "interface": "asgi3",
        "access_log": False,  # ours is structured
        "server_header": False,
        "callback_notify": None,  # the heartbeat is below: uvicorn's stops while it drains
        "reset_contextvars": True,  # a tenant set for one stream must not reach another
    }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        logging.getLogger("uvicorn.error").propagate = True  # to the handlers of all other loggers
        if self.cfg.is_ssl:
            self.config.ssl_version = ssl.PROTOCOL_TLS_SERVER
            self.config.ssl_context_factory = tls13_only

    def init_process(self) -> None:
        faulthandler.enable()  # gunicorn kills a worker that is stuck with SIGABRT: say where it was
        super().init_process()

    async def _serve(self) -> None:
        application: WebApplication = self.wsgi
        delay_s = application.limits.drain_delay_s
        self.config.app = application
        self.config.timeout_graceful_shutdown = max(1, int(self.cfg.graceful_timeout - delay_s - _MARGIN_S))
        server = WebServer(self.config, drain_delay_s=delay_s)
        asyncio.get_running_loop().add_signal_handler(signal.SIGQUIT, server.handle_exit, signal.SIGQUIT, None)
        heartbeat = asyncio.create_task(self._beat(application, server))
        try:
            await server.serve(sockets=self.sockets)
        finally:
            heartbeat.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await heartbeat
        if not server.started:
            sys.exit(Arbiter.WORKER_BOOT_ERROR)

    async def _beat(self, application: WebApplication, server: WebServer) -> None:
        while True:
            if application.watchdog.healthy():
                self.notify()
            metrics.sample(application.threads, connections=len(server.server_state.connections))
            await asyncio.sleep(_BEAT_S)
