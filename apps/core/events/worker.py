"""Event consumption as a step of the Celery worker."""

from __future__ import annotations

import gc
import os
from typing import TYPE_CHECKING, Any

from celery import bootsteps

from apps.core.observability import get_logger

if TYPE_CHECKING:
    from apps.core.events.readers import Consumers

_JOIN_S = 20.0

logger = get_logger(__name__)


class EventConsumers(bootsteps.StartStopStep):
    """Starts after the pool has forked, so that its children inherit no connection and no librdkafka handle.

    A step of the worker, not of its broker connection: it goes on while the broker is away.
    """

    requires = {"celery.worker.components:Pool"}

    def __init__(self, parent: Any, **options: Any) -> None:
        super().__init__(parent, **options)
        self.consumers: Consumers | None = None

    def start(self, parent: Any) -> None:
        from apps.core.events.readers import Consumers  # needs the models, and this module is imported before them
        from apps.core.events.subscriptions import groups_here

        groups = groups_here()
        # What is loaded by now stays. Otherwise Python's collector walks over all of it, a tenth of a second each time,
        # while events wait.
        gc.freeze()
        logger.info("events.consuming", groups=[group.name for group in groups])
        self.consumers = Consumers(groups, _end_worker)
        self.consumers.start()

    def close(self, parent: Any) -> None:
        """The first word of a shutdown: fetch no more."""
        if self.consumers:
            self.consumers.halt()

    def stop(self, parent: Any) -> None:
        if self.consumers:
            self.consumers.halt()
            self.consumers.join(_JOIN_S)

    def terminate(self, parent: Any) -> None:
        self.stop(parent)


def _end_worker(error: BaseException) -> None:
    """A worker without its consumer would look healthy. The supervisor starts a new one."""
    from celery.worker import state

    state.should_stop = os.EX_SOFTWARE
