"""What an aggregate was at some moment: its events, one after the other."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, TypeVar

from apps.core.events.definition import Event
from apps.core.events.envelope import Envelope

S = TypeVar("S")


@dataclass(frozen=True, slots=True)
class Known(Generic[S]):
    """The state after the event at `sequence`, which was recorded at `since`."""

    state: S
    sequence: int
    since: datetime


def as_of(
    stream: Iterable[Envelope], fold: Callable[[S | None, Event], S], at: datetime | None = None
) -> Known[S] | None:
    """The state when `at` was the present, None when nothing had happened; without `at` the state of now.

    `stream` is the aggregate's, oldest first. `at` is compared with the time of recording, not with the domain's: it
    tells what was known then. Raises InvalidMessage for an event that this process does not know.
    """
    known: Known[S] | None = None
    for envelope in stream:
        if at is not None and envelope.timestamp > at:
            break
        state = fold(known.state if known else None, envelope.event())
        known = Known(state, envelope.metadata.sequence, envelope.timestamp)
    return known
