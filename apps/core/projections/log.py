"""What a rebuild reads of the log, as the relay's role: the events of all tenants that its group wants, in order."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any
from uuid import UUID

import psycopg
from django.conf import settings

from apps.core.events import Envelope, archive
from apps.core.events.database import Connection, connect
from apps.core.events.envelope import unopened
from apps.core.events.rows import ENVELOPE
from apps.core.projections.definition import Projection
from apps.core.projections.errors import RebuildRunning

BATCH = 10_000

_PLACES = {
    "after": "position > %(after)s and position <= %(up_to)s order by position limit %(limit)s",
    "at": "position = any(%(positions)s)",
}
# The narrow table is cut first; places of events that the projection does not want come without one.
_READ = """
select place.position, case when event.id is not null then {envelope} end
from (select position, event_id, recorded_at from events_position where {places}) place
left join events_event event on event.id = place.event_id and event.recorded_at = place.recorded_at
  and event.type = any(%(types)s)
order by place.position
"""

# A loose scan of the index: one step for each tenant, however many events it has.
_TENANTS = """
with recursive found (tenant_id) as (
    (select tenant_id from events_event order by tenant_id limit 1)
    union all
    select (select tenant_id from events_event event where event.tenant_id > found.tenant_id order by tenant_id limit 1)
    from found where found.tenant_id is not null)
select tenant_id from found where tenant_id is not null union select tenant_id from events_archive
"""
_REMEMBERED = """
select coalesce((select min(position) - 1 from events_position
                 where recorded_at > now() - make_interval(days => %s)), 0)
"""


@dataclass(frozen=True, slots=True)
class Place:
    """A place in the log, and the event there if the projection wants it."""

    position: int
    envelope: Envelope | None


@contextmanager
def alone(projection: Projection) -> Iterator[Connection]:
    """A connection to read with, while nobody else rebuilds this projection. Raises RebuildRunning."""
    with connect(projection.using, f"rebuild of {projection.name}") as connection:
        row = connection.execute("select pg_try_advisory_lock(%s)", [_key(projection)]).fetchone()
        if row is None or not row[0]:
            raise RebuildRunning(f"{projection.name} is being rebuilt already")
        try:
            yield connection
        finally:
            # A server notices that a connection was closed a moment later, when somebody may have asked again.
            with suppress(psycopg.OperationalError):
                connection.execute("select pg_advisory_unlock(%s)", [_key(projection)])


def read(connection: Connection, projection: Projection, *, after: int, up_to: int, limit: int = BATCH) -> list[Place]:
    """The next places, at most `limit`; those of archived events come from the archive."""
    kept = _read(connection, projection, "after", after=after, up_to=up_to, limit=limit)
    end = kept[-1].position if len(kept) == limit else up_to
    gone = archive.places(connection, after=after, up_to=end, event_types=projection.event_types, limit=limit)
    if not gone:
        return kept
    merged = {place.position: place for place in [*kept, *(Place(one.position, one.envelope) for one in gone)]}
    return [merged[position] for position in sorted(merged)][:limit]


def batches(connection: Connection, projection: Projection, *, after: int, up_to: int) -> Iterator[list[Place]]:
    """All places up to there, in batches; the next one is fetched while the caller is busy with the one before."""
    with ThreadPoolExecutor(1, thread_name_prefix="replay") as reader:
        coming = reader.submit(read, connection, projection, after=after, up_to=up_to)
        while places := coming.result():
            coming = reader.submit(read, connection, projection, after=places[-1].position, up_to=up_to)
            yield places


def read_at(connection: Connection, projection: Projection, positions: Sequence[int]) -> list[Place]:
    """Just these places."""
    return _read(connection, projection, "at", positions=list(positions)) if positions else []


def head(connection: Connection) -> int:
    """Where the log ends now."""
    row = connection.execute("select coalesce(max(position), 0) from events_position").fetchone()
    return int(row[0]) if row else 0


def surely_handled(connection: Connection, projection: Projection) -> int:
    """A position up to which the group has handled or parked everything. It may have handled more.

    Where another transport delivers, that is what is too old to be delivered again (EVENTS_INBOX_DAYS).
    """
    if settings.EVENTS_TRANSPORT == "postgres":
        statement, value = 'select position from events_consumer_offset where "group" = %s', projection.group_name
        row = connection.execute(statement, [value]).fetchone()
    else:
        row = connection.execute(_REMEMBERED, [settings.EVENTS_INBOX_DAYS]).fetchone()
    return int(row[0]) if row else 0


def tenants(connection: Connection) -> list[UUID]:
    """Every tenant to which anything has happened."""
    return [row[0] for row in connection.execute(_TENANTS).fetchall()]


def _read(connection: Connection, projection: Projection, places: str, **values: Any) -> list[Place]:
    statement = _READ.format(envelope=ENVELOPE, places=_PLACES[places])
    with connection.cursor(binary=True) as cursor:
        rows = cursor.execute(statement, {**values, "types": projection.event_types}).fetchall()
    return [Place(position, unopened(text) if text else None) for position, text in rows]


def _key(projection: Projection) -> int:
    name = f"projection:{projection.name}"
    return int.from_bytes(blake2b(name.encode(), digest_size=8).digest(), "big", signed=True)
