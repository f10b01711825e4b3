"""Building a shadow: from the beginning of the log to its end, in batches that are each kept whole or not at all."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime

from django.db.transaction import atomic
from django.utils import timezone

from apps.core.events.database import Connection
from apps.core.history import Actor
from apps.core.projections import log, tables
from apps.core.projections.applying import apply
from apps.core.projections.comparing import compare, compare_again
from apps.core.projections.definition import Projection
from apps.core.projections.models import Rebuild

Heard = Callable[[Rebuild], None]

_LOOKS = 3
_YOUNG = 100_000


def begin(projection: Projection, *, actor: Actor, now: datetime) -> Rebuild:
    """An empty shadow, and the note that it is being built: both or neither."""
    with atomic(using=projection.using):
        tables.prepare(projection)
        made = Rebuild(projection=projection.name, started_at=now, started_by=actor.id, started_by_name=actor.name)
        made.save(using=projection.using, force_insert=True)
    return made


@contextmanager
def undisturbed() -> Iterator[None]:
    """Python's collector leaves alone what is loaded already, and looks at what is new once in a batch: each event is
    a handful of objects that all live until its batch is over.
    """
    known = gc.get_threshold()
    gc.freeze()
    gc.set_threshold(_YOUNG, *known[1:])
    try:
        yield
    finally:
        gc.set_threshold(*known)
        gc.unfreeze()


def catch_up(connection: Connection, projection: Projection, made: Rebuild, heard: Heard) -> None:
    """Replay up to where the log ends when this is called."""
    made.target = log.head(connection)
    if made.state == Rebuild.State.FAILED:
        made.state, made.failure = Rebuild.State.BUILDING, ""
    for places in log.batches(connection, projection, after=made.position, up_to=made.target):
        _replay(projection, made, places)
        heard(made)


def _replay(projection: Projection, made: Rebuild, places: list[log.Place]) -> None:
    position, done = made.position, made.events_done

    def advance() -> None:
        tables.let_the_disk_wait(projection)
        made.position = places[-1].position
        made.events_done = done + sum(place.envelope is not None for place in places)
        made.heard_at = timezone.now()
        made.save(using=projection.using)

    try:
        apply(projection, places, advance)
    except Exception:
        made.position, made.events_done = position, done
        raise


def compare_with_live(connection: Connection, projection: Projection, made: Rebuild, heard: Heard) -> None:
    """Note how the shadow differs from what is read. Rows of which only one is a little behind are looked at again."""
    found = compare(projection, log.tenants(connection))
    for _ in range(_LOOKS):
        if not any(one.total for one in found.values()):
            break
        catch_up(connection, projection, made, heard)
        found = compare_again(projection, found)
    made.differences = {name: one.as_json() for name, one in found.items()}


def note_failure(made: Rebuild, why: str) -> None:
    made.state, made.failure = Rebuild.State.FAILED, why
    made.save(using=made._state.db)


def finish(made: Rebuild, *, now: datetime) -> Rebuild:
    made.state, made.ready_at = Rebuild.State.READY, now
    made.save(using=made._state.db)
    return made
