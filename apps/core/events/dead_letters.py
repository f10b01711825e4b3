"""The dead letters of the current tenant: what a consumer parks, and what can be read of it. `repairs` changes them."""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID

import msgspec
from django.db import DEFAULT_DB_ALIAS, transaction
from django.db.models import QuerySet
from django.utils import timezone

from apps.core.events import inbox
from apps.core.events.envelope import Envelope, decode, encode
from apps.core.events.errors import DeadLetterNotFound
from apps.core.events.failures import blame
from apps.core.events.models import DeadLetter
from apps.core.events.subscriptions import Group
from apps.core.history.changes import Change, ChangeFilter, changes_of


def letters(alias: str) -> QuerySet[DeadLetter]:
    """Every dead letter there ever was, the newest first."""
    return DeadLetter.objects.using(alias).order_by("-id")


def open_letters(alias: str, *, group: str | None = None, key: UUID | None = None) -> Any:
    """What is parked in the current tenant, in the order in which it would be retried."""
    found = DeadLetter.objects.using(alias).filter(status__in=DeadLetter.OPEN)
    found = found.filter(group=group) if group else found
    found = found.filter(key=key) if key else found
    return found.order_by("group", "key", "sequence")


def letter(letter_id: UUID, *, using: str) -> DeadLetter:
    """One dead letter, open or not. Raises DeadLetterNotFound."""
    found = DeadLetter.objects.using(using).filter(id=letter_id).first()
    if found is None:
        raise DeadLetterNotFound(f"there is no dead letter {letter_id}")
    return found


def waiting_behind(found: DeadLetter) -> Any:
    """The later events of the same key that wait in the same group, in their order."""
    return open_letters(str(found._state.db), group=found.group, key=found.key).filter(sequence__gt=found.sequence)


def changes(where: ChangeFilter, *, limit: int, using: str = DEFAULT_DB_ALIAS) -> list[Change]:
    """The latest wanted changes of dead letters in one database, newest first: for the audit. Three statements."""
    return changes_of(DeadLetter, where=where, limit=limit, using=using)


def names_in_use(alias: str) -> tuple[list[str], list[str]]:
    """The groups and the types of events of which something is open, by name. Two statements."""
    rows = DeadLetter.objects.using(alias).filter(status__in=DeadLetter.OPEN)
    groups, types = (
        rows.order_by(column).values_list(column, flat=True).distinct() for column in ("group", "event_type")
    )
    return list(groups), list(types)


def original_of(found: DeadLetter) -> Envelope:
    """The event as it was delivered. Raises InvalidMessage."""
    return decode(json.dumps(found.envelope))


def envelope_of(found: DeadLetter) -> Envelope:
    """The event as it is to be handled: with the latest correction, where there is one. Raises InvalidMessage."""
    original = original_of(found)
    if not found.corrections:
        return original
    latest = found.corrections[-1]
    return msgspec.structs.replace(original, payload=latest["payload"], version=latest["version"])


def park(group: Group, envelope: Envelope, *, error: Exception, attempts: int) -> None:
    """Keep an event that failed. From now on later events of its key wait. Safe to repeat."""
    with transaction.atomic(using=group.using):
        inbox.lock_key(envelope.aggregate_id, group=group.name, using=group.using)
        parked = _letter(group, envelope, failed=True, reason="", attempts=attempts)
        blame(parked, error, using=group.using)
        _insert(parked, group.using)


def park_behind(group: Group, envelope: Envelope) -> bool:
    """Keep an event of a parked key for later; False when the key is no longer parked."""
    with transaction.atomic(using=group.using):
        inbox.lock_key(envelope.aggregate_id, group=group.name, using=group.using)
        if not open_letters(group.using, group=group.name, key=envelope.aggregate_id).exists():
            return False
        _insert(_letter(group, envelope, failed=False, reason="waits behind an earlier event of its key"), group.using)
    return True


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


def _insert(parked: DeadLetter, alias: str) -> None:
    """Only once for each event and group: it may be delivered again."""
    DeadLetter.objects.using(alias).bulk_create([parked], ignore_conflicts=True)
