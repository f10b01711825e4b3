from __future__ import annotations

import os
import re
import threading
from io import StringIO
from uuid import uuid4

import psycopg
import pytest
from django.core.management import CommandError, call_command
from django.db import connections
from django.utils import timezone

from apps.core.events import dead_letters, failures, repairs
from apps.core.events.consumer import Consumer, Halted, Outcome
from apps.core.events.errors import DeadLetterNotFound, DeadLetterSettled
from apps.core.events.log import stream
from apps.core.events.models import DeadLetter
from apps.core.events.retry import RetryPolicy, retry_delay_s
from apps.core.events.subscriptions import group_named, groups_here, handles
from apps.core.events.tests import things
from apps.core.events.tests.processes import until
from apps.core.events.tests.things import ECHO, RELAYED, ThingEchoed, ThingHappened, echo_id
from apps.core.history import SYSTEM
from apps.core.tenancy import tenant

AT_ONCE = RetryPolicy(attempts=3, base_s=0, cap_s=0)


@pytest.fixture
def consumer():
    return Consumer(group_named(ECHO), retry=AT_ONCE)


def echoes(thing_id):
    """The numbers of the effects on a thing, in their order."""
    return [envelope.payload["number"] for envelope in stream(echo_id(thing_id), using="business")]


def parked(thing_id):
    return [(letter.sequence, letter.failed) for letter in dead_letters.open_letters("business", key=thing_id)]


@pytest.mark.django_db(databases=["default", "business"])
class TestProcess:
    def test_gives_an_event_its_effect(self, consumer, happen, thing_id, published):
        happen(thing_id, 1, 2)

        outcomes = [consumer.process(envelope) for envelope in published.envelopes()]

        assert outcomes == [Outcome.HANDLED, Outcome.HANDLED]
        assert echoes(thing_id) == [1, 2]

    def test_gives_it_once_however_often_it_is_delivered(self, consumer, happen, thing_id, published):
        happen(thing_id, 1, 2)
        one, two = published.envelopes()

        outcomes = [consumer.process(envelope) for envelope in (one, one, two, one, two)]

        assert outcomes.count(Outcome.HANDLED) == 2
        assert outcomes.count(Outcome.DUPLICATE) == 3
        assert echoes(thing_id) == [1, 2]

    def test_passes_over_what_the_group_does_not_want(self, consumer, happen, thing_id, published, drain):
        happen(thing_id, 1)
        drain()

        echo = published.envelopes()[-1]
        assert echo.event_type == "ThingEchoed"
        assert consumer.process(echo) is Outcome.IGNORED

    def test_keeps_trace_cause_tenant_and_actor(self, consumer, happen, thing_id, in_tenant, published):
        happen(thing_id, 1)
        (cause,) = published.envelopes()

        consumer.process(cause)

        effect = published.envelopes()[1]
        assert effect.metadata.correlation_id == cause.metadata.correlation_id
        assert effect.metadata.causation_id == cause.event_id
        assert effect.metadata.tenant_id == in_tenant
        assert effect.metadata.user_id is None

    def test_tries_again_and_leaves_nothing_of_the_failed_attempt(self, consumer, happen, thing_id, published):
        happen(thing_id, 1, note="sick")
        (envelope,) = published.envelopes()

        assert consumer.process(envelope) is Outcome.PARKED

        assert len(things.calls) == AT_ONCE.attempts
        assert echoes(thing_id) == []
        (letter,) = dead_letters.open_letters("business")
        assert (letter.attempts, failures.words_of(letter)) == (3, "Sick: sick")
        assert re.fullmatch(r"Sick in things\.py:\d+", letter.reason)
        assert "in echo" in failures.traceback_of(letter)

    def test_parks_at_once_what_can_never_succeed(self, consumer, happen, thing_id, published):
        happen(thing_id, 1, note="invalid")
        (envelope,) = published.envelopes()

        assert consumer.process(envelope) is Outcome.PARKED
        assert len(things.calls) == 1

    def test_parks_a_version_that_the_group_does_not_know(self, consumer, happen, thing_id, published):
        from msgspec.structs import replace

        happen(thing_id, 1)
        (envelope,) = published.envelopes()

        assert consumer.process(replace(envelope, version=2)) is Outcome.PARKED
        assert consumer.process(replace(envelope, event_id=uuid4(), payload={"number": "x"})) is Outcome.WAITING

    def test_stops_when_most_events_fail(self, happen, published, settings):
        settings.EVENTS_FLOOD_WINDOW = 4
        consumer = Consumer(group_named(ECHO), retry=RetryPolicy(1, 0, 0))
        for _ in range(5):
            happen(uuid4(), 1, note="sick")

        taken = consumer.take(published.envelopes())

        assert taken == 4
        assert consumer.state == "suspended"
        assert DeadLetter.objects.using("business").count() == 4

    def test_ends_in_the_middle_of_a_backoff_when_halted(self, happen, thing_id, published):
        halt = threading.Event()
        halt.set()
        consumer = Consumer(group_named(ECHO), halt=halt, retry=RetryPolicy(3, 60, 60))
        happen(thing_id, 1, note="sick")

        with pytest.raises(Halted):
            consumer.process(published.envelopes()[0])
        assert parked(thing_id) == []


