"""Every declared saga has passed what all of them must, and keeps the shape that its instances run with."""

from __future__ import annotations

from importlib import import_module

import pytest

from apps.core.sagas.definition import Saga, all_declared
from apps.core.sagas.testing import SagaHarness

# What was released: while instances run with a version it keeps its steps. A saga that needs others gets a new version,
# declared beside the old one. Add a line for each; change none.
RELEASED = {
    ("business.place-order", 1): "efce395d8bef0bde",
    ("business.review-order", 1): "c74966e88e147039",
}
SAGAS = [saga for saga in all_declared() if ".tests." not in saga.context.__module__]


def named(saga: Saga) -> str:
    return f"{saga.name} v{saga.version}"


def harnesses() -> list[type[SagaHarness]]:
    found, todo = [], [SagaHarness]
    while todo:
        todo += (subclasses := todo.pop().__subclasses__())
        found += subclasses
    return [harness for harness in found if harness.__name__.startswith("Test")]


@pytest.mark.parametrize("saga", SAGAS, ids=named)
def test_each_saga_is_failed_repeated_and_killed_by_the_harness(saga: Saga) -> None:
    feature = saga.context.__module__.split(".")[:3]
    import_module(".".join([*feature, "tests", "test_sagas"]))

    assert saga in [harness.saga for harness in harnesses()], f"no TestX(SagaHarness) has saga = {saga.name}"


@pytest.mark.parametrize("saga", SAGAS, ids=named)
def test_each_saga_has_the_shape_that_its_instances_run_with(saga: Saga) -> None:
    assert RELEASED.get((saga.name, saga.version)) == saga.fingerprint, "declare a new version beside the old one"


def test_there_is_a_shape_for_declared_sagas_only() -> None:
    """A version goes once no instance runs with it: `manage.py sagas list --all`."""
    assert set(RELEASED) == {(saga.name, saga.version) for saga in SAGAS}
