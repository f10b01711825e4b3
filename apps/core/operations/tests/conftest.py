"""Dead letters to operate on: one key of which an event failed, with others behind it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from uuid import UUID, uuid4

import pytest
from django.db import transaction
from django.test import Client

from apps.core.events import UnitOfWork
from apps.core.events.consumer import Consumer
from apps.core.events.retry import RetryPolicy
from apps.core.events.subscriptions import group_named
from apps.core.events.tests import things
from apps.core.events.tests.things import ECHO, ThingHappened


@pytest.fixture(autouse=True)
def _healthy_handlers() -> Iterator[None]:
    yield
    things.healed.clear()
    things.calls.clear()


@pytest.fixture
def stuck(in_tenant: UUID, published) -> Callable[[], UUID]:
    """`stuck()`: a thing of which the first of three events failed in the group ECHO."""

    def make() -> UUID:
        thing_id, before = uuid4(), len(published.envelopes())
        for number, note in ((1, "sick"), (2, ""), (3, "")):
            with transaction.atomic(using="business"):
                UnitOfWork("business").publish(ThingHappened(thing_id=thing_id, number=number, note=note))
        consumer = Consumer(group_named(ECHO), retry=RetryPolicy(1, 0, 0))
        for envelope in published.envelopes()[before:]:
            consumer.process(envelope)
        return thing_id

    return make


@pytest.fixture
def browser(caller) -> Callable[..., Client]:
    """`browser("manager")`: a client of somebody with that role that sends forms and reads pages."""

    def make(role: str = "owner", **kwargs) -> Client:
        return Client(headers={"authorization": f"Bearer {caller(role, **kwargs).token()}", "accept": "text/html"})

    return make
