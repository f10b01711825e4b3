"""What a saga waits for arrives: a person decides, or an event comes."""

from __future__ import annotations

from datetime import datetime
from typing import cast
from uuid import UUID

import msgspec
from django.db import transaction
from django.utils import timezone

from apps.core.auth import Principal
from apps.core.events import Envelope, Event
from apps.core.events.subscriptions import log_of
from apps.core.history import Actor
from apps.core.sagas import keeping, progress, queries, waking
from apps.core.sagas.definition import Answer, Arrival, Decision, Saga, Step, declared
from apps.core.sagas.errors import NothingToDecide, OwnDecision
from apps.core.sagas.models import Entry, Instance

State, Kind = Instance.State, Entry.Kind
DENIED = "denied"


def decide(name: str, key: UUID, *, approved: bool, reason: str, actor: Actor, now: datetime) -> None:
    """Approve or deny what a saga waits for; denied, everything is undone. Joins the transaction around.

    Whether the actor holds the permission is for the caller to ask. Raises SagaNotFound, NothingToDecide, OwnDecision.
    """
    with transaction.atomic(using=log_of(name)):
        row = queries.lock_by_key(name, key)
        _decide(row, approved=approved, reason=reason, actor=actor, now=now)


def decide_on(saga_id: UUID, *, using: str, approved: bool, reason: str, actor: Actor, now: datetime) -> Instance:
    """The same by the instance's id. Raises SagaNotFound, NothingToDecide, OwnDecision."""
    with transaction.atomic(using=using):
        row = queries.lock(saga_id, using=using)
        _decide(row, approved=approved, reason=reason, actor=actor, now=now)
    return row


def decide_as(
    principal: Principal,
    saga_id: UUID,
    *,
    using: str,
    approved: bool,
    reason: str,
    actor: Actor,
    now: datetime,
) -> Instance:
    """The same for somebody who must hold the permission that the waiting step names. Raises MissingPermission too."""
    decision = decision_of(queries.instance(saga_id, using=using))
    if decision is not None:
        principal.require(decision.permission)
    return decide_on(saga_id, using=using, approved=approved, reason=reason, actor=actor, now=now)


def decision_of(row: Instance) -> Decision | None:
    """What the saga waits for, if that is a person."""
    saga = declared(row.name, row.definition_version)
    if saga is None or row.state != State.WAITING:
        return None
    waits_for = saga.step_at(row.position).waits_for
    return waits_for if isinstance(waits_for, Decision) else None


def is_own(row: Instance, actor: Actor) -> bool:
    """Whether somebody would decide on what they began, or on what was begun in the name that they act in."""
    return row.started_by is not None and row.started_by in (actor.id, actor.impersonator_id)


def event_came(saga: Saga, event: Event, envelope: Envelope) -> None:
    """Hand an event to the instance that waits for it, or will. Safe to repeat: for each step the first one counts.

    Called in a transaction on the saga's database, for each version of the saga.
    """
    row, now = keeping.open_about(saga, _key_in(event, saga)), timezone.now()
    if row is None:
        return
    if row.due_at is not None and row.due_at <= now:
        waking.wake(row)  # a runner that came for it meanwhile has passed by, since it was locked
    step = _first_unanswered(row, saga, event) if not row.backwards else None
    if step is None:
        return
    answer = Answer(at=envelope.timestamp, envelope=envelope)
    _answered(row, saga, step, answer, now, detail=f"{envelope.event_type} {envelope.event_id}")
    keeping.keep(row, now)


def _decide(row: Instance, *, approved: bool, reason: str, actor: Actor, now: datetime) -> None:
    saga = declared(row.name, row.definition_version)
    if saga is None or decision_of(row) is None:
        raise NothingToDecide(f"{row.name} is {row.state}: it waits for nobody's decision")
    if is_own(row, actor):
        raise OwnDecision
    step, said = saga.step_at(row.position), "approved" if approved else DENIED
    if approved:
        answer = Answer(at=now, by=actor.id, by_name=actor.name, reason=reason)
        _answered(row, saga, step, answer, now, actor=actor, detail=f"{said}: {reason}".rstrip(": "))
    else:
        progress.note(row, Kind.ANSWERED, now, step=step.name, actor=actor, detail=f"{said}: {reason}".rstrip(": "))
        progress.turn_back(row, saga, now, code=DENIED, reason=reason or f"denied by {actor.name}")
        waking.wake(row)
    keeping.keep(row, now)


def _key_in(event: Event, saga: Saga) -> UUID:
    waits_for = cast(Arrival, saga.awaits(type(event))[0].waits_for)
    return UUID(str(getattr(event, waits_for.by)))


def _answered(
    row: Instance, saga: Saga, step: Step, answer: Answer, now: datetime, *, detail: str, actor: Actor | None = None
) -> None:
    row.answers[step.name] = msgspec.to_builtins(answer)
    progress.note(row, Kind.ANSWERED, now, step=step.name, actor=actor, detail=detail)
    if row.state == State.WAITING and saga.step_at(row.position) == step:
        progress.forwards(row, saga, row.position, now)
        waking.wake(row)


def _first_unanswered(row: Instance, saga: Saga, event: Event) -> Step | None:
    ahead = saga.steps[row.position :]
    return next((step for step in saga.awaits(type(event)) if step in ahead and step.name not in row.answers), None)
