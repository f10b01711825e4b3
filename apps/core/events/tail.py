"""The log of the current tenant by the order of its places, for whoever follows it as the application.

A place is a position and the event that stands there, whoever's that is. Positions alone would not do: one that is lost
in a crash of the server, or that a backup did not have yet, is given anew, and perhaps to another event.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import connections

from apps.core.events import archive
from apps.core.events.envelope import Envelope
from apps.core.events.errors import PlaceGone
from apps.core.events.rows import COLUMNS, envelope_of
from apps.core.events.span import Wanted
from apps.core.tenancy import require_tenant_id

MOST_PLACES, MOST_EVENTS = 2000, 100
_NOTHING = UUID(int=0)

# The last row is the place that was reached: an event of the tenant's, or where the places that were looked at end.
_READ = """
with batch as materialized (
    select position, event_id, recorded_at from events_position where position > %s order by position limit %s)
select batch.position, batch.event_id, {columns}
from batch left join events_event event
    on event.id = batch.event_id and event.recorded_at = batch.recorded_at and event.tenant_id = %s{meant}
where event.id is not null or batch.position = (select max(position) from batch)
order by batch.position limit %s
"""
_END = """
select position, event_id from events_position order by position desc limit 1
"""
_LAST_ARCHIVED = "select coalesce(max(last_position), 0) from events_archive where tenant_id = %s"
# Looks at every place before it.
_BEFORE = """
select first - 1, (select event_id from events_position where position = first - 1)
from (select min(position) as first from events_position where recorded_at >= %s) there where first is not null
"""
_WHAT_IS_THERE = """
select (select event_id from events_position where position = %s),
       exists (select from events_archive where tenant_id = %s and last_position > %s)
"""


@dataclass(frozen=True, slots=True)
class LogPlace:
    """Where a reader of a log stands: behind this event."""

    position: int
    event_id: UUID = _NOTHING


@dataclass(frozen=True, slots=True)
class Batch:
    """What a reader gets at once, each event with its place, and how far it has come by that."""

    events: list[tuple[LogPlace, Envelope]]
    reached: LogPlace


def read(after: LogPlace, wanted: Wanted, *, using: str) -> Batch:
    """The current tenant's next events behind a place. One statement, MOST_EVENTS events and MOST_PLACES places of the
    log at most, so that a batch may be empty and yet come further.
    """
    named = list(wanted.conditions(value="%s", among="{column} = any(%s)"))
    meant = "".join(f" and event.{condition}" for condition, _ in named)
    values = [after.position, MOST_PLACES, require_tenant_id(), *(value for _, value in named), MOST_EVENTS]
    rows = _rows(_READ.format(columns=COLUMNS, meant=meant), values, using)
    events = [(LogPlace(row[0], row[1]), envelope_of(row[2:])) for row in rows if row[2] is not None]
    return Batch(events, LogPlace(*rows[-1][:2]) if rows else after)


def end(*, using: str) -> LogPlace:
    """Behind everything that has a place now."""
    rows = _rows(_END, [], using) or _rows(_LAST_ARCHIVED, [require_tenant_id()], using)
    return LogPlace(*rows[0])


def before(moment: datetime, *, using: str) -> LogPlace:
    """The last place behind which is all that was recorded from a moment on. Raises PlaceGone where that is archived.

    What was recorded earlier, by a transaction that took long, may stand there too.
    """
    kept = kept_since(using=using)
    if kept is not None and moment < kept:
        raise _gone(kept)
    rows = _rows(_BEFORE, [moment], using)
    return LogPlace(rows[0][0], rows[0][1] or _NOTHING) if rows else end(using=using)


def require_kept(place: LogPlace, *, using: str) -> None:
    """Raises PlaceGone where the log cannot be followed from a place without leaving something out."""
    ((there, archived),) = _rows(_WHAT_IS_THERE, [place.position, require_tenant_id(), place.position], using)
    if archived or (there or _NOTHING) != place.event_id:
        raise _gone(kept_since(using=using))


def kept_since(*, using: str) -> datetime | None:
    """From when on the current tenant's events are in the log and not in the archive; None: always have been."""
    months = archive.months(using)
    if not months:
        return None
    later = months[-1] + timedelta(days=31)
    return datetime(later.year, later.month, 1, tzinfo=UTC)


def _gone(kept: datetime | None) -> PlaceGone:
    since = f"since={kept:%Y-%m-%d}" if kept else "since=<the moment of the last event that you have>"
    return PlaceGone(
        "the log cannot be followed from there any more: begin anew without an id, or with "
        f"{since}; GET …/events also tells what was archived",
        kept_since=kept and kept.isoformat(),
    )


def _rows(statement: str, values: list[Any], using: str) -> list[tuple[Any, ...]]:
    with connections[using].cursor() as cursor:
        cursor.execute(statement, values)
        return list(cursor.fetchall())
