"""Beginning a saga in the transaction of the change that wants it: both exist, or neither."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

import msgspec
from django.db import IntegrityError, connections, transaction

from apps.core.db.ids import uuid7
from apps.core.history import current_actor
from apps.core.observability import trace_id, traceparent
from apps.core.sagas import keeping, progress, queries, waking
from apps.core.sagas.definition import Context, Saga, latest
from apps.core.sagas.models import Entry, Instance


def begin(name: str, context: Context, *, key: UUID, now: datetime, deadline: timedelta | None = None) -> UUID:
    """Begin the latest version of a saga inside the transaction around; returns the id of the instance.

    It runs once that has committed. `deadline` is this one's own, for one that is sooner than the saga's.
    Safe to repeat: there is one for each `key`, and it is returned. Three statements.
    Raises LookupError for a saga that nobody declared, RuntimeError outside a transaction on its database.
    """
    saga = latest(name)
    if not connections[saga.using].in_atomic_block:
        raise RuntimeError(f"{name} begins in the transaction of the change that wants it, on {saga.using}")
    known = queries.instance_of(name, key)
    if known is not None:
        return known.id
    try:
        with transaction.atomic(using=saga.using):
            return _begun(saga, context, key, now, _sooner(saga.deadline, deadline)).id
    except IntegrityError:  # somebody else began it in this very moment
        rival = queries.instance_of(name, key)
        if rival is None:
            raise
        return rival.id


def _begun(saga: Saga, context: Context, key: UUID, now: datetime, deadline: timedelta | None) -> Instance:
    row, actor = _row(saga, context, key, now), current_actor()
    row.deadline_at = now + deadline if deadline else None
    row.started_by, row.started_by_name = actor.id, actor.name[:200]
    row.save(using=saga.using, force_insert=True)
    progress.note(row, Entry.Kind.BEGUN, now, actor=actor)
    progress.forwards(row, saga, 0, now)
    keeping.keep(row, now)
    waking.wake(row)
    return row


def _sooner(*deadlines: timedelta | None) -> timedelta | None:
    return min((deadline for deadline in deadlines if deadline is not None), default=None)


def _row(saga: Saga, context: Context, key: UUID, now: datetime) -> Instance:
    saga_id, known = uuid7(), trace_id()
    traced = bool(int(known, 16))  # else its own id begins a trace for all that follows
    return Instance(
        id=saga_id,
        name=saga.name,
        definition_version=saga.version,
        fingerprint=saga.fingerprint,
        key=key,
        context=msgspec.to_builtins(context),
        correlation_id=known if traced else saga_id.hex,
        traceparent=traceparent() if traced else f"00-{saga_id.hex}-{saga_id.hex[16:]}-00",
        started_at=now,
        updated_at=now,
    )
