"""Whether a consumer group is to read: paused by somebody, suspended by itself, resumed. Every process looks here."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import connections, transaction
from django.db.models import QuerySet

from apps.core.events.models import GroupChange
from apps.core.events.subscriptions import Group
from apps.core.history import SYSTEM, Actor

State = GroupChange.State
BECAUSE_LIMIT = 500
# Every reader asks this every second: written out, since to compose it would cost more than to answer it.
_STATE = 'select state from events_group_change where "group" = %s order by id desc limit 1'


def latest(group: Group) -> GroupChange | None:
    """The change that made the group's state what it is; None: it was never told anything, and reads. One statement."""
    return story(group).first()


def state_of(group: Group) -> str:
    """One of GroupChange.State. One statement."""
    with connections[group.using].cursor() as cursor:
        cursor.execute(_STATE, [group.name])
        row = cursor.fetchone()
    return str(row[0]) if row else State.RUNNING


def story(group: Group) -> QuerySet[GroupChange]:
    """Every change of the group's state, the newest first."""
    return GroupChange.objects.using(group.using).filter(group=group.name).order_by("-id")


def pause(group: Group, *, actor: Actor, because: str, now: datetime) -> bool:
    """Have the group read nothing until it is resumed, in all processes, within a second or two; what it has in hand is
    finished. False when it is paused already.
    """
    return _change(group, State.PAUSED, by=actor, because=because, now=now)


def resume(group: Group, *, actor: Actor, because: str, now: datetime) -> bool:
    """Let a paused or suspended group read on where it stopped. False when it does already."""
    return _change(group, State.RUNNING, by=actor, because=because, now=now)


def suspend(group: Group, *, because: str, now: datetime) -> bool:
    """What a group does to itself in a flood of dead letters. False when it is not running."""
    return _change(group, State.SUSPENDED, by=SYSTEM, because=because, now=now, only_from=(State.RUNNING,))


def _change(
    group: Group, state: str, *, by: Actor, because: str, now: datetime, only_from: tuple[str, ...] = ()
) -> bool:
    with transaction.atomic(using=group.using):
        _lock(group)
        before = state_of(group)
        if before == state or (only_from and before not in only_from):
            return False
        facts: dict[str, Any] = {"at": now, "by": by.id, "by_name": by.name, "because": because[:BECAUSE_LIMIT]}
        GroupChange.objects.using(group.using).create(group=group.name, state=state, **facts)
    return True


def _lock(group: Group) -> None:
    """One change of a group at a time: each decides by the state before it."""
    with connections[group.using].cursor() as cursor:
        cursor.execute("select pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"events.standing:{group.name}"])
