"""How long an event is on its way to a reader, and to an effect that others see, at a fixed rate.

Whoever appends, the relay, the worker and whoever looks are processes of their own: in one, each would wait for the
others' turn with the interpreter, and that would be measured.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import threading
import time
from uuid import UUID

from apps.business.orders.handlers import REVENUE
from apps.core.db.ids import uuid7
from apps.core.events.follower import Entry, Follower
from apps.core.events.tests.processes import ROOT, environment, running
from bench.events.sample import superuser

RATE, WARM, SECONDS = 500, 1, 10


def measure() -> None:
    """With a relay and a worker, on an empty log: a worker that finds a backlog is behind for a while."""
    reading = Reading()
    with (
        running("-m", "apps.core.events.relay_process"),
        running("-m", "celery", "-A", "config.celery", "worker", "-P", "solo", "-Q", "none", EVENTS_CONSUME=REVENUE),
        reading,
    ):
        effects = _effects(RATE, RATE * (WARM + SECONDS))[RATE * WARM :]
    _say(f"From the append to a reader, at {RATE} events/s (goal: p95 < 10 ms)", reading.seconds[RATE * WARM :])
    _say(f"From the append to the effect as others see it, at {RATE} events/s (goal: p95 < 100 ms)", effects)


class Reading:
    """A reader of the log that notes how old each event was."""

    def __init__(self) -> None:
        self.seconds: list[float] = []
        self._halt = threading.Event()
        self._thread = threading.Thread(target=Follower("business", "bench.reader", self._take, self._halt).run)

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(self, *error: object) -> None:
        self._halt.set()
        self._thread.join(30)

    def _take(self, entries: list[Entry]) -> int:
        now = time.time()
        self.seconds += [now - entry.envelope.timestamp.timestamp() for entry in entries if entry.envelope]
        return len(entries)


def _effects(per_second: int, count: int) -> list[float]:
    """How long each took. All happen to one tenant on one day, so that the day's count tells how many there are."""
    owner = uuid7()
    argv = [sys.executable, "-m", "bench.events.appender", str(owner), str(per_second), str(count)]
    with subprocess.Popen(argv, cwd=ROOT, env=environment(), stdout=subprocess.PIPE) as appender:
        seen = _seen(owner, count)
        (printed, _) = appender.communicate(timeout=60)
    return [at - since for at, since in zip(seen, json.loads(printed), strict=True)]


def _seen(owner: UUID, count: int) -> list[float]:
    """When each effect could first be seen, looked at every millisecond."""
    seen: list[float] = []
    end = time.monotonic() + 120
    statement = "select coalesce(sum(order_count), 0)::int from orders_dailyrevenue where tenant_id = %s"
    with superuser() as plain:
        while len(seen) < count and time.monotonic() < end:
            row = plain.execute(statement, [owner], prepare=True).fetchone()
            seen += [time.monotonic()] * ((row[0] if row else 0) - len(seen))
            time.sleep(0.001)
    return seen


def _say(title: str, seconds: list[float]) -> None:
    cuts = statistics.quantiles(seconds, n=100)
    sys.stdout.write(
        f"{title}\n  {len(seconds):,} events: p50 {cuts[49] * 1e3:.1f} ms, p95 {cuts[94] * 1e3:.1f} ms, "
        f"p99 {cuts[98] * 1e3:.1f} ms\n\n"
    )
    sys.stdout.flush()
