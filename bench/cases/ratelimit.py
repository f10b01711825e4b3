"""What a check of limits costs: shared, beside the bare round trip to Redis that it cannot do without; leased, beside
looking the budgets up. And what a flooding company costs another that has the same process.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from uuid import UUID, uuid4

from bench.harness import Bench

_SHARED, _LEASED = 2_000, 50_000
_GOALS_US = {"three budgets, shared": 150.0, "three budgets, leased": 2.0}


def run(bench: Bench) -> None:
    from django_redis import get_redis_connection

    redis = get_redis_connection("limits")
    exact, leased = _budgets(exact=True), _budgets(exact=False)
    from apps.gateway.ratelimit.limiter import Limiter

    limiter = Limiter()
    for _ in range(100):
        limiter.check(leased)  # what is taken in advance grows to what is used
    shared = bench.compare(
        "A check that asks Redis",
        "checks",
        {
            "a bare round trip (GET)": _repeated(lambda: redis.get("nothing"), _SHARED),
            "three budgets, shared": _repeated(lambda: limiter.check(exact), _SHARED),
        },
    )
    quick = bench.compare(
        "A check that need not",
        "checks",
        {
            "three look-ups in a dictionary": _repeated(_looking_up(leased), _LEASED),
            "three budgets, leased": _repeated(lambda: limiter.check(leased), _LEASED),
        },
    )
    for table in (shared, quick):
        row = table.rows[1]
        took_us, goal = 1e6 / row.per_second, _GOALS_US[row.name]
        print(f"  {row.name}: {took_us:.2f} µs (goal < {goal:.0f}: {'pass' if took_us < goal else 'MISS'})")
    _neighbours()


def _budgets(*, exact: bool) -> list[object]:
    from apps.gateway.ratelimit.budgets import Budget
    from apps.gateway.ratelimit.rules import Rule, Scope

    rule = Rule(name="bench", title="bench", scope=Scope.CALLER, exact=exact)
    return [Budget(rule, f"bench.{uuid4()}", 1_000_000_000, 1) for _ in range(3)]


def _looking_up(budgets: list[object]) -> Callable[[], None]:
    held = {budget.key: budget for budget in budgets}  # type: ignore[attr-defined]
    keys = list(held)

    def look() -> None:
        for key in keys:
            held[key]

    return look


def _repeated(call: Callable[[], object], times: int) -> Callable[[], int]:
    def work() -> int:
        for _ in range(times):
            call()
        return times

    return work


class _Process:
    """Eight threads, each of which a request holds for 5 ms; with a cap for each company, or without."""

    def __init__(self, *, capped: bool) -> None:
        from apps.core.web.threads import ThreadPool
        from apps.gateway.ratelimit.crowd import Crowd

        self._pool, self._crowd = ThreadPool(8, 128), Crowd(8) if capped else None
        self._pool.start()

    def ask(self, company: UUID) -> float:
        """How long until there is an answer, if only that it was too much."""
        done, begun = threading.Event(), time.perf_counter()

        def job() -> None:
            self._answer(company)
            done.set()

        self._pool.submit(job)
        done.wait(10)
        return time.perf_counter() - begun

    def _answer(self, company: UUID) -> None:
        if self._crowd and not self._crowd.enter(company, 64):
            return
        time.sleep(0.005)
        if self._crowd:
            self._crowd.leave(company)

    def stop(self) -> None:
        self._pool.stop(5)


def _neighbours() -> None:
    """The neighbour asks one at a time; the flood from 24 clients, each as fast as it is answered."""
    for capped in (False, True):
        process, quiet, noisy, over = _Process(capped=capped), uuid4(), uuid4(), threading.Event()
        alone = _p95([process.ask(quiet) for _ in range(300)])
        clients = [threading.Thread(target=_flood, args=(process, noisy, over)) for _ in range(24)]
        for client in clients:
            client.start()
        beside = _p95([process.ask(quiet) for _ in range(300)])
        over.set()
        for client in clients:
            client.join()
        process.stop()
        said = f"{alone * 1e3:.1f} -> {beside * 1e3:.1f} ms, {beside / alone:.2f}x"
        print(f"  a neighbour's p95 beside a flood, {'with the cap' if capped else 'without it'}: {said}")


def _flood(process: _Process, company: UUID, over: threading.Event) -> None:
    while not over.is_set():
        process.ask(company)
        time.sleep(0.005)  # what a client and its network take


def _p95(values: list[float]) -> float:
    return sorted(values)[int(len(values) * 0.95)]
