from __future__ import annotations

from datetime import UTC
from uuid import UUID, uuid4

import msgspec
import pytest
from django.db import DatabaseError, ProgrammingError, connections, transaction
from msgspec import UNSET

from apps.core.errors import Overtaken
from apps.core.events import Event, EventOrigin, UnitOfWork, event, repeated_when_overtaken, unit_of_work
from apps.core.events.checks import settings_are_known
from apps.core.events.envelope import decode, encode, handling
from apps.core.events.log import stream, stream_version
from apps.core.events.models import Stream
from apps.core.events.tests.things import Part, ThingHappened, ThingRemembered
from apps.core.history import Actor, Origin, acting, coming_from
from apps.core.observability import span
from apps.core.tenancy import NoTenant, no_tenant, tenant

pytestmark = pytest.mark.django_db(databases=["default", "business"])

ROADMAP_EXAMPLE = (
    '{"eventId": "uuid", "eventType": "UserCreated", "aggregateId": "user-uuid", "aggregateType": "User", "version": 1,'
    ' "timestamp": "2025-01-01T00:00:00Z", "payload": {"email": "user@example.com", "roles": ["USER"]},'
    ' "metadata": {"causationId": "command-uuid", "correlationId": "trace-uuid", "userId": "admin-uuid"}}'
)


def publish(thing_id: UUID, number: int = 1, **options: int) -> int:
    with transaction.atomic(using="business"):
        return UnitOfWork("business").publish(ThingHappened(thing_id=thing_id, number=number), **options)


class TestPublish:
    def test_counts_the_events_of_each_aggregate_from_one(self, in_tenant, thing_id):
        other = uuid4()

        sequences = [publish(thing_id), publish(thing_id), publish(other), publish(thing_id)]

        assert sequences == [1, 2, 1, 3]
        assert stream_version(thing_id, using="business") == 3

    def test_is_undone_with_the_transaction(self, in_tenant, thing_id, published):
        with pytest.raises(RuntimeError), unit_of_work(Stream) as work:
            work.publish(ThingHappened(thing_id=thing_id, number=1))
            raise RuntimeError

        assert published == []
        assert stream_version(thing_id, using="default") == 0
        with connections["default"].cursor() as cursor, pytest.raises(ProgrammingError, match="permission denied"):
            cursor.execute("select count(*) from events_pending")  # the application only adds to the queue

    def test_is_undone_with_a_savepoint_and_keeps_what_was_before(self, in_tenant, thing_id, published):
        with transaction.atomic(using="business"):
            publish(thing_id, 1)
            with pytest.raises(RuntimeError), transaction.atomic(using="business"):
                publish(thing_id, 2)
                raise RuntimeError
            publish(thing_id, 3)

        assert published == [ThingHappened(thing_id=thing_id, number=1), ThingHappened(thing_id=thing_id, number=3)]
        assert [e.metadata.sequence for e in published.envelopes()] == [1, 2]

    def test_opens_the_transaction_on_the_database_of_the_model(self, in_tenant):
        with unit_of_work(Stream) as work:
            assert work.alias == "default"
            assert connections["default"].in_atomic_block

    def test_needs_a_tenant(self, thing_id):
        with no_tenant(), pytest.raises(NoTenant):
            publish(thing_id)

    def test_keeps_the_payload_as_it_was(self, in_tenant, thing_id):
        happened = ThingHappened(thing_id=thing_id, number=2**53, note='"%s" é\\', parts=(Part(part_name="lid"),))
        UnitOfWork("business").publish(happened)

        (envelope,) = stream(thing_id, using="business")

        assert envelope.event() == happened
        assert envelope.payload["parts"] == [{"partName": "lid"}]


class TestOptimisticLock:
    def test_lets_the_expected_version_through(self, in_tenant, thing_id):
        assert publish(thing_id, expected=0) == 1
        assert publish(thing_id, expected=1) == 2

    @pytest.mark.parametrize(("there", "expected"), [(1, 0), (2, 1), (1, 2), (0, 1)])
    def test_refuses_any_other(self, in_tenant, thing_id, there, expected):
        for number in range(there):
            publish(thing_id, number)

        with pytest.raises(Overtaken) as refusal:
            publish(thing_id, expected=expected)

        assert refusal.value.extra["version"] == there
        assert stream_version(thing_id, using="business") == there

    def test_a_command_that_was_overtaken_is_repeated(self, in_tenant, thing_id):
        seen = []

        @repeated_when_overtaken(attempts=3)
        def command() -> int:
            version = stream_version(thing_id, using="business")
            seen.append(version)
            if len(seen) < 3:
                publish(thing_id)  # somebody else is faster
            return publish(thing_id, expected=version)

        assert command() == 3
        assert seen == [0, 1, 2]

    def test_the_last_attempt_tells_the_caller(self, in_tenant, thing_id):
        @repeated_when_overtaken(attempts=2)
        def command() -> int:
            return publish(thing_id, expected=7)

        with pytest.raises(Overtaken):
            command()


