"""What an aggregate was at some moment: its events, one after the other."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from hashlib import blake2b
from typing import Any, Generic, TypeVar

import msgspec

from apps.core.events.contracts import structs_of
from apps.core.events.definition import Event, definitions
from apps.core.events.envelope import Envelope
from apps.core.events.upcasting import upcasters_of

S = TypeVar("S", bound=msgspec.Struct)


@dataclass(frozen=True, slots=True)
class Fold(Generic[S]):
    """How the events of one kind of aggregate make its state: `follow(None, event)` begins it.

    What is personal in the state is marked as in an event (`Personal`), so that it is kept as safely.
    """

    aggregate: str
    state: type[S]
    follow: Callable[[S | None, Event], S]


@dataclass(frozen=True, slots=True)
class Known(Generic[S]):
    """The state after the event at `sequence`, which was recorded at `since`."""

    state: S
    sequence: int
    since: datetime


def as_of(
    stream: Iterable[Envelope], fold: Fold[S], at: datetime | None = None, *, known: Known[S] | None = None
) -> Known[S] | None:
    """The state when `at` was the present, None when nothing had happened; without `at` the state of now.

    `stream` is the aggregate's, oldest first, from behind what is `known` already. `at` is compared with the time of
    recording, not with the domain's: it tells what was known then. Raises InvalidMessage for an event that this process
    does not know.
    """
    for envelope in stream:
        if at is not None and envelope.timestamp > at:
            break
        state = fold.follow(known.state if known else None, envelope.event())
        known = Known(state, envelope.metadata.sequence, envelope.timestamp)
    return known


@cache
def code_of(fold: Fold[Any]) -> str:
    """A fingerprint of the modules that say what the events mean: of the fold, its state, the events, their upcasters.

    Another one means that the same events may make another state. It changes more often than that, with any comment,
    which costs one reading of the whole stream; a number to be raised by hand would be forgotten. What these modules
    call in others is not looked at.
    """
    events = [definition for definition in definitions() if definition.aggregate == fold.aggregate]
    made_by = [fold.follow, *structs_of(fold.state)]
    made_by += [step for one in events for step in (one.cls, *upcasters_of(one.name))]
    modules = sorted({str(one.__module__) for one in made_by})
    sources = "\0".join(inspect.getsource(sys.modules[name]) for name in modules)
    return blake2b(sources.encode(), digest_size=16).hexdigest()
