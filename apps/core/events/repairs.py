"""What people do about dead letters: retry a key in its order, correct an event, give one up, take that back.

Every change is kept in the history of the dead letter with who made it and why.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from apps.core.events import corrections, inbox
from apps.core.events.dead_letters import envelope_of, letter, open_letters
from apps.core.events.delivery import call_handlers, delivery
from apps.core.events.errors import (
    DeadLetterNotFound,
    DeadLetterSettled,
    DiscardIsFinal,
    GroupGone,
)
from apps.core.events.failures import blame
from apps.core.events.models import DeadLetter
from apps.core.events.subscriptions import Group, groups
from apps.core.history import Actor, acting

BECAUSE_LIMIT = 500


@dataclass(frozen=True, slots=True)
class Retried:
    """What a retry of one key came to. `stuck` is the dead letter that failed again, if one did."""

    resolved: int
    stuck: DeadLetter | None = None


def group_of(found: DeadLetter) -> Group:
    """The group that could not handle it. Raises GroupGone."""
    for group in groups():
        if group.name == found.group:
            return group
    raise GroupGone(f"no handler names the group {found.group} any more, so this can only be discarded")


def retry_key(group: Group, key: UUID, *, actor: Actor, because: str = "") -> Retried:
    """Handle the parked events of a key in order, each in its own transaction, up to the first that fails again.

    Later events of the key wait meanwhile. Safe to repeat, and to run twice at once. Raises DeadLetterNotFound when
    nothing of this key is parked.
    """
    if not open_letters(group.using, group=group.name, key=key).exists():
        raise DeadLetterNotFound(f"{group.name} has nothing parked for {key}")
    resolved = 0
    while True:
        tried = _retry_first(group, key, actor=actor, because=because)
        if tried is None or tried.is_open:
            return Retried(resolved, tried)
        resolved += 1


def retry_letter(letter_id: UUID, *, using: str, actor: Actor, because: str = "") -> Retried:
    """Retry the key of a dead letter, from its first event on.

    Raises DeadLetterNotFound, DeadLetterSettled, GroupGone.
    """
    found = letter(letter_id, using=using)
    if not found.is_open:
        raise _settled(found)
    return retry_key(group_of(found), found.key, actor=actor, because=because)


def correct(
    letter_id: UUID, payload: dict[str, Any], *, using: str, actor: Actor, because: str, now: datetime
) -> DeadLetter:
    """Have this payload handled instead of the event's own, at the next retry. Only this group sees it; the event stays
    as it is in the log and beside the correction. It is given in plain and in the newest version of the event, as
    `corrections.readable` has it. Repeating the same one changes nothing.

    Raises DeadLetterNotFound, DeadLetterSettled, and Invalid when the payload is none of this event's.
    """
    with _locked(letter_id, using) as found, acting(actor, reason=because):
        event = corrections.checked(found, payload)
        if corrections.changes_something(found, event):
            by = {"at": now.isoformat(), "by": str(actor.id or ""), "byName": actor.name, "because": _cut(because)}
            found.corrections = [*found.corrections, {**corrections.stored(found, event), **by}]
            found.corrected_at = now
            found.save(using=using, update_fields=["corrections", "corrected_at"])
    return found


def discard(letter_id: UUID, *, using: str, actor: Actor, because: str, now: datetime) -> DeadLetter:
    """Give an event up for this group, also when it is delivered again. The next ones of its key wait for a retry.

    One that had its effect by another reader meanwhile is resolved. Raises DeadLetterNotFound, DeadLetterSettled.
    """
    with _locked(letter_id, using) as found, acting(actor, reason=because):
        without_effect = inbox.enter(found.event_id, group=found.group, using=using)
        status = DeadLetter.Status.DISCARDED if without_effect else DeadLetter.Status.RESOLVED
        _settle(found, status, actor=actor, because=because, now=now)
    return found


def undo_discard(letter_id: UUID, *, using: str, actor: Actor, because: str = "") -> DeadLetter:
    """Park a discarded event again. Only while an event that waited behind it still does: else later ones may have had
    their effect, and it would come too late. Safe to repeat.

    Raises DeadLetterNotFound, DeadLetterSettled, DiscardIsFinal.
    """
    with _locked(letter_id, using, is_open=False) as found, acting(actor, reason=because):
        if found.is_open:
            return found
        if found.status != DeadLetter.Status.DISCARDED:
            raise _settled(found)
        if not can_be_undone(found):
            raise DiscardIsFinal
        inbox.leave([found.event_id], group=found.group, using=using)
        found.status, found.settled_at, found.settled_by, found.settled_because = (
            DeadLetter.Status.PARKED,
            None,
            None,
            "",
        )
        found.save(using=using)
    return found


def can_be_undone(found: DeadLetter) -> bool:
    """Whether the key has been parked without a break since this event of it was discarded."""
    if found.status != DeadLetter.Status.DISCARDED or found.settled_at is None:
        return False
    later = DeadLetter.objects.using(found._state.db).filter(
        group=found.group, key=found.key, sequence__gt=found.sequence
    )
    held = later.filter(status__in=DeadLetter.OPEN, parked_at__lte=found.settled_at)
    return held.exists() and not later.filter(status=DeadLetter.Status.RESOLVED).exists()


def _retry_first(group: Group, key: UUID, *, actor: Actor, because: str) -> DeadLetter | None:
    """Handle the first of the key's parked events; returns it, still open if it failed again. None: nothing is left."""
    first: DeadLetter | None = None
    try:
        with transaction.atomic(using=group.using):
            first = _lock_first(group, key)
            if first is None:
                return None
            envelope = envelope_of(first)
            if inbox.enter(first.event_id, group=group.name, using=group.using):
                with delivery(group, envelope):
                    call_handlers(group, envelope)
            with acting(actor, reason=because):
                _settle(first, DeadLetter.Status.RESOLVED, actor=actor, because=because, now=timezone.now())
        return first
    except Exception as error:  # whatever the handler raises
        if first is None:
            raise
        return _failed_again(first, error, actor=actor, because=because)


