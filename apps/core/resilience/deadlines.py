"""Until when the present piece of work is of use to whoever asked for it.

It travels with the work: into each call of a dependency (`Dependency.call` gives no more time than is left), and
between our own processes in `X-Request-Deadline`, as the seconds that are left. Not as a moment: clocks need not agree.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

HEADER = "X-Request-Deadline"
_ends: ContextVar[float] = ContextVar("deadline", default=math.inf)


@contextmanager
def deadline(seconds: float, *, now: float | None = None) -> Iterator[None]:
    """Give what runs inside so many seconds from now, or from `now` of `time.monotonic`; never more than it has."""
    begun = time.monotonic() if now is None else now
    token = _ends.set(min(_ends.get(), begun + seconds))
    try:
        yield
    finally:
        _ends.reset(token)


def ends_at() -> float:
    """The moment of `time.monotonic` at which the time is over; infinity where nobody waits."""
    return _ends.get()


def header() -> dict[str, str]:
    """What tells another process of ours how long the answer is of use. Empty where nobody waits."""
    left_s = _ends.get() - time.monotonic()
    return {HEADER: f"{max(0.0, left_s):.3f}"} if left_s < math.inf else {}


def seconds_in(value: str) -> float:
    """The seconds that a caller's header gives; infinity for what is none."""
    try:
        seconds = float(value)
    except ValueError:
        return math.inf
    return seconds if seconds >= 0.0 else math.inf
