"""Random sagas in a random world: steps that refuse, fail, lose their answer; runners that are killed or come late;
time that passes, people who decide, cancel and repair. A list and its journal say what must have come of it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from django.db import connections, transaction
from django.utils import timezone
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule, run_state_machine_as_test

from apps.core.db.ids import uuid7
from apps.core.errors import Conflict, Unavailable
from apps.core.events import UnitOfWork
from apps.core.events.log import stream
from apps.core.events.retry import RetryPolicy
from apps.core.history import SYSTEM
from apps.core.sagas import Decision, Run, Saga, Step, begin, deciding, queries, repairing
from apps.core.sagas.errors import CannotCancel
from apps.core.sagas.models import Entry, Instance
from apps.core.sagas.runner import Runner, Turn
from apps.core.sagas.tests.things import HERE, EffectHere, Journey, TravelPermission
from apps.core.tenancy import tenant

State, Kind = Instance.State, Entry.Kind
OUTCOMES = ("ok", "ok", "ok", "refuse", "unavailable", "lost")
WAITS = (timedelta(seconds=1), timedelta(seconds=31), timedelta(hours=30), timedelta(days=11))
_QUICK = RetryPolicy(attempts=3, base_s=0, cap_s=0)


class Killed(BaseException):
    """The process is gone: nothing of it may be caught."""


class World:
    """What the steps change. `here` is part of the saga's database and forgets with it; `elsewhere` never does.

    What is elsewhere knows each key once; a key that was given back before it came is remembered.
    """

    def __init__(self) -> None:
        self.outcome = "ok"
        self.elsewhere: dict[str, list[str]] = {}
        self.faults: list[str] = []

    def here(self, journey_id: UUID) -> list[str]:
        return [envelope.payload["what"] for envelope in stream(journey_id, using=HERE)]

    def act_here(self, journey: Journey, what: str) -> None:
        self._before()
        UnitOfWork(HERE).publish(EffectHere(effect_id=journey.journey_id, what=what, change=1))
        self._after()

    def act_elsewhere(self, key: str, what: str) -> None:
        self._before()
        seen = self.elsewhere.setdefault(key, [])
        if what == "do" and "undo" in seen and "do" not in seen:
            raise Conflict("it was given back before it came")
        if what not in seen:
            seen.append(what)
        self._after()

    def _before(self) -> None:
        if self.outcome == "refuse":
            raise Conflict
        if self.outcome == "unavailable":
            raise Unavailable

    def _after(self) -> None:
        if self.outcome == "lost":
            raise Unavailable


WORLD = World()


def here(name: str, **options: Any) -> Step:
    def do(journey: Journey, *, run: Run) -> None:
        row = queries.instance(run.saga_id, using=HERE)
        if row.position != _place(name):
            WORLD.faults.append(f"{name} ran while the record says {row.position}")
        WORLD.act_here(journey, f"do {name}")

    def undo(journey: Journey) -> None:
        WORLD.act_here(journey, f"undo {name}")

    return Step(name, do, undo=undo, retry=_QUICK, **options)


def elsewhere(name: str, **options: Any) -> Step:
    def do(journey: Journey, *, run: Run) -> None:
        WORLD.act_elsewhere(run.key, "do")

    def undo(journey: Journey, *, run: Run) -> None:
        WORLD.act_elsewhere(run.key, "undo")

    return Step(name, do, undo=undo, elsewhere=True, retry=_QUICK, **options)


def cancel_beginning(journey: Journey) -> None:
    WORLD.act_here(journey, "undo beginning")


RANDOM = Saga(
    "business.random",
    here("a"),
    elsewhere("b"),
    Step("ask", waits_for=Decision(TravelPermission.APPROVE), within=timedelta(hours=24)),
    here("c"),
    here("d", pivot=True),
    elsewhere("e"),
    context=Journey,
    undo=cancel_beginning,
    deadline=timedelta(days=10),
)


def _place(name: str) -> int:
    return [step.name for step in RANDOM.steps].index(name)


class SagaMachine(RuleBasedStateMachine):
    """One saga, and whoever works on it."""

    def __init__(self) -> None:
        super().__init__()
        self.now: datetime = timezone.now()
        self.key = uuid7()
        self.late: list[Turn] = []
        self.runner = Runner(HERE, clock=lambda: self.now)
        WORLD.elsewhere, WORLD.faults, WORLD.outcome = {}, [], "ok"
        with transaction.atomic(using=HERE):
            self.saga_id = begin(RANDOM.name, Journey(journey_id=self.key), key=self.key, now=self.now)

    @property
    def row(self) -> Instance:
        return queries.instance(self.saga_id, using=HERE)

    @rule(outcome=st.sampled_from(OUTCOMES), kill=st.sampled_from([0, 0, 0, 1, 2, 3, 4, 5, 6]))
    def run_once(self, outcome: str, kill: int) -> None:
        """A runner makes one attempt, or is killed before one of its statements."""
        WORLD.outcome = outcome
        with _killed_before(kill):
            turn = self.runner.claim(self.saga_id)
            if turn is not None:
                self._remember(self.runner.perform(turn))
        self.check()

    @rule()
    def run_well(self) -> None:
        """A runner takes it as far as it goes, and nothing goes wrong."""
        WORLD.outcome = "ok"
        self.runner.run(self.saga_id)

    @rule()
    def take_and_sleep(self) -> None:
        """A runner takes the saga and is held up before it begins."""
        self._remember(self.runner.claim(self.saga_id))

    @rule()
    def be_killed_before_the_note(self) -> None:
        """A runner had its effect, and dies before it can note it."""
        WORLD.outcome = "ok"
        with _killed_before(1, of='INSERT INTO "sagas_entry"'):
            turn = self.runner.claim(self.saga_id)
            if turn is not None:
                self.runner.perform(turn)
        self.now += timedelta(seconds=31)
        self.check()

    @rule()
    def be_overtaken(self) -> None:
        """A runner is held up for so long that another one takes the saga; then it goes on."""
        turn = self.runner.claim(self.saga_id)
        self.now += timedelta(seconds=31)
        self.run_well()
        if turn is not None:
            self.runner.perform(turn)
        self.check()

    @precondition(lambda self: self.late)
    @rule(outcome=st.sampled_from(OUTCOMES), data=st.data())
    def wake_up_late(self, outcome: str, data: st.DataObject) -> None:
        """It goes on as if nothing had happened meanwhile."""
        WORLD.outcome = outcome
        turn = self.late.pop(data.draw(st.integers(0, len(self.late) - 1)))
        latest = self.row.fence == turn.row.fence and not self.row.is_closed
        before = WORLD.here(self.key)
        self._remember(self.runner.perform(turn))
        assert latest or WORLD.here(self.key) == before, "an attempt that was overtaken had an effect"

    @rule(wait=st.sampled_from(WAITS))
    def let_time_pass(self, wait: timedelta) -> None:
        self.now += wait

    @precondition(lambda self: self.row.state == State.WAITING)
    @rule(approved=st.sampled_from([True, True, True, False]))
    def decide(self, approved: bool) -> None:
        deciding.decide(RANDOM.name, self.key, approved=approved, reason="", actor=SYSTEM, now=self.now)

    @rule(chance=st.integers(0, 9))
    def cancel(self, chance: int) -> None:
        if chance:
            return
        try:
            repairing.cancel(self.saga_id, using=HERE, reason="", actor=SYSTEM, now=self.now)
        except CannotCancel:
            assert self.row.backwards or self.row.due_at is None or RANDOM.is_committed(self.row.position)

    @precondition(lambda self: self.row.state == State.NEEDS_ATTENTION)
    @rule()
    def retry(self) -> None:
        repairing.retry(self.saga_id, using=HERE, reason="", actor=SYSTEM, now=self.now)

    @precondition(lambda self: self.row.state == State.NEEDS_ATTENTION)
    @rule(chance=st.integers(0, 4))
    def skip(self, chance: int) -> None:
        if not chance:
            repairing.skip(self.saga_id, using=HERE, reason="", actor=SYSTEM, now=self.now)

    def check(self) -> None:
        self._agrees_with_its_journal()
        self._was_legal()

    def teardown(self) -> None:
        """Left alone in a world that works, it comes to an end, and to one of two."""
        WORLD.outcome = "ok"
        for _ in range(100):
            row = self.row
            if row.is_closed:
                break
            if row.state == State.NEEDS_ATTENTION:
                self.retry()
            elif row.state == State.WAITING:
                self.decide(approved=True)
            elif row.due_at is not None:
                self.now = max(self.now, row.due_at)
                self.runner.run(self.saga_id)
        assert self.row.state in (State.COMPLETED, State.COMPENSATED)
        self.check()
        self._is_all_or_nothing()

    def _remember(self, turn: Turn | None) -> None:
        if turn is not None:
            self.late.append(turn)

    def _entries(self) -> list[Entry]:
        return queries.entries_of(self.row)

    def _agrees_with_its_journal(self) -> None:
        """The reference: a list of what is done and not undone. What lies in the saga's database is exactly that."""
        done: list[str] = []
        entries = self._entries()
        skipped = any(entry.kind == Kind.SKIPPED for entry in entries)
        for entry in entries:
            if entry.kind == Kind.DONE:
                assert [s.name for s in RANDOM.steps][: len(done) + 1] == [*done, entry.step] or skipped
                done.append(entry.step)
            elif entry.kind == Kind.UNDONE and entry.step in done:
                assert entry.step == next(n for n in reversed(done) if n != "ask") or skipped, "out of order"
                done.remove(entry.step)
        counted = Counter(WORLD.here(self.key))
        held = {name for name in "acd" if counted[f"do {name}"] - counted[f"undo {name}"]}
        assert held == {name for name in done if name in "acd"}

    def _was_legal(self) -> None:
        assert not WORLD.faults
        effects = WORLD.here(self.key)
        assert len(effects) == len(set(effects)), "an effect came twice"
        undone = [what for what in effects if what.startswith("undo")]
        assert "do d" not in effects or not undone, "both confirmed and compensated"
        assert undone == sorted(undone, key=["undo c", "undo a", "undo beginning"].index), "not in reverse"
        assert not undone or all(what.startswith("undo") for what in effects[effects.index(undone[0]) :])

    def _is_all_or_nothing(self) -> None:
        if self._skipped():
            return
        effects, abroad = WORLD.here(self.key), {key[-1]: what for key, what in WORLD.elsewhere.items()}
        if self.row.state == State.COMPLETED:
            assert effects == ["do a", "do c", "do d"]
            assert abroad == {"b": ["do"], "e": ["do"]}
            return
        assert effects[-1] == "undo beginning"
        assert Counter(w.split()[1] for w in effects if w[:2] == "do") == Counter(
            w.split()[1] for w in effects if w[:4] == "undo" and w != "undo beginning"
        )
        assert abroad.get("b") in (None, ["do", "undo"], ["undo"])
        assert "e" not in abroad

    def _skipped(self) -> bool:
        return any(entry.kind == Kind.SKIPPED for entry in self._entries())


class _killed_before(ExitStack):
    """Nothing of the process is left once it is about to send its n-th such statement; 0: it lives."""

    def __init__(self, place: int, *, of: str = '"sagas_') -> None:
        super().__init__()
        self.place, self.of = place, of

    def __enter__(self) -> _killed_before:
        left = [self.place]

        def count(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
            if self.of in sql:
                left[0] -= 1
                if not left[0]:
                    raise Killed
            return execute(sql, params, many, context)

        self.enter_context(connections[HERE].execute_wrapper(count))
        return self

    def __exit__(self, kind: Any, *rest: Any) -> bool:
        super().__exit__(kind, *rest)
        return kind is Killed


@pytest.mark.django_db
def test_no_failure_crash_or_rival_leaves_a_saga_half_done(tenant_id: UUID) -> None:
    with tenant(tenant_id):
        run_state_machine_as_test(
            SagaMachine,
            settings=settings(
                max_examples=25,
                stateful_step_count=14,
                deadline=None,
                derandomize=True,
                phases=(Phase.explicit, Phase.generate),  # few steps as it is: to make them fewer takes minutes
                suppress_health_check=list(HealthCheck),
            ),
        )
