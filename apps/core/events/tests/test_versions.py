"""Old versions are lifted before anybody sees them; versions from the future wait for their release."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

import msgspec
import pytest
from django.db import connections, transaction
from msgspec.structs import replace

from apps.core.db.ids import uuid7
from apps.core.events import (
    Envelope,
    Event,
    InvalidMessage,
    UnitOfWork,
    catalogue,
    event,
    failures,
    log,
    upcasting,
    upcasts,
)
from apps.core.events.checks import every_version_can_be_lifted
from apps.core.events.consumer import Consumer, Outcome
from apps.core.events.definition import _forget
from apps.core.events.envelope import encode, unopened
from apps.core.events.models import DeadLetter
from apps.core.events.retry import RetryPolicy
from apps.core.events.subscriptions import group_named
from apps.core.events.tests import things
from apps.core.events.tests.things import MEASURED, ThingMeasured

pytestmark = pytest.mark.django_db(databases=["default", "business"])

PAYLOADS: dict[int, dict[str, Any]] = {
    1: {"lengthM": 2},
    2: {"lengthMm": 2000},
    3: {"lengthMm": 2000, "by": "somebody"},
}


@pytest.fixture
def travelled(in_tenant, thing_id, published) -> Callable[[int], Envelope]:
    """`travelled(1)`: a ThingMeasured as it was published in that version."""
    with transaction.atomic(using="business"):
        UnitOfWork("business").publish(ThingMeasured(thing_id=thing_id, length_mm=1, by="x"))
    (envelope,) = published.envelopes()

    def make(version: int) -> Envelope:
        payload = {"thingId": str(thing_id), **PAYLOADS.get(version, {})}
        return replace(envelope, version=version, payload=payload, event_id=uuid7())

    return make


@pytest.fixture
def consumer() -> Consumer:
    return Consumer(group_named(MEASURED), retry=RetryPolicy(attempts=1, base_s=0, cap_s=0))


def add_to_the_log(envelope: Envelope, *, sequence: int) -> None:
    """As an older release would have appended it."""
    with connections["business"].cursor() as cursor:
        cursor.execute(
            "insert into events_event (id, tenant_id, aggregate_type, aggregate_id, sequence, type, version, topic, "
            "payload, causation_id, correlation_id, traceparent) select %s, tenant_id, aggregate_type, aggregate_id, "
            "%s, type, %s, topic, %s::jsonb, causation_id, correlation_id, traceparent from events_event "
            "where aggregate_id = %s and sequence = 1",
            [
                envelope.event_id,
                sequence,
                envelope.version,
                msgspec.json.encode(envelope.payload).decode(),
                envelope.aggregate_id,
            ],
        )


class TestAnOldVersion:
    @pytest.mark.parametrize("version", [1, 2, 3])
    def test_reaches_the_handler_of_the_newest_one(self, version, travelled, consumer, thing_id):
        assert consumer.process(travelled(version)) is Outcome.HANDLED
        assert things.measured == [ThingMeasured(thing_id=thing_id, length_mm=2000, by="somebody")]
        assert unopened(encode(travelled(version))).event() == things.measured[0]

    def test_is_lifted_in_a_stream_and_stays_as_it_was_in_the_log(self, travelled, thing_id):
        add_to_the_log(travelled(1), sequence=2)

        _, old = log.stream(thing_id, using="business")

        assert old.event() == ThingMeasured(thing_id=thing_id, length_mm=2000, by="somebody")
        assert (old.version, old.payload) == (1, {"thingId": str(thing_id), "lengthM": 2})

    def test_that_lacks_what_its_upcaster_needs_is_broken(self, travelled):
        broken = replace(travelled(1), payload={"thingId": str(uuid7())})

        with pytest.raises(InvalidMessage, match=r"ThingMeasured from version 1 fails: KeyError\('lengthM'\)"):
            broken.event()
        with pytest.raises(InvalidMessage, match="is broken: Object missing required field"):
            unopened(encode(replace(broken, version=3))).event()


class TestAVersionOfTheFuture:
    def test_is_parked_with_its_reason(self, travelled, consumer):
        assert consumer.process(travelled(4)) is Outcome.PARKED

        letter = DeadLetter.objects.using("business").get()
        assert "ThingMeasured version 4 is newer than this process, which knows version 3" in failures.words_of(letter)
        assert things.measured == []


class TestUpcasters:
    def test_of_a_version_that_leads_nowhere_are_refused(self):
        with pytest.raises(ValueError, match="at version 3: no step leads on from 3"):
            upcasts(ThingMeasured, from_version=3)

    def test_are_declared_once(self):
        with pytest.raises(ValueError, match="another upcaster from version 1"):
            upcasts(ThingMeasured, from_version=1)(lambda payload: payload)

    def test_of_what_the_platform_publishes_have_no_gap(self):
        assert every_version_can_be_lifted(None) == []

    def test_that_are_missing_are_found_by_the_system_check(self, monkeypatch):
        @event(topic="business.things", aggregate="Thing", version=3)
        class Gapped(Event):
            thing_id: UUID

        upcasts(Gapped, from_version=2)(lambda payload: payload)
        monkeypatch.setattr(catalogue, "_modules", lambda: frozenset({__name__}))
        try:
            (problem,) = every_version_can_be_lifted(None)
        finally:
            upcasting._forget("Gapped")
            _forget(Gapped)

        assert problem.id == "events.E003"
        assert problem.msg == "Gapped has no upcaster from version 1."
