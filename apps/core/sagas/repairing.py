"""What people do to a saga: try again, skip, resolve by hand, cancel. Its journal says who did it, and why."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from uuid import UUID

from django.db import transaction

from apps.core.history import Actor
from apps.core.sagas import keeping, progress, queries, waking
from apps.core.sagas.definition import Saga, declared
from apps.core.sagas.errors import CannotCancel, NothingToRepair
from apps.core.sagas.models import Entry, Instance
from apps.core.sagas.runner import CANCELLED

State, Kind = Instance.State, Entry.Kind


def retry(saga_id: UUID, *, using: str, reason: str, actor: Actor, now: datetime) -> Instance:
    """Let a saga that needs attention try its step, or undo, again. Raises SagaNotFound, NothingToRepair."""

    def change(row: Instance, saga: Saga) -> None:
        progress.resume(row, saga, now)

    return _repaired(saga_id, Kind.RETRIED, change, using=using, reason=reason, actor=actor, now=now)


def skip(saga_id: UUID, *, using: str, reason: str, actor: Actor, now: datetime) -> Instance:
    """Go on as if the step, or undo, that failed had been done: somebody did it by hand, or it does not matter.

    Raises SagaNotFound, NothingToRepair.
    """

    def change(row: Instance, saga: Saga) -> None:
        progress.step_over(row, saga, now)

    return _repaired(saga_id, Kind.SKIPPED, change, using=using, reason=reason, actor=actor, now=now)


def resolve(saga_id: UUID, *, using: str, reason: str, actor: Actor, now: datetime) -> Instance:
    """Close a saga that needs attention: the rest was settled by hand. Raises SagaNotFound, NothingToRepair."""
    with transaction.atomic(using=using):
        row = _in_need(saga_id, using)
        _note(row, Kind.RESOLVED, reason, actor, now)
        row.state, row.due_at, row.closed_at = State.RESOLVED, None, now
        keeping.keep(row, now)
    return row


def cancel(saga_id: UUID, *, using: str, reason: str, actor: Actor, now: datetime) -> Instance:
    """Undo what a saga has done so far. Safe to repeat. Raises SagaNotFound, CannotCancel.

    While an attempt elsewhere may be under way nothing is undone behind its back: the runner turns back when it hears.
    """
    with transaction.atomic(using=using):
        row = queries.lock(saga_id, using=using)
        if row.failure_code == CANCELLED:
            return row
        saga = declared(row.name, row.definition_version)
        if saga is None or row.state not in (State.RUNNING, State.WAITING) or saga.is_committed(row.position):
            raise CannotCancel(f"{row.name} is {row.state}, at step {row.position + 1}")
        _note(row, Kind.CANCELLED, reason, actor, now)
        row.failure_code, row.failure = CANCELLED, reason
        if not (saga.step_at(row.position).elsewhere and row.attempts):
            row.fence += 1  # an attempt here that has not begun yet must not begin
            progress.turn_back(row, saga, now, code=CANCELLED, reason=reason)
            waking.wake(row)
        keeping.keep(row, now)
    return row


def _repaired(
    saga_id: UUID,
    kind: Entry.Kind,
    change: Callable[[Instance, Saga], None],
    *,
    using: str,
    reason: str,
    actor: Actor,
    now: datetime,
) -> Instance:
    with transaction.atomic(using=using):
        row = _in_need(saga_id, using)
        saga = declared(row.name, row.definition_version)
        if saga is None or saga.fingerprint != row.fingerprint:
            raise NothingToRepair(row.failure)
        _note(row, kind, reason, actor, now)
        change(row, saga)
        waking.wake(row)
        keeping.keep(row, now)
    return row


def _in_need(saga_id: UUID, using: str) -> Instance:
    row = queries.lock(saga_id, using=using)
    if row.state != State.NEEDS_ATTENTION:
        raise NothingToRepair(f"{row.name} is {row.state}")
    return row


def _note(row: Instance, kind: Entry.Kind, reason: str, actor: Actor, now: datetime) -> None:
    saga = declared(row.name, row.definition_version)
    step = saga.step_at(row.position).name if saga else ""
    progress.note(row, kind, now, step=step, actor=actor, detail=reason)
