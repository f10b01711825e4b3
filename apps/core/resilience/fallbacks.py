"""Answers that are older than they should be: kept for when nothing newer can be had, and never given silently.

`meta.stale` of the envelope names each dependency that could not be asked, and of when the answer is instead.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime

_noted: ContextVar[dict[str, datetime] | None] = ContextVar("stale answers", default=None)


@contextmanager
def noting_stale_answers() -> Iterator[None]:
    """Collect what is noted inside."""
    token = _noted.set({})
    try:
        yield
    finally:
        _noted.reset(token)


def note_stale(dependency: str, *, as_of: datetime) -> None:
    """What is answered now is of that time, since the dependency could not be asked."""
    noted = _noted.get()
    if noted is not None:
        noted[dependency] = min(as_of, noted.get(dependency, as_of))


def stale_answers() -> list[dict[str, str]]:
    """What was noted, as the envelope tells it."""
    return [{"dependency": name, "asOf": at.isoformat()} for name, at in (_noted.get() or {}).items()]
