"""Budgets are charged together or not at all, never beyond what they hold, whoever asks and however many at once."""

from __future__ import annotations

import multiprocessing
import threading
from collections import Counter
from contextlib import contextmanager
from dataclasses import replace
from types import SimpleNamespace
from uuid import uuid4

import pytest
from django_redis import get_redis_connection

from apps.gateway.ratelimit.budgets import Budget, Charge
from apps.gateway.ratelimit.errors import LimitsUnavailable, RateLimited
from apps.gateway.ratelimit.limiter import Limiter
from apps.gateway.ratelimit.local import LocalBudgets
from apps.gateway.ratelimit.rules import Rule, Scope, WhenAway
from apps.gateway.ratelimit.shared import SharedBudgets

EXACT = Rule(name="exact", title="Exact", scope=Scope.CALLER, exact=True, when_away=WhenAway.CLOSED)
LEASED = Rule(name="leased", title="Leased", scope=Scope.CALLER)
START_US = 2_000_000_000_000_000


def bucket(quota, per_s, *, rule=EXACT):
    return Budget(rule, f"test.{uuid4().hex}", quota, -(-1_000_000 // per_s))


def month(quota, *, rule=EXACT, ends_in_s=100):
    return Budget(rule, f"test.{uuid4().hex}", quota, 0, START_US + ends_in_s * 1_000_000)


class World:
    """Time that stands still until it is told to go on, for as many processes as are asked for."""

    def __init__(self):
        self.us = START_US

    def process(self, **parts):
        return Limiter(clock=lambda: self.us / 1e6, wall_us=lambda: self.us, **parts)

    def passes(self, seconds):
        self.us += round(seconds * 1_000_000)


@pytest.fixture
def world():
    return World()


def answered(limiter, budgets, times):
    """How many of so many requests are let through."""
    return sum(_goes_through(limiter, budgets) for _ in range(times))


def _goes_through(limiter, budgets):
    try:
        limiter.check(budgets)
    except RateLimited:
        return False
    return True


@pytest.mark.parametrize("budgets", [SharedBudgets, LocalBudgets])
class TestABucket:
    """In Redis and in a process alone, by the same arithmetic."""

    def test_says_to_the_microsecond_when_the_next_one_is_there(self, budgets):
        store, one = budgets(), bucket(3, per_s=4)

        found = [store.charge([Charge(one)], START_US)[0] for _ in range(4)]

        assert [standing[:4] for standing in found] == [
            (1, 2, 250_000, 0),
            (1, 1, 500_000, 0),
            (1, 0, 750_000, 0),
            (0, 0, 750_000, 250_000),
        ]
        assert store.charge([Charge(one)], START_US + 249_999)[0].charged == 0
        assert store.charge([Charge(one)], START_US + 250_000)[0].charged == 1

    def test_charges_nothing_where_another_refuses(self, budgets):
        store, full, empty = budgets(), bucket(5, per_s=1), bucket(1, per_s=1)
        store.charge([Charge(empty)], START_US)

        refused = store.charge([Charge(full), Charge(empty)], START_US)

        assert [one.charged for one in refused] == [0, 0]
        assert store.charge([Charge(full)], START_US)[0].left == 4


class TestOneBudget:
    def test_is_never_exceeded_by_threads_of_two_processes(self):
        budget, processes = bucket(200, per_s=1), [Limiter(), Limiter()]
        counts: list[int] = []

        def ask(process):
            counts.append(answered(process, [budget], 60))

        threads = [threading.Thread(target=ask, args=(processes[number % 2],)) for number in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        assert 200 <= sum(counts) <= 203  # a second or two may have passed

    def test_is_shared_with_a_process_of_its_own(self):
        budget = bucket(50, per_s=1)
        assert answered(Limiter(), [budget], 30) == 30

        with forked(lambda: answered(Limiter(), [budget], 40)) as of_the_other:
            assert 20 <= of_the_other.get(timeout=30) <= 22  # what the first left

    def test_of_a_month_ends_with_it(self, world):
        limiter, budget = world.process(), month(3, ends_in_s=100)

        assert answered(limiter, [budget], 5) == 3
        with pytest.raises(RateLimited) as refused:
            limiter.check([budget])
        assert refused.value.retry_after_s == 100
        ttl_s = get_redis_connection("limits").ttl(limiter.shared._prefix + budget.key)
        assert ttl_s > 100  # START_US lies ahead

    def test_of_one_is_not_touched_by_the_flood_of_another(self, world):
        limiter, flooding, other = world.process(), bucket(5, per_s=1), bucket(5, per_s=1)

        assert answered(limiter, [flooding], 100) == 5
        assert answered(limiter, [other], 5) == 5


@contextmanager
def forked(work):
    """What another process answers, in a queue."""
    told = multiprocessing.get_context("fork")
    queue = told.Queue()
    process = told.Process(target=lambda: queue.put(work()))
    process.start()
    yield queue
    process.join(30)


class TestARefusal:
    def test_is_remembered_until_there_can_be_one_again(self, world, monkeypatch):
        limiter, budget = world.process(), bucket(2, per_s=2)
        answered(limiter, [budget], 3)
        asked = Counter()
        charge = limiter.shared.charge
        limiter.shared = SimpleNamespace(charge=lambda *a: (asked.update(["redis"]), charge(*a))[1])

        assert answered(limiter, [budget], 50) == 0
        assert not asked
        world.passes(0.5)
        assert answered(limiter, [budget], 50) == 1
        assert asked["redis"] == 2
        assert limiter.shared.charge([Charge(budget, 0)], world.us)[0].refused == 1 + 50 + 1

    def test_says_when_to_come_back_and_which_limit_it_was(self, world):
        limiter, budget = world.process(), Budget(EXACT, f"test.{uuid4().hex}", 2, 7_300_000)
        answered(limiter, [budget], 2)
        world.passes(0.25)

        with pytest.raises(RateLimited) as refused:
            limiter.check([budget])

        assert refused.value.retry_after_s == 8  # 7.05 s, in whole seconds
        assert refused.value.extra == {"limit": "exact", "violated-policies": ["exact"]}
        world.passes(7.05)
        limiter.check([budget])

    def test_lets_a_larger_plan_count_within_a_second(self, world):
        limiter, budget = world.process(), Budget(EXACT, f"test.{uuid4().hex}", 1, 3_600_000_000)
        answered(limiter, [budget], 2)
        world.passes(1.0)

        assert answered(limiter, [replace(budget, quota=10)], 20) == 9

    def test_in_a_dry_run_refuses_nobody_and_is_counted(self, world, settings):
        settings.RATE_LIMIT_DRY_RUN = ["leased"]
        tried, strict = bucket(2, per_s=1, rule=LEASED), bucket(8, per_s=1)
        limiter = world.process()

        assert answered(limiter, [tried, strict], 10) == 8
        assert limiter.peek([tried])[0].refused == 6 + 1  # of the ninth, what refused it is not known yet
        assert limiter.peek([tried])[0].left == 0


class TestLeases:
    def test_spare_most_requests_the_way_to_redis(self, world):
        limiter, budget = world.process(), bucket(1_000, per_s=10, rule=LEASED)
        asked = Counter()
        charge = limiter.shared.charge
        limiter.shared = SimpleNamespace(charge=lambda *a: (asked.update(["redis"]), charge(*a))[1])

        assert answered(limiter, [budget], 300) == 300

        assert asked["redis"] <= 5 + 300 / budget.lease + 1  # 1, 2, 4, 8, 16, then 20 at a time

    def test_hold_two_hundredths_at_most_and_one_for_who_calls_seldom(self, world):
        limiter, budget = world.process(), bucket(1_000, per_s=10, rule=LEASED)
        for _ in range(60):
            before = limiter.peek([budget])[0].left
            limiter.check([budget])
            assert before - limiter.peek([budget])[0].left <= 20

        seldom = bucket(1_000, per_s=10, rule=LEASED)
        for _ in range(20):
            world.passes(5)
            limiter.check([seldom])
        assert limiter.peek([seldom])[0].reset_us == seldom.interval_us  # no more was taken than was used

    def test_are_over_before_what_they_hold_would_come_on_top(self, world):
        """In no stretch of time more is answered than a bucket of that size and rate allows, however many processes."""
        budget = bucket(100, per_s=50, rule=LEASED)
        processes, answers = [world.process() for _ in range(5)], []
        for step in range(600):
            if step % 300 < 200:  # floods with pauses in between, in which buckets fill and leases age
                answers += [world.us for one in processes if _goes_through(one, [budget])]
            world.passes(0.009)

        for first, begun in enumerate(answers):
            for last in range(first + 98, len(answers), 17):
                most = budget.quota + (answers[last] - begun) / budget.interval_us
                assert last - first + 1 <= most + 1e-6
        assert len(answers) > 100 + 50 * 0.009 * 400 * 0.8

    def test_leave_the_last_quarter_to_who_asks(self, world):
        """So what other processes hold makes nobody's refusal come early by more than 2 % each."""
        budget = bucket(1_000, per_s=1, rule=LEASED)
        one, other = world.process(), world.process()
        answered(other, [budget], 100)

        answered(one, [budget], 700)
        before = one.peek([budget])[0].left
        late = world.process()
        assert answered(late, [budget], 5) == 5
        assert before - one.peek([budget])[0].left == 5  # nothing is held by who comes now
        assert 1_000 - 20 - 20 <= answered(one, [budget], 300) + 805 <= 1_000


class TestWithoutRedis:
    @pytest.fixture
    def limiter(self, world, settings):
        caches = {**settings.CACHES, "limits": {**settings.CACHES["limits"], "LOCATION": "redis://127.0.0.1:1/0"}}
        settings.CACHES = caches
        return world.process()

    def test_a_rule_goes_on_in_each_process_if_it_says_so(self, limiter, world):
        budget = bucket(5, per_s=1, rule=LEASED)

        assert answered(limiter, [budget], 9) == 5
        world.passes(2)
        assert answered(limiter, [budget], 9) == 2

    def test_what_must_be_counted_is_refused(self, limiter):
        with pytest.raises(LimitsUnavailable) as refused:
            limiter.check([bucket(5, per_s=1, rule=LEASED), bucket(5, per_s=1, rule=EXACT)])
        assert refused.value.extra == {"limit": "exact"}

    def test_a_month_is_not_counted(self, limiter):
        budget = month(2, rule=replace(LEASED, when_away=WhenAway.OPEN))

        assert answered(limiter, [budget], 9) == 9
