"""Reads the log of one database in the order of its positions, for one reader at a time (transport `postgres`)."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar

from django.conf import settings

from apps.core.events.database import CHANNEL, Connection, own, reconnecting
from apps.core.events.envelope import Envelope
from apps.core.events.rows import COLUMNS, envelope_of

# From where the reader is, in one statement: most of the time it is at the end. The narrow table is cut to the batch
# first. A position whose event was archived comes without one and is passed over.
_READ = """
select batch.position, event.topic, {columns}
from (
    select position, event_id, recorded_at from events_position
    where position > coalesce((select position from events_consumer_offset where "group" = %s), 0)
    order by position limit %s
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

# Takes entries in order and returns how many of them have had their effect for good; fewer than all: stop reading.
Take = Callable[[list[P]], int]
Ready = Callable[[], bool]


def _always() -> bool:
    return True


class Follower(Generic[P]):
    """Hands the log of `alias` to `take`, in order, and remembers under `name` how far it came.

    Only one follower of a name reads at a time; others stand by. After a crash a batch comes again. It reads only while
    it is `ready`.
    """

    columns = COLUMNS

    def __init__(self, alias: str, name: str, take: Take[P], halt: threading.Event, ready: Ready = _always) -> None:
        self.alias, self.name = alias, name
        self.at_most: int = settings.EVENTS_BATCH_SIZE
        self._take, self._halt, self._ready = take, halt, ready

    @staticmethod
    def entry_of(row: tuple[Any, ...]) -> Any:
        """What `take` gets for a row of position, topic and `columns`; topic None where nothing is."""
        return Entry(row[0], row[1], envelope_of(row[2:]) if row[1] else None)

    def run(self) -> None:
        """Returns when halted. Survives the server's absence."""
        reconnecting(self.alias, self.name, self._follow, self._halt)

    def read_available(self, connection: Connection) -> int:
        """Hand over everything that is there now; returns how many entries were taken."""
        taken = 0
        while self._ready():
            entries = self._read(connection)
            count = self._take(entries) if entries else 0
            if count:
                connection.execute(_STORE, [self.name, entries[count - 1].position])
            taken += count
            if count < len(entries) or len(entries) < self.at_most or self._halt.is_set():
                break
        return taken

    def _follow(self, connection: Connection) -> None:
        if not own(connection, f"reader:{self.name}", self._halt):
            return
        connection.execute(f"listen {CHANNEL}")
        # A place that is lost in a crash is only an old one: what came after it comes again, as after any crash.
        connection.execute("set synchronous_commit = off")
        while not self._halt.is_set():
            self.read_available(connection)
            self._wait(connection)

    def _wait(self, connection: Connection) -> None:
        """Until the relay says there is more, or the poll interval is over: a notification may be lost."""
        for _ in connection.notifies(timeout=settings.EVENTS_POLL_INTERVAL_S, stop_after=1):
            pass

    def _read(self, connection: Connection) -> list[P]:
        with connection.cursor(binary=True) as cursor:  # a fourth less to be done for each row than with texts
            rows = cursor.execute(_READ.format(columns=self.columns), [self.name, self.at_most]).fetchall()
        return [self.entry_of(row) for row in rows]
