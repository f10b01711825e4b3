"""One suite for every way an event can take: the consumers cannot tell which it was."""

from __future__ import annotations

import os
import threading
from contextlib import ExitStack, contextmanager
from uuid import uuid4

import msgspec
import pytest
from confluent_kafka import Consumer as KafkaConsumer
from confluent_kafka import Producer

from apps.core.events import dead_letters, repairs
from apps.core.events.database import connect
from apps.core.events.envelope import decode
from apps.core.events.kafka_publisher import Publication
from apps.core.events.log import stream
from apps.core.events.readers import Consumers
from apps.core.events.relay import Relay
from apps.core.events.subscriptions import group_named
from apps.core.events.tests import things
from apps.core.events.tests.processes import relay, until, worker
from apps.core.events.tests.things import ECHO, echo_id
from apps.core.history import SYSTEM
from apps.core.observability import span

pytestmark = pytest.mark.django_db(databases=["default", "business"], transaction=True)

REAL_BROKER = os.environ.get("KAFKA_BOOTSTRAP_SERVERS", "")


@pytest.fixture(scope="module")
def mock_broker():
    """librdkafka's own cluster, in this process; other processes can reach it."""
    cluster = Producer({"bootstrap.servers": "mock:1", "test.mock.num.brokers": 3, "log_level": 0})
    brokers = cluster.list_topics(timeout=20).brokers.values()
    yield ",".join(f"{broker.host}:{broker.port}" for broker in brokers)
    del cluster


REAL_KAFKA = pytest.param(
    "real-kafka", marks=pytest.mark.skipif(not REAL_BROKER, reason="KAFKA_BOOTSTRAP_SERVERS names no broker")
)


@pytest.fixture(params=["postgres", "kafka", REAL_KAFKA])
def transport(request, settings, mock_broker):
    settings.EVENTS_TRANSPORT = "postgres" if request.param == "postgres" else "kafka"
    settings.KAFKA_BOOTSTRAP_SERVERS = (REAL_BROKER if request.param == "real-kafka" else mock_broker).split(",")
    settings.KAFKA_SESSION_TIMEOUT_MS = 6000
    settings.KAFKA_MANAGE_TOPICS = False
    settings.EVENTS_MAX_ATTEMPTS, settings.EVENTS_RETRY_BASE_S = 2, 0
    return settings


class Flow:
    """Relay, publication and, unless told otherwise, the consumer, in threads of this process."""

    def __init__(self, settings, *, consume=True):
        self.halt, self.deaths = threading.Event(), []
        runners = [Relay("business", self.halt)]
        if settings.EVENTS_TRANSPORT == "kafka":
            runners.append(Publication("business", self.halt))
        self.threads = [threading.Thread(target=runner.run) for runner in runners]
        self.consumers = Consumers([group_named(ECHO)] if consume else [], self.deaths.append)

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        self.consumers.start()
        return self

    def __exit__(self, *_):
        self.consumers.halt()
        self.halt.set()
        self.consumers.join(60)
        for thread in self.threads:
            thread.join(60)
        assert self.deaths == []


@contextmanager
def consuming():
    """The consumer alone, in a thread of this process."""
    deaths: list[BaseException] = []
    consumers = Consumers([group_named(ECHO)], deaths.append)
    consumers.start()
    try:
        yield
    finally:
        consumers.halt()
        consumers.join(60)
    assert deaths == []


def echoes(thing_id):
    return [envelope.payload["number"] for envelope in stream(echo_id(thing_id), using="business")]


def until_echoed(thing_id, *numbers):
    until(lambda: len(echoes(thing_id)) >= len(numbers), what=f"echoes {numbers}")
    assert echoes(thing_id) == list(numbers)