class TestEnvelope:
    def test_has_the_shape_of_the_roadmap(self, in_tenant, thing_id, published):
        publish(thing_id)

        (envelope,) = published.envelopes()
        example, ours = msgspec.json.decode(ROADMAP_EXAMPLE), msgspec.json.decode(encode(envelope))

        assert list(ours) == list(example)
        assert list(ours["metadata"])[:3] == list(example["metadata"])
        assert {key: type(value) for key, value in ours.items()} == {key: type(value) for key, value in example.items()}
        assert ours["timestamp"].endswith("Z")
        assert (ours["eventType"], ours["aggregateType"], ours["version"]) == ("ThingHappened", "Thing", 1)
        assert ours["aggregateId"] == str(thing_id)
        assert decode(encode(envelope)) == envelope
        assert envelope.timestamp.tzinfo is not None
        assert envelope.timestamp.astimezone(UTC) == envelope.timestamp

    def test_says_who_and_for_which_tenant(self, in_tenant, thing_id, published):
        person = Actor(kind="user", id=uuid4(), name="Ada")

        with acting(person):
            publish(thing_id)

        (envelope,) = published.envelopes()
        assert envelope.metadata.user_id == person.id
        assert envelope.metadata.tenant_id == in_tenant

    def test_events_of_one_command_share_cause_and_trace(self, in_tenant, thing_id, published):
        with unit_of_work(Stream) as work:
            work.publish(ThingHappened(thing_id=thing_id, number=1))
            work.publish(ThingHappened(thing_id=thing_id, number=2))
        publish(thing_id)

        one, two, three = (envelope.metadata for envelope in published.envelopes())
        assert one.causation_id == two.causation_id == work.command_id != three.causation_id
        assert one.correlation_id == two.correlation_id != three.correlation_id
        assert int(one.correlation_id, 16) and len(one.correlation_id) == 32

    def test_continues_the_trace_of_the_caller(self, in_tenant, thing_id, published):
        trace = "0af7651916cd43dd8448eb211c80319c"

        with span("request", parent=f"00-{trace}-b7ad6b7169203331-01"):
            publish(thing_id)

        (envelope,) = published.envelopes()
        assert envelope.metadata.correlation_id == trace
        assert envelope.metadata.traceparent.startswith(f"00-{trace}-")

    def test_names_both_who_act(self, in_tenant, thing_id, published):
        mia = Actor(kind="user", id=uuid4(), name="Mia", impersonator_id=uuid4(), impersonator_name="Olive")

        with acting(mia):
            publish(thing_id)
        publish(uuid4())

        one, other = (envelope.metadata for envelope in published.envelopes())
        assert (one.user_id, one.impersonator_id) == (mia.id, mia.impersonator_id)
        assert other.impersonator_id is None

    def test_travelled_before_there_were_impersonators_and_is_still_read(self, in_tenant, thing_id, published):
        publish(thing_id)
        (envelope,) = published.envelopes()
        older = msgspec.json.decode(encode(envelope))
        del older["metadata"]["impersonatorId"]

        assert decode(msgspec.json.encode(older)) == envelope

    def test_names_the_event_being_handled_as_its_cause(self, in_tenant, thing_id, published):
        publish(thing_id)
        (first,) = published.envelopes()

        with handling(first):
            publish(uuid4())

        assert published.envelopes()[1].metadata.causation_id == first.event_id
        assert published.envelopes()[1].metadata.correlation_id == first.metadata.correlation_id


class TestIsolation:
    def test_another_tenant_sees_neither_event_nor_stream(self, tenant_id, other_tenant_id, thing_id):
        with tenant(tenant_id):
            publish(thing_id)

        with tenant(other_tenant_id), connections["business"].cursor() as cursor:
            cursor.execute("select count(*) from events_event")
            assert cursor.fetchone() == (0,)
            assert stream(thing_id, using="business") == []
            assert publish(thing_id, expected=0) == 1  # a stream of its own, though the id is the same

    @pytest.mark.parametrize(
        "statement",
        [
            "update events_event set type = 'Other'",
            "delete from events_event",
            "select * from events_event_default",
            "update events_position set recorded_at = now()",
            "delete from events_position",
            "delete from events_pending",
            "delete from events_dead_letter",
        ],
    )
    def test_the_application_may_not(self, in_tenant, thing_id, statement):
        publish(thing_id)

        with pytest.raises(DatabaseError, match="permission denied"), transaction.atomic(using="business"):
            connections["business"].cursor().execute(statement)

    def test_the_application_may_not_write_into_another_tenant(self, in_tenant, other_tenant_id):
        insert = "insert into events_stream (tenant_id, aggregate_id, version) values (%s, %s, 1)"

        with pytest.raises(DatabaseError, match="row-level security"), transaction.atomic(using="business"):
            connections["business"].cursor().execute(insert, [other_tenant_id, uuid4()])


