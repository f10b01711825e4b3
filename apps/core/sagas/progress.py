"""Where a saga goes from here: the rules, on its locked row. What happens enters the journal; nothing is saved."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from apps.core.history import Actor
from apps.core.sagas import keeping
from apps.core.sagas.definition import Saga, Step
from apps.core.sagas.models import Entry, Instance

State, Kind = Instance.State, Entry.Kind
_LONGEST = 2000


def note(
    row: Instance, kind: Entry.Kind, now: datetime, *, step: str = "", actor: Actor | None = None, **facts: Any
) -> None:
    """Enter something into the journal. One statement."""
    who = {"actor_id": actor.id, "actor_name": actor.name[:200]} if actor else {}
    facts["detail"] = facts.get("detail", "")[:_LONGEST]
    entry = Entry(instance=row, tenant_id=row.tenant_id, kind=kind, step=step, at=now, **who, **facts)
    keeping.enter(entry, using=row._state.db)


def take(row: Instance, step: Step, now: datetime) -> None:
    """Another attempt begins. Until its time is up nobody else takes the saga, and only this attempt may report."""
    row.attempts, row.fence, row.due_at = row.attempts + 1, row.fence + 1, now + step.timeout


def forwards(row: Instance, saga: Saga, position: int, now: datetime) -> None:
    """Go on at a step: it may run at once, has to wait, or there is none left."""
    row.position, row.attempts, row.state, row.due_at = position, 0, State.RUNNING, now
    if saga.is_past_return(position):
        row.failure_code = row.failure = ""  # what came too late, or was repaired
    if position == len(saga.steps):
        _close(row, State.COMPLETED, now)
        return
    step = saga.steps[position]
    if step.waits_for and step.name not in row.answers and _has_to_wait(row, saga, step):
        row.state, row.due_at = State.WAITING, _end_of_wait(row, saga, now)
        note(row, Kind.WAITING, now, step=step.name)


def backwards(row: Instance, saga: Saga, position: int, now: datetime) -> None:
    """Undo from this position down, passing by what has nothing to undo; -1 is the beginning."""
    while position >= -1 and not saga.step_at(position).leaves_something:
        position -= 1
    row.position, row.attempts, row.backwards = position, 0, True
    row.state, row.due_at = State.COMPENSATING, now
    if position < -1:
        _close(row, State.COMPENSATED, now)


def turn_back(row: Instance, saga: Saga, now: datetime, *, code: str, reason: str, uncertain: bool = False) -> None:
    """Undo what was done, the present step too when its outcome is `uncertain`. Past the pivot: ask for help."""
    step = saga.step_at(row.position)
    if saga.is_committed(row.position):
        ask_for_help(row, now, code=code, reason=reason, step=step.name)
        return
    row.failure_code, row.failure = code[:64], reason[:_LONGEST]
    note(row, Kind.TURNED_BACK, now, step=step.name, detail=f"{code}: {reason}")
    backwards(row, saga, row.position if uncertain else row.position - 1, now)


def ask_for_help(row: Instance, now: datetime, *, code: str, reason: str, step: str) -> None:
    """Stop until somebody repairs it."""
    row.state, row.due_at = State.NEEDS_ATTENTION, None
    row.failure_code, row.failure = code[:64], reason[:_LONGEST]
    note(row, Kind.NEEDS_ATTENTION, now, step=step, detail=f"{code}: {reason}")


def resume(row: Instance, saga: Saga, now: datetime) -> None:
    """Go on from where it stopped, with all attempts."""
    if row.backwards:
        backwards(row, saga, row.position, now)
    else:
        forwards(row, saga, row.position, now)


def step_over(row: Instance, saga: Saga, now: datetime) -> None:
    """Go on as if the present step, or undo, had been done."""
    if row.backwards:
        backwards(row, saga, row.position - 1, now)
    else:
        forwards(row, saga, row.position + 1, now)


def _has_to_wait(row: Instance, saga: Saga, step: Step) -> bool:
    return step.waits_if is None or step.waits_if(saga.with_context(row.context))


def _close(row: Instance, state: Instance.State, now: datetime) -> None:
    row.state, row.due_at, row.closed_at = state, None, now
    note(row, Kind(state.value), now)


def _end_of_wait(row: Instance, saga: Saga, now: datetime) -> datetime:
    """The deadline ends waits too, except past the pivot, where it means nothing any more."""
    within = saga.steps[row.position].within
    ends = [now + within] if within else []
    if row.deadline_at and not saga.is_committed(row.position):
        ends.append(row.deadline_at)
    return min(ends)
