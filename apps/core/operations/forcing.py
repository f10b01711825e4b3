"""An operator's word on a dependency's circuits. The database has it, Redis carries it to every process."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from django.db import connections, transaction
from django.db.models import QuerySet
from redis.exceptions import RedisError

from apps.core.db.after_commit import try_after_commit
from apps.core.db.router import alias_for
from apps.core.history import Actor
from apps.core.observability import get_logger
from apps.core.operations.models import DependencyChange
from apps.core.resilience import Dependency, sharing

State = DependencyChange.State
BECAUSE_LIMIT = 500
_logger = get_logger("operations")


def force(dependency: Dependency, state: str, *, actor: Actor, because: str, now: datetime) -> bool:
    """Have the dependency's circuits open, closed or automatic again, in all processes within a second or so. False
    when they are to be so already. Two statements.

    What Redis could not be told it hears from the next sweep.
    """
    alias = alias_for(DependencyChange)
    with _alone(alias):
        if state_of(dependency.name) == state:
            return False
        DependencyChange.objects.create(
            dependency=dependency.name,
            state=state,
            at=now,
            by=actor.id,
            by_name=actor.name,
            because=because[:BECAUSE_LIMIT],
        )
        try_after_commit(tell, using=alias)
    return True


def tell() -> None:
    """Have every process know what is forced, whatever Redis has forgotten meanwhile. Safe to repeat."""
    try:
        with _alone(alias_for(DependencyChange)):
            sharing.force({one.dependency: one.state for one in changes().values() if one.state != State.AUTOMATIC})
    except RedisError as error:
        _logger.warning("operations.forcing_not_told", error=repr(error))


@contextmanager
def _alone(alias: str) -> Iterator[None]:
    """One at a time: each change decides by the state before it, and the last to tell has seen them all."""
    with transaction.atomic(using=alias):
        with connections[alias].cursor() as cursor:
            cursor.execute("select pg_advisory_xact_lock(hashtextextended('operations.forcing', 0))")
        yield


def changes() -> dict[str, DependencyChange]:
    """By dependency, the change that made its state what it is. One statement."""
    rows = DependencyChange.objects.using(alias_for(DependencyChange)).order_by("dependency", "-id")
    return {row.dependency: row for row in rows.distinct("dependency")}


def state_of(name: str) -> str:
    """One of DependencyChange.State. One statement."""
    latest = story(name).first()
    return latest.state if latest else State.AUTOMATIC


def story(name: str) -> QuerySet[DependencyChange]:
    """Every change of a dependency's state, the newest first."""
    return DependencyChange.objects.using(alias_for(DependencyChange)).filter(dependency=name).order_by("-id")
