"""Notices that every thread is stuck, which the heartbeat alone cannot: it runs on the event loop, which is not."""

from __future__ import annotations

import logging
import sys
import traceback

from apps.core.web.threads import ThreadPool

_logger = logging.getLogger("web.watchdog")


class Watchdog:
    """Healthy until all threads of `pool` have been without progress for more than `deadline_s` seconds.

    While it is not, the worker stops its heartbeat and gunicorn replaces it. The pool's clock is the clock.
    """

    def __init__(self, pool: ThreadPool, deadline_s: float) -> None:
        self._pool, self._deadline_s = pool, deadline_s
        self._reported = False

    def healthy(self) -> bool:
        """False when no thread is left to serve. The first time, the stacks of all threads are logged."""
        stuck = sum(seconds > self._deadline_s for seconds in self._pool.stuck_for())
        healthy = stuck < self._pool.threads
        if not healthy and not self._reported:
            _logger.critical(
                "all %d threads are stuck for more than %s s; the heartbeat stops\n%s",
                stuck, self._deadline_s, self._stacks(),
            )  # fmt: skip
        self._reported = not healthy
        return healthy

    def _stacks(self) -> str:
        frames = sys._current_frames()
        stacks = ("".join(traceback.format_stack(frames[i])) for i in self._pool.idents if i in frames)
        return "\n".join(stacks)
