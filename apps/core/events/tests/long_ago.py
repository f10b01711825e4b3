"""A log that is old: for tests of the archive."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date

from django.db import connections
from django.utils import timezone

from apps.core.db.roles import as_owner
from apps.core.events.database import connect
from apps.core.events.subscriptions import groups

JANUARY, FEBRUARY, MARCH = date(2020, 1, 1), date(2020, 2, 1), date(2020, 3, 1)
_MONTHS = ((JANUARY, FEBRUARY), (FEBRUARY, MARCH))

_MOVE = """
insert into events_event_202001 select * from {now};
delete from {now};
update events_event_202001 set recorded_at = recorded_at - (date_trunc('month', recorded_at, 'UTC') - '2020-01-01Z');
update events_position place set recorded_at = event.recorded_at from events_event_202001 event
    where event.id = place.event_id;
"""


@contextmanager
def old_months(alias: str, *, with_all_events: bool = False) -> Iterator[None]:
    """Partitions of January and February 2020; everything that has happened so far may be moved to January."""
    with as_owner(alias), connections[alias].cursor() as cursor:
        for first, _ in _MONTHS:
            cursor.execute(f"create table if not exists {_part(first)} (like events_event including defaults)")
        if with_all_events:
            cursor.execute(_MOVE.format(now=_part(timezone.now().date())))
        for first, after in _MONTHS:
            bounds = f"for values from ('{first}Z') to ('{after}Z')"
            cursor.execute(f"alter table events_event attach partition {_part(first)} {bounds}")
    try:
        yield
    finally:
        with as_owner(alias), connections[alias].cursor() as cursor:
            for first, _ in _MONTHS:
                cursor.execute(f"drop table if exists {_part(first)}")


def read_to_the_end(alias: str) -> None:
    """As if every group had read everything that has a place."""
    with connect(alias, "test") as connection:
        for group in groups():
            connection.execute(
                'insert into events_consumer_offset ("group", position, updated_at) '
                "select %s, coalesce(max(position), 0), now() from events_position "
                'on conflict ("group") do update set position = excluded.position',
                [group.name],
            )


def _part(month: date) -> str:
    return f"events_event_{month:%Y%m}"
