"""The moment in which a shadow takes the place of the tables, exact to the event.

The group's consumers go on until that moment, so some events are in the shadow that they have not handled yet, and
some they handled are not in the shadow. In one transaction: first the former are entered into the group's inbox, so
that they will not be handled again; this waits for whoever has one of them in hand. Then the tables are locked, and
what was handled since is brought into the shadow. Then names change hands. A consumer takes the inbox rows of what it
has in hand before it touches the tables, in the order of the log, so that neither waits for the other in a circle;
where Kafka gave it another order they may, and then whoever gives way begins again.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import OperationalError, connections
from django.db.models import QuerySet
from django.db.transaction import atomic
from psycopg.errors import DeadlockDetected, LockNotAvailable

from apps.core.errors import Unavailable
from apps.core.events.database import Connection
from apps.core.events.dead_letters import open_letters
from apps.core.events.models import DeadLetter
from apps.core.history import Actor
from apps.core.projections import building, log, tables
from apps.core.projections.applying import apply
from apps.core.projections.definition import Projection
from apps.core.projections.errors import NothingKept
from apps.core.projections.models import Rebuild
from apps.core.tenancy import tenant
from apps.core.tenantdata.models import ErasureWarrant

Heard = Callable[[Rebuild], None]
State = Rebuild.State

_ATTEMPTS = 5
_LOCK_TIMEOUT = "3s"
# What was there before lacks what the consumers had not handled. More than so many is not worth remembering.
_LACKING_AT_MOST = 10_000

_ENTER = """
insert into events_inbox ("group", event_id, handled_at)
select %(group)s, event_id, clock_timestamp() from unnest(%(ids)s::uuid[]) event_id
on conflict do nothing returning event_id
"""
_TENANTS_WITH_LETTERS = """
select distinct tenant_id from events_dead_letter where "group" = %s and status in ('parked', 'retrying')
"""
# Looks through the narrow table: dead letters are few, and so is this.
_PLACES_OF = "select position, event_id from events_position where event_id = any(%s) and position <= %s"
_HANDLED = 'select event_id from events_inbox where "group" = %(group)s and event_id = any(%(ids)s)'


def put_in_place(
    connection: Connection,
    projection: Projection,
    made: Rebuild,
    before: Rebuild | None,
    *,
    actor: Actor,
    now: datetime,
    heard: Heard,
) -> None:
    """Raises Unavailable when the tables were busy for too long, ReplayFailed."""

    def note(lacking: list[int]) -> None:
        made.lacking = lacking
        made.place(actor=actor, at=now)
        made.save(using=projection.using)
        if before is not None:
            before.end(State.OVER, actor=actor, at=now)
            before.save(using=projection.using)

    _exchange(connection, projection, made, note, heard)


def roll_back(
    connection: Connection, projection: Projection, placed: Rebuild, *, actor: Actor, now: datetime, heard: Heard
) -> None:
    """What was kept becomes the shadow, learns what it lacks, and takes its place again."""
    if len(placed.lacking) >= _LACKING_AT_MOST:
        raise NothingKept(f"what {projection.name} was before lacks too much: build it again instead")
    with atomic(using=projection.using):
        tables.take_back(projection)
        placed.state = State.READY
        placed.save(using=projection.using)

    def note(_: list[int]) -> None:
        placed.end(State.ROLLED_BACK, actor=actor, at=now)
        placed.save(using=projection.using)
        tables.drop(projection, tables.PREVIOUS)

    _exchange(connection, projection, placed, note, heard)


def erasures_since(projection: Projection, at: datetime) -> QuerySet[ErasureWarrant]:
    """Tenants that were to be erased in this database after that: what a copy holds of them is to go too."""
    found: QuerySet[ErasureWarrant] = ErasureWarrant.objects.using(projection.using).filter(ordered_at__gte=at)
    return found


def _replay_lacking(connection: Connection, projection: Projection, placed: Rebuild) -> None:
    places = log.read_at(connection, projection, placed.lacking)

    def forget() -> None:
        placed.lacking = []
        placed.save(using=projection.using)

    apply(projection, places, forget)


def _exchange(
    connection: Connection, projection: Projection, made: Rebuild, note: Callable[[list[int]], None], heard: Heard
) -> None:
    _replay_lacking(connection, projection, made)
    for _ in range(_ATTEMPTS):
        building.catch_up(connection, projection, made, heard)
        with suppress(_Busy):
            _exchange_once(connection, projection, made, note)
            return
        made.refresh_from_db(using=projection.using)
    raise Unavailable(f"the tables of {projection.name} were busy for too long: try again")


def _exchange_once(
    connection: Connection, projection: Projection, made: Rebuild, note: Callable[[list[int]], None]
) -> None:
    try:
        with atomic(using=projection.using):
            _run(projection, f"set local lock_timeout = '{_LOCK_TIMEOUT}'")
            lacking = _settle_dead_letters(connection, projection, made) + _enter(connection, projection, made)
            tables.lock(projection)
            lacking += _follow(connection, projection, made)
            _erase_erased(projection, made)
            tables.put_in_place(projection)
            note(lacking[:_LACKING_AT_MOST])
    except OperationalError as error:
        if isinstance(error.__cause__, LockNotAvailable | DeadlockDetected):
            raise _Busy from error
        raise


class _Busy(Exception):
    """Somebody held a lock for too long."""


def _enter(connection: Connection, projection: Projection, made: Rebuild) -> list[int]:
    """Nobody handles any more what the shadow holds; returns the places of what was not handled before."""
    entered = []
    after = log.surely_handled(connection, projection)
    while places := log.read(connection, projection, after=after, up_to=made.position):
        after = places[-1].position
        fresh = set(_run(projection, _ENTER, ids=_ids(places)))
        entered += [place.position for place in places if place.envelope and place.envelope.event_id in fresh]
    return entered


def _follow(connection: Connection, projection: Projection, made: Rebuild) -> list[int]:
    """Bring in what was handled after the place to which the shadow was built; returns the places of what was not."""
    ahead = []
    end = log.head(connection)
    while places := log.read(connection, projection, after=made.position, up_to=end):
        handled = set(_run(projection, _HANDLED, ids=_ids(places)))
        done = [place for place in places if place.envelope is not None and place.envelope.event_id in handled]
        apply(projection, done, lambda: None)
        ahead += [place.position for place in places if place.envelope is not None and place not in done]
        made.position = places[-1].position
    return ahead


def _erase_erased(projection: Projection, made: Rebuild) -> None:
    """A tenant that was erased while the shadow was built has no place in it."""
    for warrant in erasures_since(projection, made.started_at):
        with tenant(warrant.company_id), tables.shadowed(projection.using):
            for table in projection.tables:
                table.model._base_manager.using(projection.using).all().delete()


def _settle_dead_letters(connection: Connection, projection: Projection, made: Rebuild) -> list[int]:
    """What was parked and is in the shadow has its effect, so that its key is free; returns the places of that."""
    freed: list[int] = []
    for (tenant_id,) in connection.execute(_TENANTS_WITH_LETTERS, [projection.group_name]).fetchall():
        with tenant(tenant_id):
            letters = open_letters(projection.using, group=projection.group_name)
            ids = list(letters.values_list("event_id", flat=True))
            held = connection.execute(_PLACES_OF, [ids, made.position]).fetchall()
            settled = [event_id for _, event_id in held]
            _run(projection, _ENTER, ids=settled)
            letters.filter(event_id__in=settled).update(
                status=DeadLetter.Status.RESOLVED,
                settled_at=made.heard_at,
                settled_by=made.started_by,
                settled_because=f"{projection.name} was built again",
            )
            freed += [position for position, _ in held]
    return freed


def _ids(places: Sequence[log.Place]) -> list[UUID]:
    return [place.envelope.event_id for place in places if place.envelope is not None]


def _run(projection: Projection, statement: str, *, ids: Sequence[UUID] = ()) -> list[Any]:
    """Run a statement of the group as the application; returns the first column."""
    with connections[projection.using].cursor() as cursor:
        cursor.execute(statement, {"group": projection.group_name, "ids": list(ids)})
        return [row[0] for row in cursor.fetchall()] if cursor.description else []
