"""A breaker opens on evidence, probes with care, and does not flap."""

from __future__ import annotations

import random

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from apps.core.resilience.breaker import Breaker, State
from apps.core.resilience.policy import Policy
from apps.core.resilience.tests.worlds import World

POLICY = Policy(timeout=2.0, slow_s=1.0, open_s=1.0, longest_open_s=8.0)
PROBES = 3
OUTCOMES = {"good": (False, 0.01), "bad": (True, 0.01), "slow": (False, 1.5)}


class Histories(RuleBasedStateMachine):
    """Calls begin and end in any order, time passes: what holds for each state holds whatever came before."""

    def __init__(self) -> None:
        super().__init__()
        self.world = World()
        self.told: list[State] = []
        self.breaker = Breaker(POLICY, self.world.surroundings, lambda one: self.told.append(one.state))
        self.under_way: list[tuple[int, int]] = []  # era, and how often the state had changed when the call began
        self.good_probes = 0
        self.opened_for: list[float] = []

    @rule()
    def begin(self) -> None:
        over = self.breaker.retry_after_s() == 0.0
        before = self.breaker.state
        era = self.breaker.admit()

        assert (era >= 0) == (before is State.CLOSED or (over and not self._probing()))
        if era >= 0:
            self.under_way.append((era, len(self.told)))
        if before is State.OPEN and over:
            self.good_probes = 0

    @precondition(lambda self: self.under_way)
    @rule(which=st.integers(0, 9), outcome=st.sampled_from([*OUTCOMES, "good", "bad", "none"]))
    def end(self, which: int, outcome: str) -> None:
        era, began = self.under_way.pop(which % len(self.under_way))
        before, is_old = self.breaker.state, began != len(self.told)
        if outcome == "none":
            self.breaker.give_back(era)
            assert self.breaker.state is before
            return
        failed, took_s = OUTCOMES[outcome]
        self.breaker.note(era, failed=failed, took_s=took_s)
        if is_old:
            assert self.breaker.state is before, "what began before the last change says nothing about now"
        elif before is State.HALF_OPEN:
            self._check_probe(good=outcome == "good")
        elif self.breaker.state is not before:
            assert outcome != "good"

    @precondition(lambda self: self.breaker.state is State.CLOSED)
    @rule()
    def go_down(self) -> None:
        """What chance alone would seldom bring about: five failures in a row while a call is under way, and a probe."""
        self.begin()
        while self.breaker.state is State.CLOSED:
            self.breaker.note(self.breaker.admit(), failed=True, took_s=0.01)
        self.world.pass_(self.breaker.retry_after_s())
        self.begin()

    @rule(seconds=st.sampled_from([0.1, 1.0, 3.0, 10.0, 200.0]))
    def wait(self, seconds: float) -> None:
        self.world.pass_(seconds)

    @invariant()
    def one_probe_at_a_time(self) -> None:
        if self.breaker.state is State.HALF_OPEN:
            assert sum(began == len(self.told) for _, began in self.under_way) <= 1

    @invariant()
    def it_is_never_open_for_longer_than_the_policy_says(self) -> None:
        assert self.breaker.retry_after_s() <= POLICY.longest_open_s * 1.25

    def teardown(self) -> None:
        """Whatever has happened: once it answers well again it is closed."""
        for era, _ in self.under_way:
            self.breaker.give_back(era)
        self.world.pass_(POLICY.longest_open_s * 1.25)
        for _ in range(PROBES):
            era = self.breaker.admit()
            assert era >= 0
            self.breaker.note(era, failed=False, took_s=0.01)
        assert self.breaker.state is State.CLOSED

    def _probing(self) -> bool:
        return self.breaker.state is State.HALF_OPEN and any(began == len(self.told) for _, began in self.under_way)

    def _check_probe(self, *, good: bool) -> None:
        self.good_probes = self.good_probes + 1 if good else 0
        expected = State.OPEN if not good else State.CLOSED if self.good_probes == PROBES else State.HALF_OPEN
        assert self.breaker.state is expected


TestHistories = Histories.TestCase
TestHistories.settings = settings(max_examples=40, stateful_step_count=40, deadline=None)


class TestBreaker:
    def test_opens_after_a_handful_of_failures_and_says_why(self) -> None:
        breaker, world = a_breaker()

        noted(breaker, world, failed=[True] * 5)

        assert breaker.state is State.OPEN
        assert breaker.reason == "100% of the calls failed"

    def test_bears_what_fails_now_and_then_and_learns_what_is_usual(self) -> None:
        breaker, world = a_breaker()
        chance = random.Random(7)

        noted(breaker, world, failed=[chance.random() < 0.2 for _ in range(3_000)])
        bears = breaker.state
        noted(breaker, world, failed=[False] * 10 + [True] * 5)
        still = breaker.state
        noted(breaker, world, failed=[True] * 6)

        assert (bears, still, breaker.state) == (State.CLOSED, State.CLOSED, State.OPEN)

    def test_forgets_failures_that_are_long_ago(self) -> None:
        breaker, world = a_breaker()

        noted(breaker, world, failed=[True] * 20, every_s=120.0)

        assert breaker.state is State.CLOSED

    def test_opens_when_answers_become_much_slower_than_they_were(self) -> None:
        breaker, world = a_breaker()

        noted(breaker, world, failed=[False] * 200, took_s=0.01)
        noted(breaker, world, failed=[False] * 5, took_s=0.5)

        assert breaker.state is State.OPEN
        assert "took more than 0.25 s" in breaker.reason

    def test_needs_half_the_evidence_once_others_have_warned(self) -> None:
        breaker, world = a_breaker()
        breaker.warn(world.time + 10.0)

        noted(breaker, world, failed=[True] * 3)

        assert breaker.state is State.OPEN

    def test_opens_for_twice_as_long_each_time_until_it_was_well_in_between(self) -> None:
        breaker, world = a_breaker()
        waits = []

        for calm_s in (0.0, 0.0, 0.0, 0.0, 0.0, 200.0, 0.0):
            noted(breaker, world, failed=[True] * 6)
            waits.append(breaker.retry_after_s())
            recover(breaker, world)
            world.pass_(calm_s)

        for wait, expected in zip(waits, [1, 2, 4, 8, 8, 8, 1], strict=True):
            assert 0.75 * expected <= wait <= 1.25 * expected


def a_breaker() -> tuple[Breaker, World]:
    world = World()
    return Breaker(POLICY, world.surroundings), world


def noted(breaker: Breaker, world: World, *, failed: list[bool], took_s: float = 0.01, every_s: float = 0.01) -> None:
    for one in failed:
        world.pass_(every_s)
        if (era := breaker.admit()) >= 0:
            breaker.note(era, failed=one, took_s=took_s)


def recover(breaker: Breaker, world: World) -> None:
    world.pass_(breaker.retry_after_s())
    noted(breaker, world, failed=[False] * PROBES)
    assert breaker.state is State.CLOSED
