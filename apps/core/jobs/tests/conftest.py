"""Fixtures of the tests of jobs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Any
from uuid import UUID

import pytest
from django.db import connections
from django.utils import timezone

from apps.core.db.ids import uuid7
from apps.core.history import Actor
from apps.core.jobs import enqueue, running
from apps.core.jobs.models import Job
from apps.core.jobs.tests import things
from apps.core.tenancy import tenant

ADA = Actor(kind="user", id=uuid7(), name="Ada Lovelace")
USING = "business"


@pytest.fixture(autouse=True)
def _healthy_work() -> Iterator[None]:
    yield
    things.at.clear()
    things.counted.clear()


@pytest.fixture
def now() -> datetime:
    return timezone.now()


@pytest.fixture
def ask(in_tenant: object, now: datetime) -> Callable[..., Job]:
    """`ask(to=3, run_at=…)`: Ada has it counted."""

    def asked(*, to: int = 3, actor: Actor = ADA, **options: Any) -> Job:
        return enqueue(things.count, {"to": to}, actor=actor, **{"now": now, "using": USING, **options})

    return asked


@pytest.fixture
def run(now: datetime) -> Callable[..., Job | None]:
    """`run(job, at=…)`: one delivery of the job."""
    return lambda found, at=now: running.run(found.id, using=USING, clock=lambda: at, in_background=False)


def together(tenant_id: UUID, *calls: Callable[[], Any]) -> list[Any]:
    """Make the calls at once, each in a thread of the tenant; returns what they return."""

    def alone(call: Callable[[], Any]) -> Any:
        try:
            with tenant(tenant_id):
                return call()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(calls)) as pool:
        return [asked.result(60) for asked in [pool.submit(alone, call) for call in calls]]
