"""Carrying sagas on: taken for a while, one attempt at a time, each outcome noted in the transaction of its effect.

A runner that dies leaves a claim that ends by itself, and the next attempt. One that was overtaken while it was slow
finds its fence number passed: nothing that it did in this database is kept, and nothing that it says is believed.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec
from django.db import connections, transaction
from django.utils import timezone

from apps.core.errors import DomainError, Overtaken, TooManyRequests, Unavailable
from apps.core.events.retry import is_outage
from apps.core.history import Actor, acting
from apps.core.observability import get_logger, span
from apps.core.observability.redaction import redacted_text
from apps.core.sagas import keeping, progress, waking
from apps.core.sagas.definition import NOTHING, Answer, Run, Saga, Step, accepts, declared
from apps.core.sagas.models import Entry, Instance

State, Kind = Instance.State, Entry.Kind
Clock = Callable[[], datetime]
_logger = get_logger("sagas")


class Fenced(Exception):
    """Somebody else has taken the saga since: this attempt may not report."""


@dataclass(frozen=True, slots=True)
class Turn:
    """One attempt at one step, or at its undo, of a saga as it was when it was taken."""

    saga: Saga
    row: Instance
    step: Step
    now: datetime

    @property
    def undoes(self) -> bool:
        return self.row.backwards

    @property
    def is_last(self) -> bool:
        return self.row.attempts >= self.step.retry.attempts

    def act(self) -> Mapping[str, Any] | None:
        """Run the step, or its undo. Raises what it raises."""
        action = (self.step.undo or NOTHING) if self.undoes else self.step.do
        offers: dict[str, Callable[[], Any]] = {
            "run": self._run,
            "answer": self._answer,
            "event": lambda: self._answer().event(),
        }
        wanted = {name: offer() for name, offer in offers.items() if accepts(action, name)}
        return action(self.saga.with_context(self.row.context), **wanted)

    def _run(self) -> Run:
        actor = Actor(kind="system", name=self.saga.name)
        return Run(self.row.id, f"{self.row.id}/{self.step.name}", self.row.attempts, self.now, actor)

    def _answer(self) -> Answer:
        return msgspec.convert(self.row.answers[self.step.name], Answer)


class Runner:
    """Takes sagas of one database. The tenant is the caller's."""

    def __init__(self, alias: str, *, clock: Clock = timezone.now) -> None:
        self.alias = alias
        self._clock = clock

    def run(self, saga_id: UUID) -> None:
        """Take a saga as far as it goes now. Does nothing when it is not due, or somebody else has it."""
        turn = self.claim(saga_id)
        while turn is not None:
            turn = self.perform(turn)

    def claim(self, saga_id: UUID) -> Turn | None:
        """Begin the next attempt of a saga that is due; None when there is none to make now."""
        now = self._clock()
        with transaction.atomic(using=self.alias):
            row = keeping.free(saga_id, using=self.alias)
            is_due = row is not None and row.due_at is not None and row.due_at <= now
            return self._next(row, now) if row is not None and is_due else None

    def perform(self, turn: Turn) -> Turn | None:
        """Make one attempt and note its outcome; the next attempt if there is one to make at once."""
        name = f"{'undo ' if turn.undoes else ''}{turn.step.name}"
        actor = Actor(kind="system", name=turn.saga.name)
        with (
            span(f"{turn.saga.name} {name}", parent=turn.row.traceparent, attributes=_facts(turn)),
            acting(actor, trace_id=turn.row.correlation_id),
        ):
            try:
                return self._elsewhere(turn) if turn.step.elsewhere else self._here(turn)
            except Fenced:
                _logger.warning("sagas.fenced", **_facts(turn))
            except Exception as error:  # whatever a step raises
                return self._failed(turn, error)
        return None

    def _here(self, turn: Turn) -> Turn | None:
        """The effect and the note of it are one transaction."""
        began = time.monotonic()
        with transaction.atomic(using=self.alias):
            row = self._held(turn)
            self._limit(turn.step.timeout)
            return self._done(turn, row, turn.act(), time.monotonic() - began)

    def _elsewhere(self, turn: Turn) -> Turn | None:
        began = time.monotonic()
        added = turn.act()
        with transaction.atomic(using=self.alias):
            return self._done(turn, self._held(turn), added, time.monotonic() - began)

    def _done(self, turn: Turn, row: Instance, added: Mapping[str, Any] | None, seconds: float) -> Turn | None:
        now = self._clock()
        row.context = msgspec.to_builtins(turn.saga.with_context(row.context, added))
        facts = {"attempt": row.attempts, "seconds": round(seconds, 3), "added": msgspec.to_builtins(dict(added or {}))}
        progress.note(row, Kind.UNDONE if turn.undoes else Kind.DONE, now, step=turn.step.name, **facts)
        if _is_cancelled(row) and not turn.saga.is_past_return(row.position + 1):
            progress.turn_back(row, turn.saga, now, code=CANCELLED, reason=row.failure, uncertain=True)
        else:
            progress.step_over(row, turn.saga, now)
        return self._next(row, now)

    def _failed(self, turn: Turn, error: Exception) -> Turn | None:
        """A refusal ends the attempts; what may pass is tried again after a pause, so often and no more."""
        now, reason = self._clock(), redacted_text(f"{type(error).__name__}: {error}")
        _logger.warning("sagas.attempt_failed", **_facts(turn), error=reason, exc_info=error)
        with transaction.atomic(using=self.alias):
            try:
                row = self._held(turn)
            except Fenced:
                return None
            if is_outage(error):
                row.attempts -= 1  # nobody's fault but the database's
            elif is_refusal(error) or turn.is_last:
                return self._gave_up(turn, row, now, error, reason)
            pause = _pause(turn, error)
            row.due_at = now + pause
            progress.note(row, Kind.RETRYING, now, step=turn.step.name, attempt=turn.row.attempts, detail=reason)
            keeping.keep(row, now)
            waking.wake(row, after=pause)
        return None

    def _gave_up(self, turn: Turn, row: Instance, now: datetime, error: Exception, reason: str) -> Turn | None:
        code = error.code if isinstance(error, DomainError) else "unexpected_error"
        progress.note(row, Kind.FAILED, now, step=turn.step.name, attempt=row.attempts, detail=reason)
        if turn.undoes:
            progress.ask_for_help(row, now, code=code, reason=reason, step=turn.step.name)
        else:
            refused_at_once = is_refusal(error) and row.attempts == 1
            uncertain = _is_uncertain(turn.step, row) and not refused_at_once
            progress.turn_back(row, turn.saga, now, code=code, reason=reason, uncertain=uncertain)
        return self._next(row, now)

    def _next(self, row: Instance, now: datetime) -> Turn | None:
        """Take the saga for another attempt where one is to be made now, and save it. Inside the row's transaction."""
        saga = declared(row.name, row.definition_version)
        if saga is None or saga.fingerprint != row.fingerprint:
            reason = f"version {row.definition_version} of {row.name} is not declared as it was when this one began"
            progress.ask_for_help(row, now, code="definition_changed", reason=reason, step="")
        else:
            self._heed_time(row, saga, now)
        if saga is None or row.due_at is None or row.due_at > now:
            keeping.keep(row, now)
            return None
        step = saga.step_at(row.position)
        progress.take(row, step, now)
        keeping.keep(row, now)
        return Turn(saga, row, step, now)

    def _heed_time(self, row: Instance, saga: Saga, now: datetime) -> None:
        """Turn back what was cancelled, has waited too long, is past its deadline, or killed runner after runner."""
        if row.due_at is None or row.due_at > now:
            return
        step = saga.step_at(row.position)
        uncertain = _is_uncertain(step, row)
        if row.backwards:
            if row.attempts >= step.retry.attempts:
                progress.ask_for_help(row, now, **_LOST, step=step.name)
        elif _is_cancelled(row):
            progress.turn_back(row, saga, now, code=CANCELLED, reason=row.failure, uncertain=uncertain)
        elif row.deadline_at and row.deadline_at <= now and not saga.is_committed(row.position):
            reason = f"it should have been over by {row.deadline_at:%Y-%m-%d %H:%M} UTC"
            progress.turn_back(row, saga, now, code="deadline_passed", reason=reason, uncertain=uncertain)
        elif row.state == State.WAITING:
            progress.turn_back(row, saga, now, code="waited_too_long", reason=f"nothing came for {step.name!r}")
        elif row.attempts >= step.retry.attempts:
            progress.turn_back(row, saga, now, **_LOST, uncertain=uncertain)

    def _held(self, turn: Turn) -> Instance:
        """The row, locked, if the attempt is still the latest. Raises Fenced."""
        row = keeping.held(turn.row.id, using=self.alias)
        if row is None or row.fence != turn.row.fence or row.is_closed:
            raise Fenced
        return row

    def _limit(self, timeout: timedelta) -> None:
        """No statement of this transaction may outlive the attempt."""
        with connections[self.alias].cursor() as cursor:
            cursor.execute("select set_config('statement_timeout', %s, true)", [f"{timeout.total_seconds():.3f}s"])


