"""The relay gives committed events their position. One per database is active, by advisory lock; others stand by.

Readers of a table that many write cannot follow its serial numbers: a number is drawn before the commit, so a smaller
one may become visible later. The relay alone draws positions, and only for what is committed: no gap, ever.
"""

from __future__ import annotations

import threading
import time

from django.conf import settings

from apps.core.events.database import CHANNEL, Connection, own, reconnecting
from apps.core.observability import get_logger

_BATCH = 1000
_HEARTBEAT_S = 30.0
_LOW_WATER_S = 1.0
_BUSY_FRACTION = 10

# One transaction: the moves and the readers' wake-up happen together. The wake-up is here and not in the writers'
# transactions, since NOTIFY takes a lock on the whole database at commit.
_MOVE = f"""
with batch as (
    delete from events_pending where id = any(array(
        select id from events_pending where id >= %s order by id limit %s))
    returning id, event_id, recorded_at),
placed as (
    insert into events_position (event_id, recorded_at) select event_id, recorded_at from batch order by id
    returning position)
select count(*), case when count(*) > 0 then pg_notify('{CHANNEL}', '') end from placed
"""  # noqa: S608 (constant)

logger = get_logger(__name__)


class Relay:
    """Moves the events of one database from `pending` to `position` until halted."""

    def __init__(self, alias: str, halt: threading.Event) -> None:
        self.alias = alias
        self._halt = halt
        self._low_water = LowWater()
        self._moved = 0
        self._beat_at = 0.0

    def run(self) -> None:
        """Returns when halted. Survives the server's absence."""
        reconnecting(self.alias, "relay", self._lead, self._halt)

    def move(self, connection: Connection) -> int:
        """Place one batch; returns how many events it had."""
        row = connection.execute(_MOVE, [self._low_water.value, _BATCH]).fetchone()
        moved = int(row[0]) if row else 0
        self._moved += moved
        return moved

    def _lead(self, connection: Connection) -> None:
        logger.info("relay.waiting", database=self.alias)
        if not own(connection, "relay", self._halt):
            return
        logger.info("relay.active", database=self.alias)
        # A place that is lost in a crash is given anew: the event waits again then. Whatever a reader has written down
        # for good stands behind the place in the server's log, and took it along to the disk.
        connection.execute("set synchronous_commit = off")
        self._low_water, self._beat_at = LowWater(), time.monotonic()
        idle_s = busy_s = settings.EVENTS_RELAY_IDLE_S / _BUSY_FRACTION
        while not self._halt.is_set():
            moved = self.move(connection)
            self._low_water.advance(connection)
            self._beat()
            idle_s = busy_s if moved else min(idle_s * 1.5, settings.EVENTS_RELAY_IDLE_S)
            if moved < _BATCH:
                self._halt.wait(idle_s)

    def _beat(self) -> None:
        """Say now and then that it is alive, and how much it did."""
        now = time.monotonic()
        if now - self._beat_at >= _HEARTBEAT_S:
            logger.info("relay.alive", database=self.alias, moved=self._moved, low_water=self._low_water.value)
            self._moved, self._beat_at = 0, now


class LowWater:
    """An id below which `pending` is done for good, so that its head need not be searched among dead rows.

    A missing id may belong to a transaction that is still open. It does not once every transaction that was open
    when the id had been drawn is over. One that lags costs time, never an event.
    """

    def __init__(self) -> None:
        self.value = 0
        self._candidate: tuple[int, int] | None = None
        self._checked_at = 0.0

    def advance(self, connection: Connection, *, every_s: float = _LOW_WATER_S) -> None:
        """Look whether the mark can rise; at most every `every_s`."""
        now = time.monotonic()
        if now - self._checked_at < every_s:
            return
        self._checked_at = now
        if self._candidate is not None and not self._reached(connection, *self._candidate):
            return
        self._candidate = self._drawn(connection), self._ahead(connection)

    def _reached(self, connection: Connection, drawn: int, ahead: int) -> bool:
        row = connection.execute("select pg_snapshot_xmin(pg_current_snapshot())::text").fetchone()
        if row is None or int(row[0]) <= ahead:
            return False
        # A statement of its own, after the one above: now everything that will ever be here is visible.
        left = connection.execute(
            "select exists (select from events_pending where id between %s and %s)", [self.value, drawn]
        ).fetchone()
        if left is None or left[0]:
            return False
        self.value = drawn + 1
        return True

    @staticmethod
    def _drawn(connection: Connection) -> int:
        row = connection.execute("select case when is_called then last_value else 0 end from events_pending_id_seq")
        return int(row.fetchone()[0])  # type: ignore[index]

    @staticmethod
    def _ahead(connection: Connection) -> int:
        """A transaction id that is drawn now: every transaction that has one already has a smaller one.

        The snapshot's xmax would not do: it follows the last transaction that *ended*, so that ids of open ones may lie
        at or above it.
        """
        row = connection.execute("select pg_current_xact_id()::text").fetchone()
        return int(row[0])  # type: ignore[index]
