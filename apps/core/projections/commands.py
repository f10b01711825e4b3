"""Every write: build a shadow from the log, put it in place, take back what was there, throw either away."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from apps.core.history import SYSTEM, Actor
from apps.core.projections import building, placing, queries, tables
from apps.core.projections.definition import Projection
from apps.core.projections.errors import NothingKept, NotReady, ReplayFailed
from apps.core.projections.log import alone
from apps.core.projections.models import Rebuild

Heard = Callable[[Rebuild], None]
State = Rebuild.State

KEPT_FOR = timedelta(days=1)


def build(projection: Projection, *, actor: Actor, now: datetime, heard: Heard = lambda _: None) -> Rebuild:
    """Make the projection from the log beside the one that is read, and tell how they differ; `heard` after each batch.

    Goes on where a build stopped: killed, or at an event that could not be replayed. What is written meanwhile is
    caught up with. Raises RebuildRunning; ReplayFailed, which names the event.
    """
    with alone(projection) as log, building.undisturbed():
        made = queries.open_rebuild(projection) or building.begin(projection, actor=actor, now=now)
        try:
            building.catch_up(log, projection, made, heard)
        except ReplayFailed as error:
            building.note_failure(made, str(error))
            raise
        tables.index(projection)
        building.compare_with_live(log, projection, made, heard)
        return building.finish(made, now=now)


def put_in_place(projection: Projection, *, actor: Actor, now: datetime, heard: Heard = lambda _: None) -> Rebuild:
    """Let the shadow be what is read, in one transaction, exact to the event; what was read before is kept for a day.

    Readers and the group's consumers wait for the moment that takes, and lose nothing. Raises NotReady, RebuildRunning,
    ReplayFailed, Unavailable when the tables were busy for too long.
    """
    with alone(projection) as log:
        made = queries.open_rebuild(projection)
        if made is None or made.state != State.READY:
            raise NotReady(f"{projection.name} has no shadow that is ready: build one first")
        before = queries.placed_rebuild(projection)
        placing.put_in_place(log, projection, made, before, actor=actor, now=now, heard=heard)
    return made


def roll_back(projection: Projection, *, actor: Actor, now: datetime, heard: Heard = lambda _: None) -> Rebuild:
    """Let what was read before be read again, with all that has happened since. Raises NothingKept, RebuildRunning."""
    with alone(projection) as log:
        placed = queries.placed_rebuild(projection)
        if placed is None:
            raise NothingKept(f"{projection.name} keeps nothing of before: build it again instead")
        if queries.open_rebuild(projection):
            raise NotReady(f"{projection.name} has a shadow already: put it in place or discard it first")
        placing.roll_back(log, projection, placed, actor=actor, now=now, heard=heard)
    return placed


def discard(projection: Projection, *, actor: Actor, now: datetime) -> Rebuild:
    """Throw the shadow away. What is read does not change. Raises NotReady when there is none, RebuildRunning."""
    with alone(projection):
        made = queries.open_rebuild(projection)
        if made is None:
            raise NotReady(f"{projection.name} has no shadow")
        tables.drop(projection, tables.SHADOW)
        made.end(State.DISCARDED, actor=actor, at=now)
        made.save(using=projection.using)
    return made


def forget_previous(projection: Projection, *, now: datetime) -> bool:
    """Throw away what was read before, once its time is over or somebody's data were to be erased since.

    Returns whether there was anything to throw away. Raises RebuildRunning.
    """
    with alone(projection):
        placed = queries.placed_rebuild(projection)
        if placed is None or not _is_over(projection, placed, now):
            return False
        tables.drop(projection, tables.PREVIOUS)
        placed.end(State.OVER, actor=SYSTEM, at=now)
        placed.save(using=projection.using)
    return True


def _is_over(projection: Projection, placed: Rebuild, now: datetime) -> bool:
    if placed.placed_at is None or now - placed.placed_at >= KEPT_FOR:
        return True
    return placing.erasures_since(projection, placed.placed_at).exists()
