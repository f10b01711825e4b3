"""Repairs of many dead letters, in steps: each is short, says how far it came, and may be repeated.

A step takes EVENTS_REPAIR_BATCH of them unless `at_most` says otherwise.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db.models import QuerySet
from django.db.models.fields.tuple_lookups import Tuple, TupleGreaterThan

from apps.core.errors import Invalid
from apps.core.events import repairs
from apps.core.events.errors import DeadLetterNotFound, DeadLetterSettled
from apps.core.events.models import DeadLetter
from apps.core.events.subscriptions import groups
from apps.core.history import Actor


@dataclass(frozen=True, slots=True)
class Step:
    """What one step came to: `settled` events, `stuck` keys. It took `taken` keys (a discarding: events) and
    `left` are to come. The next step goes on `after` this place; empty: it was the last.
    """

    taken: int
    settled: int
    stuck: int
    left: int
    after: str = ""


def retry_step(
    chosen: QuerySet[DeadLetter], *, actor: Actor, because: str = "", after: str = "", at_most: int = 0
) -> Step:
    """Retry the next keys of which one of the chosen dead letters is open; a key counts as stuck if it fails again.

    Raises Invalid for a place that none of these steps named.
    """
    at_most = at_most or settings.EVENTS_REPAIR_BATCH
    keys = _open(chosen).order_by("group", "key").values_list("group", "key").distinct()
    keys = keys.filter(TupleGreaterThan(Tuple("group", "key"), _place(after))) if after else keys
    page = list(keys[:at_most])
    retried = [_retried(*one, actor=actor, because=because) for one in page]
    left = keys.filter(TupleGreaterThan(Tuple("group", "key"), page[-1])).count() if len(page) == at_most else 0
    return Step(
        taken=len(page),
        settled=sum(resolved for resolved, _ in retried),
        stuck=sum(stuck for _, stuck in retried),
        left=left,
        after=f"{page[-1][0]}/{page[-1][1]}" if left else "",
    )


def discard_step(
    chosen: QuerySet[DeadLetter],
    *,
    actor: Actor,
    because: str,
    now: datetime,
    after: str = "",
    at_most: int = 0,
) -> Step:
    """Discard the next of the chosen dead letters that are open. What waits behind them waits for a retry.

    Raises Invalid for a place that none of these steps named.
    """
    at_most = at_most or settings.EVENTS_REPAIR_BATCH
    rows = _open(chosen).order_by("id")
    rows = rows.filter(id__gt=_uuid(after)) if after else rows
    page = list(rows.values_list("id", flat=True)[:at_most])
    done = sum(_discarded(id_, chosen.db, actor=actor, because=because, now=now) for id_ in page)
    left = rows.filter(id__gt=page[-1]).count() if len(page) == at_most else 0
    return Step(taken=len(page), settled=done, stuck=0, left=left, after=str(page[-1]) if left else "")


def _open(chosen: QuerySet[DeadLetter]) -> Any:
    return chosen.filter(status__in=DeadLetter.OPEN)


def _retried(group_name: str, key: UUID, *, actor: Actor, because: str) -> tuple[int, int]:
    """How many events had their effect, and whether one is stuck. What somebody else retried meanwhile is neither."""
    group = next((group for group in groups() if group.name == group_name), None)
    if group is None:
        return 0, 1
    try:
        retried = repairs.retry_key(group, key, actor=actor, because=because)
    except DeadLetterNotFound:
        return 0, 0
    return retried.resolved, int(retried.stuck is not None)


def _discarded(letter_id: UUID, alias: str, *, actor: Actor, because: str, now: datetime) -> int:
    try:
        repairs.discard(letter_id, using=alias, actor=actor, because=because, now=now)
    except DeadLetterSettled:  # somebody else was faster
        return 0
    return 1


def _place(after: str) -> tuple[str, UUID]:
    group, _, key = after.rpartition("/")
    return group, _uuid(key)


def _uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise Invalid("this is no place to go on after", errors={"after": ["as the step before named it"]}) from None
