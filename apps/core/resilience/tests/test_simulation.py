"""What the parts come to together, over minutes of simulated time."""

from __future__ import annotations

import pytest

from apps.core.resilience.door import Priority
from apps.core.resilience.tests.simulation import Cascade, Overload, adaptive, static, up_and_down


@pytest.fixture(scope="module")
def kernel() -> Overload:
    return Overload(5.0, kernel=True, seconds=30.0).run()


class TestFiveTimesTheLoad:
    def test_leaves_the_server_answering_as_much_as_it_can(self, kernel: Overload) -> None:
        assert kernel.goodput >= 0.8
        assert Overload(5.0, kernel=False, seconds=30.0).run().goodput < 0.2, "else the simulation shows nothing"

    def test_is_made_no_larger_by_retries(self, kernel: Overload) -> None:
        assert kernel.amplification <= 1.15

    def test_is_borne_by_the_less_important(self, kernel: Overload) -> None:
        low, normal, high = (kernel.good[one] / kernel.asked[one] for one in Priority)

        assert low < normal < high


def test_a_dependency_that_hangs_takes_nothing_else_along() -> None:
    kernel, bare = (Cascade(kernel, seconds=30.0).run() for kernel in (True, False))

    assert kernel.good / kernel.asked > 0.95
    assert bare.good / bare.asked < 0.6, "else the simulation shows nothing"


@pytest.mark.parametrize("share", [1.0, 0.7, 0.5])
def test_the_breaker_opens_sooner_than_one_that_counts_a_window(share: float) -> None:
    def fails(now: float) -> float:
        return share

    ours = [adaptive(fails, seed).run(20.0).first_opened for seed in range(5)]
    theirs = [static(fails, 20, seed).run(20.0).first_opened for seed in range(5)]

    assert 0 < sum(ours) < sum(theirs)


def test_the_breaker_does_not_flap() -> None:
    assert adaptive(up_and_down).run(600.0).openings <= 20
    assert static(up_and_down, 20).run(600.0).openings > 100, "else the simulation shows nothing"