CANCELLED = "cancelled"
_LOST = {"code": "runner_lost", "reason": "whoever tried it never reported, as often as it may be tried"}


def is_refusal(error: Exception) -> bool:
    """Whether trying again would meet the same answer: the domain has decided."""
    passing = (Unavailable, TooManyRequests, Overtaken)
    return isinstance(error, DomainError) and not isinstance(error, passing)


def _is_cancelled(row: Instance) -> bool:
    """Whether somebody cancelled it while an attempt elsewhere was under way."""
    return row.failure_code == CANCELLED and not row.backwards


def _is_uncertain(step: Step, row: Instance) -> bool:
    """Whether an attempt elsewhere may have had its effect without our hearing of it."""
    return step.elsewhere and not row.backwards and row.attempts > 0


def _pause(turn: Turn, error: Exception) -> timedelta:
    asked = error.retry_after_s if isinstance(error, Unavailable | TooManyRequests) else 0
    return timedelta(seconds=max(asked, turn.step.retry.delay_s(turn.row.attempts - 1)))


def _facts(turn: Turn) -> dict[str, str]:
    return {
        "saga": turn.saga.name,
        "saga_id": str(turn.row.id),
        "step": turn.step.name,
        "attempt": str(turn.row.attempts),
        "direction": "back" if turn.undoes else "on",
    }
