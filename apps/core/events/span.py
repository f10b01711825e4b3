"""A span of time of the log, and which of its events are meant."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from apps.core.events.envelope import Envelope

Mark = tuple[datetime, UUID]
"""Where an event stands in a span: events are told in the order of their recording."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which events are meant: all, or where topics, types or an aggregate are named, only theirs."""

    topics: tuple[str, ...] = ()
    event_types: tuple[str, ...] = ()
    aggregate_id: UUID | None = None

    def conditions(self, *, value: str, among: str) -> Iterator[tuple[str, Any]]:
        """Each as SQL with its value. `value` is how a value is written, `among` how a column is sought in a list."""
        for column, wanted in (("topic", self.topics), ("type", self.event_types)):
            if wanted:
                yield among.format(column=column), list(wanted)
        if self.aggregate_id is not None:
            yield f"aggregate_id = {value}", self.aggregate_id


@dataclass(frozen=True, slots=True, kw_only=True)
class Span(Wanted):
    """What was recorded from `since` to before `until`."""

    since: datetime
    until: datetime

    def conditions(self, *, value: str, among: str) -> Iterator[tuple[str, Any]]:
        yield f"recorded_at >= {value}", self.since
        yield f"recorded_at < {value}", self.until
        yield from Wanted.conditions(self, value=value, among=among)


def mark_of(envelope: Envelope) -> Mark:
    return envelope.timestamp, envelope.event_id