class TestEveryTransport:
    def test_brings_each_event_once_in_the_order_of_its_key(self, transport, happen):
        ids = [uuid4() for _ in range(5)]

        with Flow(transport):
            for number in range(10):
                for thing_id in ids:
                    happen(thing_id, number)
            for thing_id in ids:
                until_echoed(thing_id, *range(10))

    def test_brings_again_what_was_forgotten_without_a_second_effect(self, transport, happen, thing_id):
        with Flow(transport):
            happen(thing_id, 1, 2, 3)
            until_echoed(thing_id, 1, 2, 3)

        with connect("business", "test") as connection:
            connection.execute("update events_consumer_offset set position = 0")
        with Flow(transport):
            happen(thing_id, 4)
            until_echoed(thing_id, 1, 2, 3, 4)

    def test_parks_a_sick_event_and_its_followers_while_others_flow(self, transport, happen, thing_id):
        other = uuid4()

        with Flow(transport):
            happen(thing_id, 1)
            happen(thing_id, 2, note="sick")
            happen(thing_id, 3)
            happen(other, 1)
            until_echoed(other, 1)
            until(lambda: dead_letters.open_letters("business").count() == 2, what="both dead letters")
            assert echoes(thing_id) == [1]
            things.healed.add("sick")
            repairs.retry_key(group_named(ECHO), thing_id, actor=SYSTEM)
            happen(thing_id, 4)
            until_echoed(thing_id, 1, 2, 3, 4)

    def test_carries_one_trace_from_publishing_to_the_effect(self, transport, happen, thing_id):
        trace = uuid4().hex

        with Flow(transport), span("request", parent=f"00-{trace}-b7ad6b7169203331-01"):
            happen(thing_id, 1)
            until_echoed(thing_id, 1)

        (cause,), (effect,) = stream(thing_id, using="business"), stream(echo_id(thing_id), using="business")
        assert cause.metadata.correlation_id == effect.metadata.correlation_id == trace
        assert effect.metadata.traceparent.startswith(f"00-{trace}-")
        assert effect.metadata.causation_id == cause.event_id

    def test_survives_the_kill_of_a_worker_in_the_middle(self, transport, happen):
        """Another reader of its group, here one of this process, goes on where it was."""
        ids, numbers = [uuid4() for _ in range(4)], range(40)
        total = len(ids) * len(numbers)

        def done():
            return sum(len(echoes(thing_id)) for thing_id in ids)

        with Flow(transport, consume=False):
            with worker("--pool=solo", ECHO_TAKES_S="0.02", **told_to_processes(transport)) as killed:
                for number in numbers:
                    for thing_id in ids:
                        happen(thing_id, number)
                until(lambda: done() > total / 4, what="a good part of the effects")
                killed.kill()
                killed.wait(30)
            assert done() < total
            with consuming():
                until(lambda: done() >= total, what="all effects")

        for thing_id in ids:
            assert echoes(thing_id) == list(numbers)

    def test_survives_the_kill_of_a_relay_in_the_middle(self, transport, happen):
        """Another one, here of this process, goes on where it was."""
        ids, numbers = [uuid4() for _ in range(4)], range(60)

        with ExitStack() as stack:
            killed = stack.enter_context(relay(**told_to_processes(transport)))
            stack.enter_context(consuming())
            for number in numbers:
                for thing_id in ids:
                    happen(thing_id, number)
                if number == 30:
                    until(lambda: echoes(ids[0]), what="a first effect")
                    killed.kill()
                    stack.enter_context(Flow(transport, consume=False))
            for thing_id in ids:
                until_echoed(thing_id, *numbers)


def told_to_processes(transport):
    """What processes of their own must know of the transport."""
    return {
        "EVENTS_TRANSPORT": transport.EVENTS_TRANSPORT,
        "KAFKA_BOOTSTRAP_SERVERS": ",".join(transport.KAFKA_BOOTSTRAP_SERVERS),
        "KAFKA_SESSION_TIMEOUT_MS": str(transport.KAFKA_SESSION_TIMEOUT_MS),
        "KAFKA_MANAGE_TOPICS": "false",
    }


class TestKafkaMessages:
    @pytest.mark.parametrize("transport", ["kafka"], indirect=True)
    def test_are_keyed_by_aggregate_and_tell_brokers_what_they_are(self, transport, happen, thing_id, tenant_id):
        reader = KafkaConsumer(
            {
                "bootstrap.servers": ",".join(transport.KAFKA_BOOTSTRAP_SERVERS),
                "group.id": str(uuid4()),
                "auto.offset.reset": "earliest",
                "topic.metadata.refresh.interval.ms": 500,
            }
        )
        happen(thing_id, 1)
        (envelope,) = stream(thing_id, using="business")

        with Flow(transport, consume=False):
            reader.subscribe(["business.things"])
            found = until(lambda: message_with_key(reader, str(thing_id)), what="the message")
        reader.close()

        assert {name: value.decode() for name, value in found.headers()} == {
            "ce_specversion": "1.0",
            "ce_type": "ThingHappened",
            "ce_source": "/business/things",
            "ce_dataschema": f"{transport.BASE_URL}/api/v1/event-types/ThingHappened/1/schema",
            "ce_dataschemaversion": "1",
            "content-type": "application/json",
            "ce_id": str(envelope.event_id),
            "ce_subject": str(thing_id),
            "ce_time": msgspec.to_builtins(envelope.timestamp),
            "ce_partitionkey": str(thing_id),
            "ce_sequence": "1",
            "ce_tenantid": str(tenant_id),
            "ce_correlationid": envelope.metadata.correlation_id,
            "ce_causationid": str(envelope.metadata.causation_id),
            "traceparent": envelope.metadata.traceparent,
        }
        assert decode(found.value()) == envelope

    @pytest.mark.parametrize("transport", ["kafka"], indirect=True)
    def test_a_message_that_is_no_event_does_not_stop_the_group(self, transport, happen, thing_id):
        stranger = Producer({"bootstrap.servers": ",".join(transport.KAFKA_BOOTSTRAP_SERVERS)})
        for partition in range(4):
            stranger.produce("business.things", value=b"\xff not an envelope", partition=partition)
        assert stranger.flush(20) == 0

        with Flow(transport):
            happen(thing_id, 1)
            until_echoed(thing_id, 1)


def message_with_key(reader, key):
    message = reader.poll(1)
    return message if message is not None and not message.error() and message.key() == key.encode() else None
