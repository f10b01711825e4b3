"""What a call through a policy costs, beside a bare one: time limit, breaker, bulkhead, budget and measures."""

from __future__ import annotations

from collections.abc import Callable

from apps.core.resilience import Dependency, Policy, deadline
from bench.harness import Bench

_CALLS = 20_000
_GOAL_US = 20.0


def run(bench: Bench) -> None:
    dependency = Dependency("bench", "bench", Policy(timeout=5.0, slow_s=1.0))
    tenant = object()
    table = bench.compare(
        "A call through a policy",
        "calls",
        {
            "bare": _repeated(lambda: _work(1.0)),
            "through a policy": _repeated(lambda: dependency.call(_work)),
            "with address, tenant and deadline": _with_deadline(
                _repeated(lambda: dependency.call(_work, address="a:1", tenant=tenant, idempotent=True))
            ),
        },
    )
    bare, *others = (1e6 / row.per_second for row in table.rows)
    for row, took_us in zip(table.rows[1:], others, strict=True):
        added = took_us - bare
        print(f"  {row.name}: {added:.1f} µs more (goal < {_GOAL_US:.0f}: {'pass' if added < _GOAL_US else 'MISS'})\n")


def _work(timeout_s: float) -> float:
    return timeout_s


def _repeated(call: Callable[[], object]) -> Callable[[], int]:
    def work() -> int:
        for _ in range(_CALLS):
            call()
        return _CALLS

    return work


def _with_deadline(work: Callable[[], int]) -> Callable[[], int]:
    def limited() -> int:
        with deadline(60.0):
            return work()

    return limited
