"""Reads the log of one database in the order of its positions, for one reader at a time (transport `postgres`)."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar

from django.conf import settings

from apps.core.events.database import CHANNEL, Connection, own, reconnecting
from apps.core.events.envelope import Envelope
from apps.core.events.rows import COLUMNS, envelope_of

# From where the reader is, in one statement: most of the time it is at the end. It may have come further than what it
# wrote down; where somebody else wrote since, that counts. The narrow table is cut to the batch first. A position whose
# event was archived comes without one and is passed over.
_READ = """
select batch.position, event.topic, {columns}
from (
    select position, event_id, recorded_at from events_position
    where position > (select case when stored = %(stored)s then %(reached)s else stored end
                      from (select coalesce(max(position), 0) as stored from events_consumer_offset
                            where "group" = %(name)s) mark)
    order by position limit %(at_most)s
) batch
left join events_event event on event.id = batch.event_id and event.recorded_at = batch.recorded_at
order by batch.position
"""
_STORE = """
insert into events_consumer_offset as stored ("group", position, updated_at) values (%s, %s, now())
on conflict ("group") do update set position = excluded.position, updated_at = now()
"""


class Placed(Protocol):
    """Something at a place in the log."""

    @property
    def position(self) -> int: ...


@dataclass(frozen=True, slots=True)
class Entry:
    """One place in the log."""

    position: int
    topic: str
    envelope: Envelope | None


P = TypeVar("P", bound=Placed)

# How long what meant nothing to the reader may be read again after a crash.
_STORE_EVERY_S = 1.0

# Takes entries in order and returns how many of them have had their effect for good; fewer than all: stop reading.
Take = Callable[[list[P]], int]
Ready = Callable[[], bool]


def _always(*_: Any) -> bool:
    return True


class Follower(Generic[P]):
    """Hands the log of `alias` to `take`, in order, and remembers under `name` how far it came.

    Only one follower of a name reads at a time; others stand by. After a crash a batch comes again. It reads only while
    it is `ready`. After what it does not want it writes its place down only now and then: most of what happens is
    nothing to most readers.
    """

    columns = COLUMNS

    def __init__(
        self,
        alias: str,
        name: str,
        take: Take[P],
        halt: threading.Event,
        ready: Ready = _always,
        wants: Callable[[P], bool] = _always,
    ) -> None:
        self.alias, self.name = alias, name
        self.at_most: int = settings.EVENTS_BATCH_SIZE
        self._take, self._halt, self._ready, self._wants = take, halt, ready, wants
        self._reached = self._stored = 0
        self._stored_at = 0.0

    @staticmethod
    def entry_of(row: tuple[Any, ...]) -> Any:
        """What `take` gets for a row of position, topic and `columns`; topic None where nothing is."""
        return Entry(row[0], row[1], envelope_of(row[2:]) if row[1] else None)

    def run(self) -> None:
        """Returns when halted. Survives the server's absence."""
        reconnecting(self.alias, self.name, self._follow, self._halt)

    def read_available(self, connection: Connection) -> int:
        """Hand over everything that is there now; returns how many entries were taken."""
        taken = self._take_available(connection)
        self._store(connection)
        return taken

    def _take_available(self, connection: Connection) -> int:
        taken = 0
        while self._ready():
            entries = self._read(connection)
            if entries and entries[0].position <= self._reached:
                self._stored = -1  # somebody put it back: where it comes to is news again
            count = self._take(entries) if entries else 0
            if count:
                self._reached = entries[count - 1].position
            if any(map(self._wants, entries[:count])) or time.monotonic() - self._stored_at >= _STORE_EVERY_S:
                self._store(connection)
            taken += count
            if count < len(entries) or len(entries) < self.at_most or self._halt.is_set():
                break
        return taken

    def _store(self, connection: Connection) -> None:
        self._stored_at = time.monotonic()
        if self._reached != self._stored:
            connection.execute(_STORE, [self.name, self._reached])
            self._stored = self._reached

    def _follow(self, connection: Connection) -> None:
        if not own(connection, f"reader:{self.name}", self._halt):
            return
        connection.execute(f"listen {CHANNEL}")
        # A place that is lost in a crash is only an old one: what came after it comes again, as after any crash.
        connection.execute("set synchronous_commit = off")
        self._reached = self._stored = 0  # the server may be another one than before
        while not self._halt.is_set():
            self._take_available(connection)
            self._wait(connection)
        self._store(connection)

    def _wait(self, connection: Connection) -> None:
        """Until the relay says there is more, or the poll interval is over: a notification may be lost."""
        for _ in connection.notifies(timeout=settings.EVENTS_POLL_INTERVAL_S, stop_after=1):
            pass

    def _read(self, connection: Connection) -> list[P]:
        values = {"name": self.name, "stored": self._stored, "reached": self._reached, "at_most": self.at_most}
        with connection.cursor(binary=True) as cursor:  # a fourth less to be done for each row than with texts
            rows = cursor.execute(_READ.format(columns=self.columns), values, prepare=True).fetchall()
        return [self.entry_of(row) for row in rows]