@pytest.mark.django_db(databases=["default", "business"])
class TestDeadLetters:
    @pytest.fixture
    def stuck(self, consumer, happen, thing_id, published):
        """The second of four events failed."""
        happen(thing_id, 1)
        happen(thing_id, 2, note="sick")
        happen(thing_id, 3, 4)
        for envelope in published.envelopes():
            consumer.process(envelope)
        return thing_id

    def test_later_events_of_the_key_wait_and_other_keys_flow(self, stuck, consumer, happen, published):
        other = uuid4()
        happen(other, 1)
        consumer.process(published.envelopes()[-1])

        assert echoes(stuck) == [1]
        assert parked(stuck) == [(2, True), (3, False), (4, False)]
        assert echoes(other) == [1]

    def test_a_retry_keeps_the_order_of_the_key_and_lets_it_flow_again(self, stuck, consumer, happen, published):
        things.healed.add("sick")

        retried = repairs.retry_key(group_named(ECHO), stuck, actor=SYSTEM)

        assert (retried.resolved, retried.stuck) == (3, None)
        assert echoes(stuck) == [1, 2, 3, 4]
        happen(stuck, 5)
        assert consumer.process(published.envelopes()[-1]) is Outcome.HANDLED
        assert echoes(stuck) == [1, 2, 3, 4, 5]

    def test_a_retry_that_fails_leaves_everything_parked(self, stuck):
        retried = repairs.retry_key(group_named(ECHO), stuck, actor=SYSTEM)

        assert retried.resolved == 0
        assert retried.stuck.attempts == 4
        assert parked(stuck) == [(2, True), (3, False), (4, False)]
        assert {letter.status for letter in dead_letters.open_letters("business")} == {DeadLetter.Status.PARKED}

    def test_a_redelivered_event_is_neither_handled_nor_parked_twice(self, stuck, consumer, published):
        outcomes = [consumer.process(e) for e in published.envelopes() if e.event_type == "ThingHappened"]

        assert outcomes[0] is Outcome.DUPLICATE
        assert parked(stuck) == [(2, True), (3, False), (4, False)]

    def test_a_discarded_event_stays_away_and_the_next_ones_follow(self, stuck, consumer, published):
        (failed, *_) = dead_letters.open_letters("business", key=stuck)

        repairs.discard(failed.id, using="business", actor=SYSTEM, because="a test", now=timezone.now())
        repairs.retry_key(group_named(ECHO), stuck, actor=SYSTEM)

        assert echoes(stuck) == [1, 3, 4]
        again = next(e for e in published.envelopes() if e.event_id == failed.event_id)
        assert consumer.process(again) is Outcome.DUPLICATE

    def test_settling_twice_is_refused(self, stuck):
        things.healed.add("sick")
        (failed, *_) = dead_letters.open_letters("business", key=stuck)
        repairs.retry_key(group_named(ECHO), stuck, actor=SYSTEM)

        with pytest.raises(DeadLetterNotFound):
            repairs.retry_key(group_named(ECHO), stuck, actor=SYSTEM)
        with pytest.raises(DeadLetterSettled):
            repairs.discard(failed.id, using="business", actor=SYSTEM, because="", now=timezone.now())

    def test_are_hidden_from_other_tenants(self, stuck, other_tenant_id):
        with tenant(other_tenant_id):
            assert not dead_letters.open_letters("business").exists()
            with pytest.raises(DeadLetterNotFound):
                repairs.retry_key(group_named(ECHO), stuck, actor=SYSTEM)


@pytest.mark.django_db(databases=["default", "business"], transaction=True)
class TestDeadLettersCommand:
    def run(self, *arguments):
        output = StringIO()
        call_command("dead_letters", *arguments, stdout=output)
        return output.getvalue()

    def test_lists_retries_and_discards_across_tenants(self, consumer, happen, thing_id, published, tenant_id):
        from apps.core.tenancy import no_tenant

        happen(thing_id, 1, note="sick")
        happen(thing_id, 2)
        for envelope in published.envelopes():
            consumer.process(envelope)

        with no_tenant():
            listed = self.run("list")
            assert "2 dead letters are open" in listed
            assert str(tenant_id) in listed
            assert "1 keys stuck again" in self.run("retry", ECHO)
            assert "is discarded" in self.run("discard", listed.split()[0], "--because", "a test")
            assert "1 handled" in self.run("retry", ECHO, str(thing_id))
            assert self.run("list") == "0 dead letters are open\n"
        assert echoes(thing_id) == [2]

    def test_says_what_is_wrong(self, db):
        with pytest.raises(CommandError, match="no group"):
            self.run("retry", "business.nobody")
        with pytest.raises(CommandError, match="nothing parked"):
            self.run("retry", ECHO)
        with pytest.raises(CommandError, match="no dead letter"):
            self.run("discard", str(uuid4()), "--because", "x")


