"""Readers of one group on Kafka: partitions move between them, and nothing is lost, doubled or out of order."""

from __future__ import annotations

import itertools
import threading
from contextlib import contextmanager
from uuid import uuid4

import pytest
from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import AdminClient
from django.core.exceptions import ImproperlyConfigured
from django.db import connections
from django.utils import timezone

from apps.core.events import dead_letters, fleet, kafka_lag, kafka_reader, standing
from apps.core.events.consumer import Consumer
from apps.core.events.kafka_reader import KafkaReader, consumer_settings
from apps.core.events.retry import RetryPolicy
from apps.core.events.subscriptions import group_named
from apps.core.events.tests.processes import until
from apps.core.events.tests.test_transports import (  # noqa: F401
    REAL_KAFKA,
    Flow,
    echoes,
    mock_broker,
    transport,
    until_echoed,
)
from apps.core.events.tests.things import ECHO
from apps.core.history import SYSTEM

pytestmark = [
    pytest.mark.django_db(databases=["default", "business"], transaction=True),
    pytest.mark.parametrize("transport", ["kafka", REAL_KAFKA], indirect=True),
]


class Counting(Consumer):
    """Counts the events that it settled."""

    settled = 0

    def _count(self, outcome):
        super()._count(outcome)
        self.settled += 1


class Watched(KafkaReader):
    """Notes how its partitions come and go."""

    def __init__(self, *args):
        super().__init__(*args)
        self.came = self.went = self.lost = self.sent_back = 0

    def _go_back_to(self, client, unsettled):
        self.sent_back += len(unsettled)
        super()._go_back_to(client, unsettled)

    def _take_over(self, client, partitions):
        self.came += len(partitions)
        super()._take_over(client, partitions)

    def _hand_over(self, client, partitions):
        self.went += len(partitions)
        super()._hand_over(client, partitions)

    def _lose(self, client, partitions):
        self.lost += len(partitions)
        super()._lose(client, partitions)


class Reading:
    """One reader of the group, as a worker has it."""

    def __init__(self):
        self.halt, self.errors = threading.Event(), []
        self.consumer = Counting(group_named(ECHO), halt=self.halt, retry=RetryPolicy(2, 0, 0))
        self.reader = Watched(self.consumer.group, self.consumer, self.halt)
        self.thread = threading.Thread(target=self._run)
        self.thread.start()

    def _run(self):
        try:
            self.reader.run()
        except Exception as error:
            self.errors.append(error)
        finally:
            connections.close_all()

    def end(self):
        self.halt.set()
        self.thread.join(60)


@contextmanager
def reading():
    one = Reading()
    try:
        yield one
    finally:
        one.end()


def done(ids):
    return sum(len(echoes(thing_id)) for thing_id in ids)


class TestRebalance:
    def test_loses_doubles_and_disorders_nothing_while_readers_come_and_go(self, transport, happen):  # noqa: F811
        ids, rounds = [uuid4() for _ in range(8)], itertools.count()

        def more(rounds_at_once=1):
            """Something happens to every thing; returns how often it has by now."""
            last = 0
            for last in itertools.islice(rounds, rounds_at_once):
                for thing_id in ids:
                    happen(thing_id, last)
            return last + 1

        def moved():
            """Whether both read; whenever all is read and they do not yet, there is more to read."""
            nonlocal so_far
            if done(ids) >= len(ids) * so_far:
                so_far = more()
            return second.consumer.settled and first.reader.went

        with Flow(transport, consume=False), reading() as first:
            so_far = more(10)
            until(lambda: first.consumer.settled, what="a first reader")
            with reading() as second:
                until(moved, what="partitions that moved")
                first.end()
                so_far = more(10)
                until(lambda: done(ids) >= len(ids) * so_far, what="all effects")

        for thing_id in ids:
            assert echoes(thing_id) == list(range(so_far))
        assert (first.errors, second.errors) == ([], [])

    def test_a_busy_reader_keeps_its_partitions(self, transport, happen, thing_id, monkeypatch):  # noqa: F811
        """What is in hand takes longer than Kafka waits for somebody who says nothing."""
        monkeypatch.setattr(kafka_reader, "_STUCK_MS", 6000)
        monkeypatch.setenv("ECHO_TAKES_S", "0.4")
        happen(thing_id, *range(20))

        with Flow(transport, consume=False), reading() as one:
            until_echoed(thing_id, *range(20))
            happen(thing_id, 20)
            until_echoed(thing_id, *range(21))  # it has asked Kafka once more, which would have told it
            assert (one.reader.lost, one.reader.went, one.errors) == (0, 0, [])


