"""A saga told to people: each step and how it stands, and what comes next."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from apps.core.sagas.definition import Decision, Saga, Step, declared
from apps.core.sagas.models import Entry, Instance

State, Kind = Instance.State, Entry.Kind
# How a step stands after the last thing that happened to it.
_AFTER = {
    Kind.DONE: "done",
    Kind.UNDONE: "undone",
    Kind.SKIPPED: "skipped",
    Kind.FAILED: "failed",
}


@dataclass(frozen=True, slots=True)
class StepTold:
    """One step as it stands: pending, running, waiting, done, failed, turned_back, undoing, undone, skipped,
    needs_attention, not_reached.
    """

    name: str
    state: str
    attempts: int
    detail: str
    at: datetime | None
    seconds: float | None
    undoable: bool  # whether it is done and could be undone


def steps_of(row: Instance, entries: Sequence[Entry]) -> list[StepTold]:
    """Every step of the saga's own version in order; only those of the journal when that is no longer declared."""
    saga = declared(row.name, row.definition_version)
    if saga is None:
        names = dict.fromkeys(entry.step for entry in entries if entry.step)
        return [_told(row, Step(name), -2, entries) for name in names]
    return [_told(row, step, place, entries) for place, step in enumerate(saga.steps)]


def what_next(row: Instance) -> str:
    """One line on what happens next, and when."""
    saga = declared(row.name, row.definition_version)
    if saga is None or row.is_closed:
        return "" if row.is_closed else "Nothing, until its version is declared again."
    step = saga.step_at(row.position)
    if row.state == State.NEEDS_ATTENTION:
        return f"Nothing, until somebody retries or skips {_deed(row, step)}, or resolves it by hand."
    if row.state == State.WAITING:
        what = "a person's decision" if isinstance(step.waits_for, Decision) else "an event"
        return f"“{step.name}” waits for {what}; without it everything is undone."
    return f"{_deed(row, step).capitalize()}, {_following(row, saga)}."


def present_step(row: Instance) -> str:
    """The name of the step that it has come to; empty when it is over."""
    saga = declared(row.name, row.definition_version)
    if saga is None or row.is_closed or not -1 <= row.position < len(saga.steps):
        return ""
    return saga.step_at(row.position).name


def _deed(row: Instance, step: Step) -> str:
    return f"undoing “{step.name}”" if row.backwards else f"“{step.name}”"


def _following(row: Instance, saga: Saga) -> str:
    if row.backwards:
        return "then whatever was done before it" if row.position >= 0 else "then it is over"
    rest = len(saga.steps) - row.position - 1
    return f"then {rest} more" if rest else "then it is over"


def _unfinished(row: Instance, own: Sequence[Entry]) -> str:
    """Of a step that was neither done nor failed."""
    if any(entry.kind == Kind.TURNED_BACK for entry in own):
        return "turned_back"
    return "not_reached" if row.backwards or row.is_closed else "pending"


def _told(row: Instance, step: Step, place: int, entries: Sequence[Entry]) -> StepTold:
    own = [entry for entry in entries if entry.step == step.name]
    latest = next((entry for entry in reversed(own) if entry.kind in _AFTER), None)
    state = _AFTER[Kind(latest.kind)] if latest else _unfinished(row, own)
    if place == row.position and not row.is_closed:
        state = "undoing" if row.state == State.COMPENSATING else str(row.state)
    spoken = next((entry for entry in reversed(own) if entry.detail), None)
    return StepTold(
        name=step.name,
        state=state,
        attempts=max((entry.attempt for entry in own), default=0),
        detail=spoken.detail if spoken and state not in ("done", "undone") else "",
        at=own[-1].at if own else None,
        seconds=next((entry.seconds for entry in reversed(own) if entry.seconds is not None), None),
        undoable=step.leaves_something and state == "done",
    )
