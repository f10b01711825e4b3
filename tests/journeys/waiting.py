"""Waits for what other processes do."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")
DEADLINE_S = 90.0
_POLL_S = 0.05


def until(condition: Callable[[], T], what: str, deadline_s: float = DEADLINE_S, reasons: Callable[[], str] = str) -> T:
    """Wait for something to be true and return it. Fails naming `what`, with the reasons, when it never is."""
    end = time.monotonic() + deadline_s
    while True:
        found = condition()
        if found:
            return found
        assert time.monotonic() < end, f"{what}: not within {deadline_s:g} s. {reasons()}"
        time.sleep(_POLL_S)
