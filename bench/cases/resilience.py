"""What a call through a policy costs, beside a bare one: time limit, breaker, bulkhead, budget and measures. And what
it is good for, in simulated minutes.
"""

from __future__ import annotations

from collections.abc import Callable

from apps.core.resilience import Dependency, Policy, deadline
from apps.core.resilience.door import Priority
from apps.core.resilience.tests.simulation import Cascade, Overload, adaptive, static, up_and_down
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
        print(f"  {row.name}: {added:.1f} µs more (goal < {_GOAL_US:.0f}: {'pass' if added < _GOAL_US else 'MISS'})")
    print("\nSimulated: a server of 40 answers a second, callers with a second of patience")
    for load in (0.8, 1.0, 2.0, 5.0, 10.0):
        _show_overload(load)
    _show_failures()


def _show_overload(load: float) -> None:
    for kernel in (False, True):
        it = Overload(load, kernel).run()
        good = ", ".join(f"{one.name.lower()} {it.good[one] / it.asked[one]:.0%}" for one in Priority)
        with_it = "with the kernel" if kernel else "without        "
        print(
            f"  {load:4}x  {with_it}  {it.goodput:4.0%} of the peak  {it.amplification:.2f} attempts a call  ({good})"
        )


def _show_failures() -> None:
    for kernel in (False, True):
        fall, with_it = Cascade(kernel).run(), "with the kernel" if kernel else "without"
        print(f"  a dependency hangs, {with_it}: {fall.good / fall.asked:.0%} of what does not need it is answered")
    for share in (1.0, 0.7, 0.5):
        ours = adaptive(lambda _, share=share: share).run(60).first_opened  # type: ignore[misc]
        windows = [static(lambda _, share=share: share, size).run(60).first_opened for size in (20, 100)]  # type: ignore[misc]
        print(f"  {share:.0%} of the calls fail: opened after {ours}; windows of 20 and 100 calls: {windows}")
    flaps = adaptive(up_and_down).run(600).openings, static(up_and_down, 20).run(600).openings
    print(f"  up and down for ten minutes: {flaps[0]} openings; a window of 20 calls: {flaps[1]}\n")


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
