"""What every saga must pass. Beside the saga, in `tests/test_sagas.py`:

    class TestPlaceOrder(SagaHarness):
        saga = PLACE_ORDER

        def start(self): ...   # what a command does to begin one, in the current tenant; returns its key
        def world(self): ...   # all that it may change, as counts and sums by name

Waits for a person are approved; a saga that waits for events says in `answer` how they come. Never imported by the
platform.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from datetime import datetime
from functools import wraps
from typing import Any, ClassVar
from uuid import UUID

import pytest
from django.conf import settings
from django.db import connections, transaction
from django.utils import timezone

from apps.core.errors import Conflict, Unavailable
from apps.core.events.retry import RetryPolicy
from apps.core.history import SYSTEM
from apps.core.sagas import deciding, definition, queries, repairing
from apps.core.sagas.definition import Action, Decision, Saga, Step
from apps.core.sagas.models import Entry, Instance
from apps.core.sagas.runner import Runner

State, Kind = Instance.State, Entry.Kind
_AT_ONCE = RetryPolicy(attempts=1, base_s=0, cap_s=0)
_TWICE = RetryPolicy(attempts=2, base_s=0, cap_s=0)
_MOST_TURNS = 200
_LOCKING = ("FOR UPDATE", "FOR UPDATE SKIP LOCKED")


class Refused(Conflict):
    """The harness wants this step to fail."""

    code = "refused_by_harness"


class SagaHarness:
    """The tests. `at` is the time of the runner, which moves on as pauses and claims have to end."""

    saga: ClassVar[Saga]
    at: datetime

    def start(self) -> UUID:
        raise NotImplementedError

    def world(self) -> Mapping[str, int]:
        raise NotImplementedError

    def answer(self, step: Step, row: Instance) -> None:
        """Let come what a step waits for. Joins no transaction."""
        if not isinstance(step.waits_for, Decision):
            raise NotImplementedError(f"say in answer() how the event of {step.name!r} comes")
        deciding.decide_on(row.id, using=self.saga.using, approved=True, reason="", actor=SYSTEM, now=self.at)

    @pytest.mark.django_db
    def test_completes(self, in_tenant: UUID) -> None:
        row = self.finished(self.begun())

        assert row.state == State.COMPLETED, row.failure

    @pytest.mark.django_db
    def test_leaves_a_clean_slate_whichever_step_refuses(self, in_tenant: UUID) -> None:
        expected = self.usual_change()
        for position, step in enumerate(self.saga.steps):
            self._fails(position, refusing(step), expected)

    @pytest.mark.django_db
    def test_leaves_a_clean_slate_whichever_step_fails_after_its_effect(self, in_tenant: UUID) -> None:
        expected = self.usual_change()
        for position, step in enumerate(self.saga.steps):
            self._fails(position, failing_after(step), expected)

    @pytest.mark.django_db
    def test_leaves_a_clean_slate_though_each_undo_fails_once(self, in_tenant: UUID) -> None:
        before, last = self.world(), self._last_way_back()
        steps = [failing_once(step) if step.leaves_something else step for step in self.saga.steps]
        with self.declared_with({**dict(enumerate(steps)), last: refusing(steps[last])}):
            row = self.finished(self.begun())

        self.is_clean(row, before, row.failure)

    @pytest.mark.django_db
    def test_comes_to_the_same_though_each_step_runs_twice(self, in_tenant: UUID) -> None:
        before, expected = self.world(), self.usual_change()

        with self.declared_with({place: replace(s, do=twice(s.do)) for place, s in enumerate(self.saga.steps)}):
            row = self.finished(self.begun())

        assert (row.state, self.changed(before)) == (State.COMPLETED, expected), row.failure

    @pytest.mark.django_db
    def test_leaves_a_clean_slate_though_each_undo_runs_twice(self, in_tenant: UUID) -> None:
        before, last = self.world(), self._last_way_back()
        steps = [replace(s, undo=twice(s.undo)) if s.undo else s for s in self.saga.steps]
        undo = twice(self.saga.undo) if self.saga.undo else None
        with self.declared_with({**dict(enumerate(steps)), last: refusing(steps[last])}, undo=undo):
            row = self.finished(self.begun())

        self.is_clean(row, before, row.failure)

    @pytest.mark.django_db
    def test_leaves_a_clean_slate_whenever_it_is_cancelled(self, in_tenant: UUID) -> None:
        for position in range(self._last_way_back() + 1):
            before = self.world()
            row = self._reached(self.begun(), position)
            repairing.cancel(row.id, using=self.saga.using, reason="test", actor=SYSTEM, now=self.at)
            row = self.finished(row.id)

            self.is_clean(row, before, f"before step {position}")

    @pytest.mark.django_db
    def test_leaves_a_clean_slate_when_what_it_waits_for_never_comes(self, in_tenant: UUID) -> None:
        for position, step in enumerate(self.saga.steps):
            if not step.waits_for or self.saga.is_committed(position):
                continue
            before = self.world()
            row = self.finished(self.begun(), unanswered=step.name)

            self.is_clean(row, before, step.name)

    @pytest.mark.django_db
    def test_leaves_a_clean_slate_after_its_deadline(self, in_tenant: UUID) -> None:
        if self.saga.deadline is None:
            pytest.skip("it has none")
        before, saga_id = self.world(), self.begun()
        self.at += self.saga.deadline
        row = self.finished(saga_id)

        self.is_clean(row, before, "after the deadline")
        assert row.failure_code == "deadline_passed"

    @pytest.mark.django_db(transaction=True)
    def test_comes_to_the_same_wherever_its_runner_is_killed(self, in_tenant: UUID) -> None:
        expected = self.usual_change()
        for place in range(1, 10_000):
            before, saga_id = self.world(), self.begun()
            killed = self.killed_at(place, saga_id)
            row = self.finished(saga_id)

            assert (row.state, self.changed(before)) == (State.COMPLETED, expected), f"killed at place {place}"
            if not killed:
                return

    @pytest.mark.django_db(transaction=True)
    def test_leaves_a_clean_slate_wherever_its_runner_is_killed(self, in_tenant: UUID) -> None:
        last = self._last_way_back()
        with self.declared_with({last: refusing(self.saga.steps[last])}):
            for place in range(1, 10_000):
                before, saga_id = self.world(), self.begun()
                self._reached(saga_id, last)
                killed = self.killed_at(place, saga_id)
                row = self.finished(saga_id)

                self.is_clean(row, before, f"killed at place {place}")
                if not killed:
                    return

    def begun(self) -> UUID:
        """The id of a new instance."""
        with transaction.atomic(using=self.saga.using):
            key = self.start()
        row = queries.instance_of(self.saga.name, key)
        assert row is not None, f"start() began no {self.saga.name} for {key}"
        self.at = max(row.due_at or row.started_at, timezone.now())
        return row.id

    def finished(self, saga_id: UUID, *, unanswered: str = "") -> Instance:
        """Carry it on, letting waits be answered and pauses pass, until it is over or needs a person."""
        for _ in range(_MOST_TURNS):
            row = self._settled(saga_id)
            if row.due_at is None:
                return row
            step = self.saga.step_at(row.position)
            if row.state == State.WAITING and step.name != unanswered:
                self.answer(step, row)
                continue
            self.at = max(self.at, row.due_at)
            Runner(self.saga.using, clock=lambda: self.at).run(saga_id)
        raise AssertionError(f"{self.saga.name} does not come to an end")

    def is_clean(self, row: Instance, before: Mapping[str, int], when: str) -> None:
        """Everything is undone, the latest first, and nothing is left of it."""
        assert row.state == State.COMPENSATED, f"{when}: {row.state}, {row.failure}"
        assert self.changed(before) == {}, when
        places = [step.name for step in self.saga.steps]
        undone = [entry.step for entry in queries.entries_of(row) if entry.kind == Kind.UNDONE]
        back = [places.index(name) for name in undone if name in places]
        assert back == sorted(back, reverse=True), f"{when}: undone in the order {undone}"

    def changed(self, before: Mapping[str, int]) -> dict[str, int]:
        """What is another number now than it was."""
        now = self.world()
        names = {*before, *now}
        return {name: d for name in sorted(names) if (d := now.get(name, 0) - before.get(name, 0))}

    def usual_change(self) -> dict[str, int]:
        """What one that completes changes, found out in transactions that are rolled back."""
        before = self.world()
        with ExitStack() as stack:
            for alias in settings.PRIMARY_ALIASES:
                stack.enter_context(_undone(alias))
            self.finished(self.begun())
            return self.changed(before)

    def killed_at(self, place: int, saga_id: UUID) -> bool:
        """Carry it on in a process of its own, killed at the n-th place that matters; False if there are fewer."""
        child = os.fork()
        if child == 0:
            self._die(place, saga_id)
        _, status = os.waitpid(child, 0)
        if not os.WIFSIGNALED(status) and os.WEXITSTATUS(status):
            raise AssertionError("the runner's process failed by itself")
        return os.WIFSIGNALED(status)

    @contextmanager
    def declared_with(self, steps: dict[int, Step], *, undo: Action | None = None) -> Iterator[None]:
        """As if the saga had been declared with other functions in some of its steps."""
        other = object.__new__(Saga)
        for name in Saga.__dataclass_fields__:
            object.__setattr__(other, name, getattr(self.saga, name))
        changed = tuple(steps.get(place, step) for place, step in enumerate(self.saga.steps))
        object.__setattr__(other, "steps", changed)
        object.__setattr__(other, "undo", undo or self.saga.undo)
        key = (self.saga.name, self.saga.version)
        definition._declared[key] = other
        try:
            yield
        finally:
            definition._declared[key] = self.saga

    def _fails(self, position: int, broken: Step, expected: Mapping[str, int]) -> None:
        before, name = self.world(), broken.name
        with self.declared_with({position: broken}):
            row = self.finished(self.begun())
        if not self.saga.is_committed(position):
            self.is_clean(row, before, f"{name}: {row.failure}")
            return
        assert row.state == State.NEEDS_ATTENTION, f"{name} comes after the pivot"
        repairing.retry(row.id, using=self.saga.using, reason="test", actor=SYSTEM, now=self.at)
        row = self.finished(row.id)
        assert (row.state, self.changed(before)) == (State.COMPLETED, expected), name

    def _last_way_back(self) -> int:
        """The last step whose failure undoes everything: the pivot, or the last of all."""
        return max(place for place in range(len(self.saga.steps)) if not self.saga.is_committed(place))

    def _reached(self, saga_id: UUID, position: int) -> Instance:
        """Carried on until this step comes next."""
        runner = Runner(self.saga.using, clock=lambda: self.at)
        while (row := self._settled(saga_id)).position < position:
            if row.state == State.WAITING:
                self.answer(self.saga.steps[row.position], row)
            elif (turn := runner.claim(saga_id)) is not None:
                following = runner.perform(turn)
                assert following is None or following.row.position <= position
                self._let_go(saga_id)
        return row

    def _let_go(self, saga_id: UUID) -> None:
        """As if the runner had died after its last report."""
        row = self._settled(saga_id)
        if row.attempts:
            self.at = max(self.at, row.due_at or self.at)

    def _settled(self, saga_id: UUID) -> Instance:
        """As it is once whoever has it in a transaction is done, or its session is noticed to be dead."""
        with transaction.atomic(using=self.saga.using):
            return queries.lock(saga_id, using=self.saga.using)

    def _die(self, place: int, saga_id: UUID) -> None:
        """In the child: with connections of its own, and no way back into the test."""
        status, inherited = 1, []
        try:
            for alias in settings.PRIMARY_ALIASES:
                inherited.append(connections[alias].connection)
                connections[alias].connection = None
                connections[alias].execute_wrappers.append(_killer(place))
            self.finished(saga_id)
            status = 0
        finally:
            os._exit(status)


def refusing(step: Step) -> Step:
    """The step, refusing at once."""

    def refuse(context: Any) -> None:
        raise Refused

    return replace(step, do=refuse)


def failing_after(step: Step) -> Step:
    """The step, failing each time after it had its effect."""

    @wraps(step.do)
    def fail(*args: Any, **kwargs: Any) -> None:
        step.do(*args, **kwargs)
        raise Unavailable("the answer got lost")

    return replace(step, do=fail, retry=_TWICE)


def failing_once(step: Step) -> Step:
    """The step whose undo fails the first time after it had its effect."""
    undo = step.undo
    failures: list[bool] = []

    @wraps(undo or refusing)
    def fail(*args: Any, **kwargs: Any) -> Any:
        result = undo(*args, **kwargs) if undo else None
        if not failures:
            failures.append(True)
            raise Unavailable("the answer got lost")
        return result

    return replace(step, undo=fail, retry=_TWICE)


def twice(action: Action) -> Action:
    """The function, run twice for each call."""

    @wraps(action)
    def run(*args: Any, **kwargs: Any) -> Any:
        action(*args, **kwargs)
        return action(*args, **kwargs)

    return run


def _killer(place: int) -> Callable[..., Any]:
    """Kills between any two transactions, and between an effect and the note of it. Elsewhere PostgreSQL would roll
    back to one of these anyway.
    """
    left = [place]

    def count(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        if sql.startswith('INSERT INTO "sagas_entry"') or ('"sagas_instance"' in sql and sql.endswith(_LOCKING)):
            left[0] -= 1
            if not left[0]:
                os.kill(os.getpid(), signal.SIGKILL)
        return execute(sql, params, many, context)

    return count


@contextmanager
def _undone(alias: str) -> Iterator[None]:
    with transaction.atomic(using=alias):
        yield
        transaction.set_rollback(True, using=alias)