def _lock_first(group: Group, key: UUID) -> DeadLetter | None:
    inbox.lock_key(key, group=group.name, using=group.using)
    found: DeadLetter | None = open_letters(group.using, group=group.name, key=key).select_for_update().first()
    return found


def _failed_again(tried: DeadLetter, error: Exception, *, actor: Actor, because: str) -> DeadLetter:
    """Note the failure, unless somebody has settled the event in this very moment."""
    with _locked(tried.id, str(tried._state.db), is_open=False) as found, acting(actor, reason=because):
        if found.is_open:
            blame(found, error, using=str(found._state.db))
            found.attempts += 1
            found.save(using=found._state.db, update_fields=["failed", "reason", "words", "traceback", "attempts"])
    return found


@contextmanager
def _locked(letter_id: UUID, using: str, *, is_open: bool = True) -> Iterator[DeadLetter]:
    """The dead letter, with its key held to the end of the block: nobody parks or retries events of it."""
    key = letter(letter_id, using=using)
    with transaction.atomic(using=using):
        inbox.lock_key(key.key, group=key.group, using=using)
        found = DeadLetter.objects.using(using).select_for_update().get(id=letter_id)
        if is_open and not found.is_open:
            raise _settled(found)
        yield found


def _settle(found: DeadLetter, status: str, *, actor: Actor, because: str, now: datetime) -> None:
    found.status, found.settled_at, found.settled_by = status, now, actor.id
    found.settled_because = _cut(because) or actor.name
    found.save(using=found._state.db, update_fields=["status", "settled_at", "settled_by", "settled_because"])


def _settled(found: DeadLetter) -> DeadLetterSettled:
    return DeadLetterSettled(f"dead letter {found.id} is {found.status}")


def _cut(text: str) -> str:
    return text[:BECAUSE_LIMIT]
