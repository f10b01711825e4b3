"""The dead letters of the current tenant: park, retry in the order of the key, discard."""

from __future__ import annotations

import json
import traceback as tracebacks
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from apps.core.events import inbox
from apps.core.events.delivery import call_handlers, delivery
from apps.core.events.envelope import Envelope, decode, encode
from apps.core.events.errors import DeadLetterNotFound, DeadLetterSettled
from apps.core.events.models import DeadLetter
from apps.core.events.subscriptions import Group
from apps.core.history import Actor

_TEXT_LIMIT = 20_000


@dataclass(frozen=True, slots=True)
class Retried:
    """What a retry of one key came to. `stuck` is the dead letter that failed again, if one did."""

    resolved: int
    stuck: DeadLetter | None = None


def open_letters(alias: str, *, group: str | None = None, key: UUID | None = None) -> Any:
    """What is parked in the current tenant, in the order in which it would be retried."""
    letters = DeadLetter.objects.using(alias).filter(status__in=DeadLetter.OPEN)
    letters = letters.filter(group=group) if group else letters
    letters = letters.filter(key=key) if key else letters
    return letters.order_by("group", "key", "sequence")


def park(group: Group, envelope: Envelope, *, error: Exception, attempts: int) -> None:
    """Keep an event that failed. From now on later events of its key wait. Safe to repeat."""
    with transaction.atomic(using=group.using):
        inbox.lock_key(envelope.aggregate_id, group=group.name, using=group.using)
        letter = _letter(group, envelope, failed=True, reason=_reason(error), attempts=attempts)
        letter.traceback = _shortened("".join(tracebacks.format_exception(error)))
        _insert(letter, group.using)


def park_behind(group: Group, envelope: Envelope) -> bool:
    """Keep an event of a parked key for later; False when the key is no longer parked."""
    with transaction.atomic(using=group.using):
        inbox.lock_key(envelope.aggregate_id, group=group.name, using=group.using)
        if not open_letters(group.using, group=group.name, key=envelope.aggregate_id).exists():
            return False
        _insert(_letter(group, envelope, failed=False, reason="waits behind an earlier event of its key"), group.using)
    return True


def retry_key(group: Group, key: UUID, *, actor: Actor, because: str = "") -> Retried:
    """Handle the parked events of a key in order, each in its own transaction, up to the first that fails again.

    Safe to repeat. Raises DeadLetterNotFound when nothing of this key is parked.
    """
    if not open_letters(group.using, group=group.name, key=key).update(status=DeadLetter.Status.RETRYING):
        raise DeadLetterNotFound(f"{group.name} has nothing parked for {key}")
    resolved, stuck = 0, None
    try:
        while stuck is None and (letter := open_letters(group.using, group=group.name, key=key).first()):
            stuck = _retry(group, letter, actor=actor, because=because)
            resolved += stuck is None
    finally:
        open_letters(group.using, group=group.name, key=key).update(status=DeadLetter.Status.PARKED)
    return Retried(resolved, stuck)


def discard(letter_id: UUID, *, using: str, actor: Actor, because: str, now: datetime) -> DeadLetter:
    """Give an event up for this group, also when it is delivered again. The next ones of its key wait for a retry.

    Raises DeadLetterNotFound, DeadLetterSettled.
    """
    with transaction.atomic(using=using):
        letter = DeadLetter.objects.using(using).select_for_update().filter(id=letter_id).first()
        if letter is None:
            raise DeadLetterNotFound(f"there is no dead letter {letter_id}")
        if letter.status not in DeadLetter.OPEN:
            raise DeadLetterSettled(f"dead letter {letter_id} is {letter.status}")
        inbox.enter(letter.event_id, group=letter.group, using=using)
        _settle(letter, DeadLetter.Status.DISCARDED, actor=actor, because=because, now=now)
    return letter


def _retry(group: Group, letter: DeadLetter, *, actor: Actor, because: str) -> DeadLetter | None:
    """Returns the letter if it failed again."""
    try:
        envelope = decode(json.dumps(letter.envelope))
        with delivery(group, envelope), transaction.atomic(using=group.using):
            inbox.lock_key(letter.key, group=group.name, using=group.using)
            if inbox.enter(letter.event_id, group=group.name, using=group.using):
                call_handlers(group, envelope)
            _settle(letter, DeadLetter.Status.RESOLVED, actor=actor, because=because, now=timezone.now())
    except Exception as error:  # whatever the handler raises
        letter.failed, letter.attempts, letter.reason = True, letter.attempts + 1, _reason(error)
        letter.traceback = _shortened("".join(tracebacks.format_exception(error)))
        letter.status = DeadLetter.Status.PARKED
        letter.settled_at = letter.settled_by = None
        letter.save(using=group.using)
        return letter
    return None


def _letter(group: Group, envelope: Envelope, *, failed: bool, reason: str, attempts: int = 0) -> DeadLetter:
    return DeadLetter(
        tenant_id=envelope.metadata.tenant_id,
        group=group.name,
        key=envelope.aggregate_id,
        event_id=envelope.event_id,
        event_type=envelope.event_type,
        sequence=envelope.metadata.sequence,
        envelope=json.loads(encode(envelope)),
        failed=failed,
        reason=reason,
        attempts=attempts,
        parked_at=timezone.now(),
    )


def _insert(letter: DeadLetter, alias: str) -> None:
    """Only once for each event and group: it may be delivered again."""
    DeadLetter.objects.using(alias).bulk_create([letter], ignore_conflicts=True)


def _settle(letter: DeadLetter, status: str, *, actor: Actor, because: str, now: datetime) -> None:
    letter.status, letter.settled_at, letter.settled_by = status, now, actor.id
    letter.settled_because = because or actor.name
    letter.save(using=letter._state.db)


def _reason(error: Exception) -> str:
    return _shortened(f"{type(error).__name__}: {error}")


def _shortened(text: str) -> str:
    """PostgreSQL keeps no NUL, and nobody reads more."""
    return text.replace("\x00", "")[-_TEXT_LIMIT:]
