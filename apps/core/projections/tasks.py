"""Celery entry points of projections."""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta
from uuid import UUID

from celery import shared_task
from celery.exceptions import SoftTimeLimitExceeded
from django.utils import timezone

from apps.core.history import SYSTEM, Actor
from apps.core.observability import get_logger
from apps.core.projections import building, commands, queries
from apps.core.projections.definition import Projection, projections
from apps.core.projections.errors import RebuildRunning, ReplayFailed
from apps.core.projections.log import alone
from apps.core.projections.models import Rebuild

_logger = get_logger("projections")
# Longer than other tasks may take, and shorter than the broker waits before it hands one to somebody else.
_SOFT_LIMIT_S, _LIMIT_S = 3300, 3400
# A build that says nothing for so long has died: another one goes on with it.
SILENCE = timedelta(minutes=2)


@shared_task(name="projections.bulk.build", acks_late=True, soft_time_limit=_SOFT_LIMIT_S, time_limit=_LIMIT_S)
def build(*, projection: str, actor_id: str | None = None, actor_name: str = "", **_later: object) -> None:
    """Build one projection, or go on with it. Safe to run twice, or twice at once: the second one finds it busy."""
    actor = Actor(kind="user", id=UUID(actor_id), name=actor_name) if actor_id else SYSTEM
    with suppress(RebuildRunning, SoftTimeLimitExceeded):  # what is not finished is carried on by `sweep`
        try:
            commands.build(queries.projection_named(projection), actor=actor, now=timezone.now())
        except ReplayFailed as error:
            _logger.warning("projections.replay_failed", projection=projection, error=str(error))


def build_later(projection: Projection, *, actor: Actor) -> Rebuild:
    """Note that it is being built, and let a worker do it. One that is open goes on. Raises RebuildRunning."""
    with alone(projection):
        made = queries.open_rebuild(projection) or building.begin(projection, actor=actor, now=timezone.now())
    told = {"projection": projection.name, "actor_id": str(actor.id) if actor.id else None, "actor_name": actor.name}
    build.apply_async(kwargs=told)
    return made


@shared_task(name="projections.sweep", acks_late=True)
def sweep(**_later: object) -> None:
    """Go on with builds that fell silent, and throw away what projections were before once its time is over."""
    now = timezone.now()
    for projection in projections():
        with suppress(RebuildRunning):
            commands.forget_previous(projection, now=now)
        if queries.fell_silent(projection, before=now - SILENCE):
            build.apply_async(kwargs={"projection": projection.name})
