"""A call through a policy: how long, how often, how many at once, and whether at all."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any

import pytest

from apps.core.resilience import BulkheadFull, CircuitOpen, DeadlinePassed, Dependency, Policy, deadline, deadlines
from apps.core.resilience.breaker import State
from apps.core.resilience.tests.worlds import World


@pytest.fixture
def world() -> World:
    found = World()
    found.time = time.monotonic()  # deadlines are moments of the real clock
    return found


@pytest.fixture
def made(world: World) -> Callable[..., Dependency]:
    def make(**policy: Any) -> Dependency:
        return Dependency("it", "it", Policy(**{"timeout": 10.0, "slow_s": 5.0, **policy}), world=world.surroundings)

    return make


class Failing:
    """Fails so often, then returns how often it was asked; `took_s` passes each time."""

    def __init__(self, times: float, world: World, took_s: float = 0.0) -> None:
        self.times, self.world, self.took_s, self.asked = times, world, took_s, 0

    def __call__(self, timeout_s: float) -> int:
        self.asked += 1
        self.world.pass_(min(self.took_s, timeout_s))
        if self.asked <= self.times:
            raise ConnectionError("away")
        return self.asked


class TestRetries:
    def test_are_made_with_full_jitter_where_a_call_is_idempotent(self, made, world) -> None:
        assert made().call(Failing(2, world), idempotent=True) == 3

        first, second = world.slept_s
        assert 0 <= first <= 0.5
        assert 0 <= second <= 1.0

    def test_are_not_made_of_a_call_that_may_have_had_its_effect(self, made, world) -> None:
        work = Failing(1, world)

        with pytest.raises(ConnectionError):
            made().call(work)
        assert work.asked == 1

    def test_end_with_the_attempts_and_with_the_time(self, made, world) -> None:
        often, slow = Failing(math.inf, world), Failing(math.inf, world, took_s=6.0)

        for work in (often, slow):
            with pytest.raises(ConnectionError):
                made(timeout=11.0, slow_s=10.0).call(work, idempotent=True)

        assert (often.asked, slow.asked) == (3, 2)

    def test_are_no_more_than_a_tenth_of_the_calls_where_everything_fails(self, made, world) -> None:
        work, dependency = Failing(math.inf, world), made(breaks=False)

        for _ in range(500):
            with pytest.raises(ConnectionError):
                dependency.call(work, idempotent=True)

        assert 500 < work.asked <= 500 * 1.1 + 10


class TestTime:
    def test_of_the_caller_bounds_that_of_the_call(self, made) -> None:
        given: list[float] = []
        with deadline(3.0):
            made().call(given.append)
            with deadline(20.0):  # asking for more does not give more
                made().call(given.append)
        made().call(given.append)

        assert [round(one) for one in given] == [3, 3, 10]

    def test_that_is_over_makes_no_call(self, made, world) -> None:
        with deadline(0.0, now=world.time), pytest.raises(DeadlinePassed):
            made().call(Failing(0, world))

    def test_that_makes_no_difference_is_not_looked_at(self, made, world) -> None:
        with deadline(0.0, now=world.time):
            assert made(hurries=False).call(Failing(0, world)) == 1

    def test_that_was_too_short_is_not_held_against_the_dependency(self, made, world) -> None:
        dependency, work = made(), Failing(math.inf, world, took_s=10.0)

        for _ in range(10):
            with deadline(0.1, now=world.time), pytest.raises(ConnectionError):
                dependency.call(work)

        assert dependency.state() is State.CLOSED

    def test_travels_as_the_seconds_that_are_left(self) -> None:
        assert deadlines.header() == {}
        with deadline(2.0):
            assert 1.9 < float(deadlines.header()[deadlines.HEADER]) <= 2.0
        assert [deadlines.seconds_in(text) for text in ("1.5", "0", "soon", "-1", "nan", "")] == [
            1.5,
            0.0,
            *[math.inf] * 4,
        ]


class TestCircuits:
    def test_refuse_at_once_and_say_when_to_come_back(self, made, world) -> None:
        dependency, work = made(open_s=4.0), Failing(math.inf, world)
        fail(dependency, work, "a:1")

        with pytest.raises(CircuitOpen) as refused:
            dependency.call(work, address="a:1")

        assert work.asked == 5
        assert 3 <= refused.value.retry_after_s <= 5
        assert dependency.state() is State.OPEN
        world.pass_(5.0)
        assert dependency.state() is State.HALF_OPEN

    def test_are_one_for_each_address(self, made, world) -> None:
        dependency = made()
        fail(dependency, Failing(math.inf, world), "a:1")

        assert dependency.call(Failing(0, world), address="b:1") == 1
        assert dependency.state() is State.OPEN

    def test_say_nothing_where_our_own_code_fails(self, made) -> None:
        dependency = made()
        for _ in range(20):
            with pytest.raises(ZeroDivisionError):
                dependency.call(lambda _: 1 / 0)

        assert dependency.state() is State.CLOSED

    def test_are_as_an_operator_has_forced_them(self, made, world) -> None:
        dependency = made()
        dependency.forced = State.OPEN
        with pytest.raises(CircuitOpen, match="operator"):
            dependency.call(Failing(0, world))

        dependency.forced = State.CLOSED
        fail(dependency, Failing(math.inf, world), "", times=20)

        dependency.forced = None
        assert dependency.call(Failing(0, world)) == 1

    def test_do_not_grow_without_end(self, made, world) -> None:
        dependency = made()
        for number in range(1_100):
            dependency.call(Failing(0, world), address=f"{number}:1")

        assert len(dependency.circuits) == 1_000


class TestBulkhead:
    def test_lets_a_slow_dependency_hold_only_so_many_threads(self, made, world) -> None:
        slow, other = made(most_at_once=2), made()
        release, inside = threading.Event(), threading.Barrier(3)

        def hang(_: float) -> None:
            inside.wait(10)
            release.wait(10)

        with ThreadPoolExecutor(2) as threads:
            hanging = [threads.submit(slow.call, hang) for _ in range(2)]
            inside.wait(10)
            with pytest.raises(BulkheadFull):
                slow.call(Failing(0, world))
            assert other.call(Failing(0, world)) == 1
            release.set()
            for one in hanging:
                one.result(10)

        assert slow.bulkhead.under_way == 0

    def test_keeps_room_for_other_tenants(self, made, world) -> None:
        dependency = made(most_per_tenant=1)

        def inside(_: float) -> int:
            with pytest.raises(BulkheadFull):
                dependency.call(Failing(0, world), tenant="greedy")
            return dependency.call(Failing(0, world), tenant="modest")

        assert dependency.call(inside, tenant="greedy") == 1
        assert dependency.call(Failing(0, world), tenant="greedy") == 1


def test_threads_leave_nothing_behind() -> None:
    dependency = Dependency("it", "it", Policy(timeout=10.0, slow_s=5.0, most_at_once=3, most_per_tenant=2))

    def call_often(number: int) -> None:
        for turn in range(300):
            with suppress(ConnectionError, CircuitOpen, BulkheadFull):
                dependency.call(lambda _, turn=turn: _fail_sometimes(turn), address=f"{turn % 2}:1", tenant=number % 3)

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(call_often, range(8)))

    assert dependency.bulkhead.under_way == 0
    assert [dependency.bulkhead.enter(0) for _ in range(3)] == [True, True, False]


def _fail_sometimes(turn: int) -> None:
    if turn % 50 < 10:
        raise ConnectionError


class TestFallback:
    def test_answers_for_what_fails_and_for_what_is_not_asked(self, made, world) -> None:
        dependency, work = made(), Failing(math.inf, world)

        answers = [dependency.call(work, fallback=lambda error: type(error).__name__) for _ in range(6)]

        assert answers == ["ConnectionError"] * 5 + ["CircuitOpen"]


def fail(dependency: Dependency, work: Failing, address: str, times: int = 5) -> None:
    for _ in range(times):
        with pytest.raises(ConnectionError):
            dependency.call(work, address=address)
