"""The bounded pool of threads that Django runs on."""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections.abc import Callable
from queue import SimpleQueue
from typing import TypeVar

from apps.core.resilience.door import Door, Priority

Job = Callable[[], None]
T = TypeVar("T")
_logger = logging.getLogger("web.threads")


class PoolFull(Exception):
    """Every thread is busy, and as many wait as can be answered in time."""


class ThreadPool:
    """`threads` threads and room for `queue` waiting jobs, less while they wait too long (`door`). Threads are daemons:
    a stuck one must not outlive a stop.

    A job runs in the thread's own context, not in a copy of the caller's: with a copy, `asgiref.Local` would build
    every cache client anew for each request. What a job needs from outside is handed over explicitly.
    """

    def __init__(self, threads: int, queue: int, *, clock: Callable[[], float] = time.monotonic) -> None:
        self.threads, self.queue = threads, queue
        self.refused = 0
        self.door = Door(threads, threads + queue, now=clock)
        self._clock = clock
        self._jobs: SimpleQueue[tuple[Job, float] | None] = SimpleQueue()  # with the moment at which it came
        self._since: list[float | None] = [None] * threads  # since when each thread has made no progress; None: idle
        self._pending = 0
        self._changed = threading.Condition()
        self._running: list[threading.Thread] = []
        self._own = threading.local()

    def start(self) -> None:
        """Start the threads: after the fork, never before."""
        for number in range(self.threads):
            thread = threading.Thread(target=self._work, args=(number,), name=f"web-{number}", daemon=True)
            self._running.append(thread)
            thread.start()

    def submit(self, job: Job, priority: Priority = Priority.HIGH) -> None:
        """Run `job` on a thread. Raises PoolFull."""
        with self._changed:
            if not self.door.admits(self._pending, priority):
                self.refused += 1
                raise PoolFull
            self._pending += 1
        self._jobs.put((job, self._clock()))

    async def call(self, function: Callable[[], T], priority: Priority = Priority.HIGH) -> T:
        """Run a blocking `function` on a thread and return what it returns. Raises PoolFull, or what it raises."""
        loop = asyncio.get_running_loop()
        result: asyncio.Future[T] = loop.create_future()
        self.submit(lambda: _settle(loop, result, function), priority)
        return await result

    def progress(self) -> None:
        """Called by a job that runs for long on purpose (a download): it is not stuck."""
        self._since[self._own.number] = self._clock()

    def stuck_for(self) -> list[float]:
        """For each busy thread, the seconds since it last made progress."""
        now = self._clock()
        return [now - since for since in list(self._since) if since is not None]

    @property
    def busy(self) -> int:
        return sum(since is not None for since in self._since)

    @property
    def waiting(self) -> int:
        """Jobs that no thread has taken yet."""
        return max(0, self._pending - self.threads)

    @property
    def idents(self) -> list[int]:
        """The threads' identities, as in `sys._current_frames()`."""
        return [thread.ident for thread in self._running if thread.ident is not None]

    def stop(self, timeout_s: float) -> bool:
        """Wait until every job is done, then end the threads. False when some were still running after `timeout_s`."""
        with self._changed:
            done = self._changed.wait_for(lambda: self._pending == 0, timeout_s)
        for _ in self._running:
            self._jobs.put(None)
        return done

    def _work(self, number: int) -> None:
        self._own.number = number
        while (taken := self._jobs.get()) is not None:
            job, came = taken
            del taken
            self._since[number] = now = self._clock()
            self.door.waited(now - came, self._pending)
            try:
                job()
            except BaseException:
                _logger.exception("a job failed")
            finally:
                del job  # or the request would live on until the next one comes
                self._since[number] = None
                self._finished()

    def _finished(self) -> None:
        with self._changed:
            self._pending -= 1
            if not self._pending:
                self._changed.notify_all()


def _settle(loop: asyncio.AbstractEventLoop, result: asyncio.Future[T], function: Callable[[], T]) -> None:
    try:
        value = function()
    except Exception as error:
        loop.call_soon_threadsafe(_fail, result, error)
    else:
        loop.call_soon_threadsafe(_succeed, result, value)


def _fail(result: asyncio.Future[T], error: Exception) -> None:
    if not result.done():
        result.set_exception(error)


def _succeed(result: asyncio.Future[T], value: T) -> None:
    if not result.done():
        result.set_result(value)
