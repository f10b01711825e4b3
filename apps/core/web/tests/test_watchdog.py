"""Stuck threads: told from busy ones, and what the worker does about them."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from apps.core.web.tests.running import running
from apps.core.web.threads import PoolFull, ThreadPool
from apps.core.web.watchdog import Watchdog

WAIT_S = 10.0


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


class Work:
    """A job that runs until it is let go."""

    def __init__(self, pool: ThreadPool) -> None:
        self._pool = pool
        self.begun, self.moved, self._next = threading.Event(), threading.Event(), threading.Event()
        self._end = threading.Event()

    def __call__(self) -> None:
        self.begun.set()
        self._next.wait(WAIT_S)
        if not self._end.is_set():
            self._pool.progress()
            self.moved.set()
        self._end.wait(WAIT_S)

    def progress(self) -> None:
        self._next.set()
        assert self.moved.wait(WAIT_S)

    def end(self) -> None:
        self._end.set()
        self._next.set()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def pool(clock: Clock) -> Iterator[ThreadPool]:
    pool = ThreadPool(2, 1, clock=clock)
    pool.start()
    yield pool
    assert pool.stop(WAIT_S)


@pytest.fixture
def work(pool: ThreadPool) -> Iterator[list[Work]]:
    """Both threads busy since 100."""
    jobs = [Work(pool), Work(pool)]
    for job in jobs:
        pool.submit(job)
        assert job.begun.wait(WAIT_S)
    yield jobs
    for job in jobs:
        job.end()


class TestWatchdog:
    def test_trusts_threads_within_their_deadline(self, pool: ThreadPool, work: list[Work], clock: Clock) -> None:
        clock.now = 110.0

        assert Watchdog(pool, deadline_s=10.0).healthy()

    def test_sees_that_all_are_stuck(
        self, pool: ThreadPool, work: list[Work], clock: Clock, caplog: pytest.LogCaptureFixture
    ) -> None:
        clock.now = 110.1
        watchdog = Watchdog(pool, deadline_s=10.0)

        assert not watchdog.healthy()
        assert not watchdog.healthy()
        assert caplog.text.count("all 2 threads are stuck") == 1
        assert "self._end.wait" in caplog.text or "self._next.wait" in caplog.text  # where they are

    def test_one_free_thread_is_enough(self, pool: ThreadPool, work: list[Work], clock: Clock) -> None:
        clock.now = 200.0
        work[0].progress()

        assert Watchdog(pool, deadline_s=10.0).healthy()


class TestThreadPool:
    def test_refuses_what_finds_no_place(self, pool: ThreadPool, work: list[Work]) -> None:
        pool.submit(lambda: None)

        assert (pool.busy, pool.waiting) == (2, 1)
        with pytest.raises(PoolFull):
            pool.submit(lambda: None)
        assert pool.refused == 1

    def test_survives_a_failing_job(self, pool: ThreadPool) -> None:
        done = threading.Event()
        for _ in range(2):
            pool.submit(lambda: 1 / 0)  # type: ignore[arg-type,return-value]
        pool.submit(done.set)

        assert done.wait(WAIT_S)

    def test_says_when_it_stops_over_unfinished_work(self, pool: ThreadPool, work: list[Work]) -> None:
        assert not pool.stop(0.01)


class TestWorker:
    def test_is_replaced_when_all_threads_are_stuck(self, tmp_path: Path) -> None:
        limits = {"WEB_THREADS": "1", "WEB_TIMEOUT_S": "1.0", "WEB_HEARTBEAT_TIMEOUT_S": "3"}
        with running(tmp_path, **limits) as server, server.begin_hold("stuck"):
            log = server.until_logged("WORKER TIMEOUT")
            assert "all 1 threads are stuck" in log
            server.until_logged("Application startup complete", times=2)

            assert server.get("/plain").status == 200