@pytest.mark.django_db(databases=["default", "business"], transaction=True)
class TestOutage:
    def test_an_event_waits_for_its_database_and_is_not_parked(self, happen, thing_id, published):
        happen(thing_id, 1)
        (envelope,) = published.envelopes()
        consumer, outcomes = Counting(group_named(ECHO), retry=RetryPolicy(1, 0, 0)), []

        with database_away("business"):
            thread = threading.Thread(target=process_in_thread, args=(consumer, envelope, outcomes))
            thread.start()
            until(lambda: consumer.pauses > 3, what="a few attempts")
            assert outcomes == []
        thread.join(30)

        assert outcomes == [Outcome.HANDLED]
        assert echoes(thing_id) == [1]
        assert parked(thing_id) == []

    def test_two_consumers_with_the_same_event_have_one_effect(self, happen, thing_id, published):
        happen(thing_id, *range(20))
        outcomes: list[Outcome] = []

        threads = [threading.Thread(target=process_all, args=(published.envelopes(), outcomes)) for _ in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)

        assert outcomes.count(Outcome.HANDLED) == 20
        assert outcomes.count(Outcome.DUPLICATE) == 40
        assert echoes(thing_id) == list(range(20))


def process_all(envelopes, outcomes):
    consumer = Consumer(group_named(ECHO), retry=AT_ONCE)
    try:
        outcomes.extend([consumer.process(envelope) for envelope in envelopes])
    finally:
        connections.close_all()


def process_in_thread(consumer, envelope, outcomes):
    try:
        outcomes.append(consumer.process(envelope))
    finally:
        connections.close_all()


class database_away:
    """Nobody can connect to the database, and whoever was connected is not any more."""

    def __init__(self, alias):
        self.name = connections[alias].settings_dict["NAME"]
        self.alias = alias

    def __enter__(self):
        connections[self.alias].close()
        self.admin = psycopg.connect(os.environ["TEST_SUPERUSER_URL"], autocommit=True)
        self.admin.execute(f'alter database "{self.name}" connection limit 0')
        self.admin.execute("select pg_terminate_backend(pid) from pg_stat_activity where datname = %s", [self.name])
        return self

    def __exit__(self, *_):
        self.admin.execute(f'alter database "{self.name}" connection limit -1')
        self.admin.close()


class Counting(Consumer):
    """Counts how often it paused."""

    pauses = 0

    def _pause(self, seconds):
        self.pauses += 1
        super()._pause(min(seconds, 0.05))


class TestDelays:
    def test_are_drawn_below_a_bound_that_doubles(self):
        for attempt in range(8):
            drawn = [retry_delay_s(attempt, base_s=1, cap_s=20) for _ in range(200)]
            assert 0 <= min(drawn) <= max(drawn) <= min(20, 2**attempt)

    def test_count_from_zero(self):
        with pytest.raises(ValueError, match="from 0"):
            retry_delay_s(-1)


class TestGroups:
    def test_keep_their_effects_in_their_services_database(self):
        assert group_named(ECHO).using == "business"
        assert group_named(RELAYED).using == "default"
        assert group_named(RELAYED).sources == ["business"]

    def test_one_group_has_one_database(self):
        with pytest.raises(ValueError, match="echo keeps its effects in business"):
            handles(ThingEchoed, group=ECHO, using="default")(lambda event: None)

    def test_a_group_belongs_to_a_service_with_a_database(self):
        with pytest.raises(ValueError, match="no service"):
            handles(ThingHappened, group="gateway.x")

    def test_a_process_consumes_what_it_is_told(self, settings):
        settings.SERVICES = ["iam"]
        settings.EVENTS_CONSUME = ["all"]
        assert RELAYED in [group.name for group in groups_here()]
        assert ECHO not in [group.name for group in groups_here()]
        settings.EVENTS_CONSUME = ["none"]
        assert groups_here() == []
        settings.EVENTS_CONSUME = [ECHO]
        assert [group.name for group in groups_here()] == [ECHO]
        settings.EVENTS_CONSUME = ["business.ehco"]
        with pytest.raises(ValueError, match="ehco"):
            groups_here()