class TestMembership:
    def test_of_a_lasting_name_is_taken_up_again_after_a_restart(
        self,
        request,
        transport,  # noqa: F811
        happen,
        thing_id,
    ):
        """And the others hear nothing of it: nothing of theirs comes or goes."""
        with Flow(transport, consume=False), reading() as other:
            happen(thing_id, 0)
            until_echoed(thing_id, 0)
            transport.KAFKA_INSTANCE_ID = "worker-1"
            with reading() as first:
                until(lambda: first.reader.came, what="a share of them")
            moved = other.reader.came, other.reader.went
            if "real-kafka" in request.node.name:  # the mock cluster describes no groups
                assert members(transport) == ["", "worker-1"], "it is waited for, and nobody's share is dealt anew"
            with reading() as again:
                until(lambda: again.reader.came, what="the same share")
                happen(thing_id, 1)
                until_echoed(thing_id, 0, 1)
                assert (other.reader.came, other.reader.went) == moved

    def test_of_one_name_is_the_newest_readers_and_ends_the_one_before(self, request, transport):  # noqa: F811
        if "real-kafka" not in request.node.name:
            pytest.skip("the mock cluster lets both in")
        transport.KAFKA_INSTANCE_ID = "worker-1"
        with Flow(transport, consume=False), reading() as first:
            until(lambda: first.reader.came, what="its partitions")
            with reading() as second:
                until(lambda: first.errors, what="being thrown out")
                until(lambda: second.reader.came, what="the same partitions")

        assert isinstance(first.errors[0], ImproperlyConfigured)

    def test_of_one_name_is_for_one_reader(self, transport):  # noqa: F811
        """As a broker says it; the mock cluster lets both in."""
        transport.KAFKA_INSTANCE_ID = "worker-1"
        thrown_out = KafkaException(KafkaError(KafkaError.FENCED_INSTANCE_ID))

        with pytest.raises(ImproperlyConfigured, match="worker-1"):
            kafka_reader._refuse_a_double(thrown_out)

    def test_is_cooperative(self, transport):  # noqa: F811
        assert consumer_settings(ECHO)["partition.assignment.strategy"] == "cooperative-sticky"
        assert "group.instance.id" not in consumer_settings(ECHO)


class TestPause:
    def test_holds_what_comes_and_goes_on_where_it_was(self, transport, happen, thing_id):  # noqa: F811
        group, now = group_named(ECHO), timezone.now()

        with Flow(transport, consume=False), reading() as one:
            happen(thing_id, 1)
            until_echoed(thing_id, 1)
            standing.pause(group, actor=SYSTEM, because="maintenance", now=now)
            until(lambda: one.consumer.state == "paused", what="the pause")
            happen(thing_id, 2, 3)
            until(lambda: lag() == 2, what="both events in Kafka")
            assert echoes(thing_id) == [1]
            assert one.reader.sent_back == 0, "what nobody wants yet stays with the broker"
            standing.resume(group, actor=SYSTEM, because="", now=now)
            until_echoed(thing_id, 1, 2, 3)
            assert (one.reader.lost, one.reader.went) == (0, 0)

    def test_of_a_group_that_suspended_itself_in_the_middle_of_a_batch(self, transport, happen, settings):  # noqa: F811
        settings.EVENTS_FLOOD_WINDOW = 4
        ids = [uuid4() for _ in range(8)]
        for thing_id in ids:
            happen(thing_id, 1, note="sick")
        healthy = uuid4()
        happen(healthy, 1)

        with Flow(transport, consume=False), reading() as one:
            until(lambda: one.consumer.state == "suspended", what="the suspension")
            # Four were handled, as many as it takes; the healthy one may be among them.
            assert dead_letters.open_letters("business").count() + len(echoes(healthy)) == 4
            settings.EVENTS_FLOOD_WINDOW = 50
            standing.resume(group_named(ECHO), actor=SYSTEM, because="", now=timezone.now())
            until(lambda: dead_letters.open_letters("business").count() >= 7, what="the others")


class TestLag:
    def test_is_what_lies_between_the_committed_places_and_the_ends(self, transport, happen, thing_id):  # noqa: F811
        with Flow(transport, consume=False):
            with reading():
                until(lambda: lag() == 0, what="the end of what other tests left")
            happen(thing_id, 1, 2, 3)
            until(lambda: lag() == 3, what="the events in Kafka")
            with reading():
                until_echoed(thing_id, 1, 2, 3)
                until(lambda: lag() == 0, what="the commit")

    def test_is_unknown_while_the_broker_is_away(self, transport):  # noqa: F811
        transport.KAFKA_BOOTSTRAP_SERVERS = ["127.0.0.1:1"]
        kafka_lag._client.cache_clear()

        (found,) = fleet.standings([group_named(ECHO)])

        assert (found.behind, [one.behind for one in found.lags]) == (None, [None])


def members(settings):
    """The lasting names of the group's members, as the brokers know them."""
    client = AdminClient({"bootstrap.servers": ",".join(settings.KAFKA_BOOTSTRAP_SERVERS)})
    described = client.describe_consumer_groups([ECHO])[ECHO].result()
    return sorted(member.group_instance_id or "" for member in described.members)


def lag():
    (found,) = fleet.standings([group_named(ECHO)])
    return found.behind


@pytest.fixture(autouse=True)
def _clients_of_this_broker():
    kafka_lag._client.cache_clear()
    yield
    kafka_lag._client.cache_clear()