class TestDeclaration:
    @pytest.mark.parametrize("version", [1, 2])
    def test_refuses_a_second_event_of_the_same_name(self, version):
        with pytest.raises(ValueError, match="already declared"):

            @event(topic="business.things", aggregate="Thing", version=version)
            class ThingHappened(Event):
                thing_id: UUID

    def test_counts_versions_from_one(self):
        with pytest.raises(ValueError, match="counted from 1"):

            @event(topic="business.things", aggregate="Thing", version=0)
            class Zeroth(Event):
                thing_id: UUID

    def test_refuses_an_event_without_the_id_of_its_aggregate(self):
        with pytest.raises(TypeError, match="stock_level_id"):

            @event(topic="business.things", aggregate="StockLevel")
            class Odd(Event):
                thing_id: UUID

    def test_refuses_to_publish_what_was_not_declared(self, in_tenant):
        class Undeclared(Event):
            thing_id: UUID

        with pytest.raises(TypeError, match="not declared"):
            UnitOfWork("business").publish(Undeclared(thing_id=uuid4()))


class TestPartitions:
    def test_the_event_lies_in_the_partition_of_its_month(self, in_tenant, thing_id, published):
        publish(thing_id)

        (envelope,) = published.envelopes()
        with connections["business"].cursor() as cursor:
            cursor.execute("select tableoid::regclass::text from events_event where aggregate_id = %s", [thing_id])
            assert cursor.fetchone() == (f"events_event_{envelope.timestamp:%Y%m}",)

    def test_the_application_has_partitions_made_ahead(self):
        with connections["business"].cursor() as cursor:
            cursor.execute("select events_create_partitions(6)")
            assert cursor.fetchone() == (3,)  # this month and the next three were made by the migration
            cursor.execute("select events_create_partitions(6)")
            assert cursor.fetchone() == (0,)

    def test_events_that_had_no_partition_are_moved_to_it_when_it_is_made(self, in_tenant, thing_id):
        publish(thing_id)
        with connections["business"].cursor() as cursor:
            cursor.execute(
                "insert into events_event (id, recorded_at, tenant_id, aggregate_type, aggregate_id, sequence, type, "
                "version, topic, payload, causation_id, correlation_id, traceparent) "
                "select id, recorded_at + interval '5 months', tenant_id, aggregate_type, aggregate_id, 2, type, "
                "version, topic, payload, causation_id, correlation_id, traceparent from events_event"
            )
            where = "select tableoid::regclass::text from events_event where sequence = 2"
            cursor.execute(where)
            assert cursor.fetchone() == ("events_event_default",)

            cursor.execute("select events_create_partitions(6)")

            cursor.execute(where)
            assert cursor.fetchone()[0] != "events_event_default"


class TestSettings:
    def test_a_transport_that_does_not_exist_is_refused(self, settings):
        assert settings_are_known(None) == []
        settings.EVENTS_TRANSPORT = "pigeon"
        settings.EVENTS_MAX_ATTEMPTS = 0
        assert [problem.id for problem in settings_are_known(None)] == ["events.E001", "events.E002"]


class TestOrigin:
    def test_is_told_by_events_that_remember_it_alone(self, in_tenant, thing_id, published):
        ada = Actor("user", uuid4(), "Ada", impersonator_id=uuid4(), impersonator_name="Sam")
        with acting(ada), coming_from(Origin("192.0.2.1", "curl/8", "sid")):
            work = UnitOfWork("business")
            work.publish(ThingHappened(thing_id=thing_id, number=1))
            work.publish(ThingRemembered(thing_id=thing_id))

        forgetful, mindful = published.envelopes()
        assert forgetful.metadata.origin is UNSET
        assert b"origin" not in encode(forgetful)
        assert mindful.metadata.impersonator_id == ada.impersonator_id
        assert mindful.origin() == EventOrigin(
            actor_kind="user",
            actor_name="Ada",
            impersonator_name="Sam",
            address="192.0.2.1",
            user_agent="curl/8",
            session_id="sid",
        )
        assert decode(encode(mindful)) == mindful
