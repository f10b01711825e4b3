"""The operations port of Celery's processes."""

from __future__ import annotations

from http.server import ThreadingHTTPServer
from typing import Any

from celery import bootsteps
from celery.signals import beat_init

from apps.core.observability.port import offer_port


class OperationsPort(bootsteps.StartStopStep):
    """A step of the worker: opened once the pool has forked, and closed last."""

    requires = {"celery.worker.components:Pool"}

    def __init__(self, parent: Any, **options: Any) -> None:
        super().__init__(parent, **options)
        self._server: ThreadingHTTPServer | None = None

    def start(self, parent: Any) -> None:
        self._server = offer_port()

    def stop(self, parent: Any) -> None:
        if self._server:
            self._server.shutdown()
            self._server.server_close()

    def terminate(self, parent: Any) -> None:
        self.stop(parent)


@beat_init.connect
def open_beats_port(**_: Any) -> None:
    """Beat forks nothing."""
    offer_port()
