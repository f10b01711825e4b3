"""Fixtures of the event log's own tests."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from uuid import UUID

import pytest
from django.db import transaction

from apps.core.db.ids import uuid7
from apps.core.events import UnitOfWork
from apps.core.events.tests import things
from apps.core.events.tests.things import ThingHappened


@pytest.fixture(autouse=True)
def _healthy_handlers() -> Iterator[None]:
    yield
    things.healed.clear()
    things.calls.clear()
    things.measured.clear()


@pytest.fixture
def thing_id() -> UUID:
    return uuid7()


@pytest.fixture
def happen(in_tenant: UUID) -> Callable[..., int]:
    """`happen(thing_id, 1, 2, note="sick")`: the things happen, each in a transaction of its own."""

    def publish(thing_id: UUID, *numbers: int, note: str = "") -> int:
        sequence = 0
        for number in numbers:
            with transaction.atomic(using="business"):
                sequence = UnitOfWork("business").publish(ThingHappened(thing_id=thing_id, number=number, note=note))
        return sequence

    return publish
