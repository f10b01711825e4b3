"""Groups that are paused, suspend themselves and are resumed; how far behind they are; workers that consume some."""

from __future__ import annotations

from io import StringIO
from uuid import uuid4

import pytest
from django.core.management import CommandError, call_command
from django.db import connections
from django.utils import timezone

from apps.core.events import fleet, standing
from apps.core.events.consumer import Consumer
from apps.core.events.log import stream
from apps.core.events.management.commands.worker import _arguments, _consumed
from apps.core.events.models import GroupChange
from apps.core.events.retry import RetryPolicy
from apps.core.events.subscriptions import _forget, group_named, handles, resolved
from apps.core.events.testing import consume_available, run_relay_once
from apps.core.events.tests import things
from apps.core.events.tests.processes import relay, until, worker
from apps.core.events.tests.things import ECHO, RELAYED, ThingHappened, echo_id
from apps.core.history import Actor
from apps.core.tenancy import no_tenant, tenant

ADA = Actor(kind="user", id=uuid4(), name="Ada King")
AT_ONCE = RetryPolicy(1, 0, 0)


@pytest.fixture
def echo():
    return group_named(ECHO)


def echoes(thing_id):
    return [envelope.payload["number"] for envelope in stream(echo_id(thing_id), using="business")]


def pause(group, because="maintenance"):
    return standing.pause(group, actor=ADA, because=because, now=timezone.now())


def resume(group, because="done"):
    return standing.resume(group, actor=ADA, because=because, now=timezone.now())


def flooded(group, envelopes, settings):
    settings.EVENTS_FLOOD_WINDOW = 4
    consumer = Consumer(group, retry=AT_ONCE)
    consumer.take(envelopes)
    return consumer


@pytest.mark.django_db(databases=["default", "business"])
class TestStanding:
    def test_changes_once_however_often_it_is_asked_for(self, echo):
        assert standing.state_of(echo) == "running"

        assert [pause(echo), pause(echo), resume(echo), resume(echo)] == [True, False, True, False]
        assert standing.state_of(echo) == "running"

    def test_remembers_who_why_and_when(self, echo):
        pause(echo)
        resume(echo)

        told = [(one.state, one.by_name, one.because) for one in standing.story(echo)]

        assert told == [("running", "Ada King", "done"), ("paused", "Ada King", "maintenance")]

    def test_is_each_groups_own(self, echo):
        pause(echo)

        assert standing.state_of(group_named(RELAYED)) == "running"

    def test_a_paused_group_does_not_suspend_itself(self, echo):
        pause(echo)

        assert not standing.suspend(echo, because="a flood", now=timezone.now())
        assert standing.state_of(echo) == "paused"

    def test_its_story_is_never_rewritten(self, echo):
        pause(echo)

        with pytest.raises(Exception, match="permission denied"):
            GroupChange.objects.using("business").update(because="something else")


@pytest.mark.django_db(databases=["default", "business"])
class TestConsumer:
    def test_of_a_paused_group_takes_nothing_until_it_is_resumed(self, echo, happen, thing_id, published):
        happen(thing_id, 1)
        pause(echo)

        assert Consumer(echo).take(published.envelopes()) == 0
        resume(echo)
        assert Consumer(echo).take(published.envelopes()) == 1
        assert echoes(thing_id) == [1]

    def test_notices_while_it_works(self, echo, happen, thing_id, published, settings):
        settings.EVENTS_TOGETHER = 1
        happen(thing_id, 1, 2)
        consumer = Consumer(echo)

        def breathe():
            if echoes(thing_id) == [1]:
                pause(echo)
                consumer._asked_at = 0  # a second has passed

        consumer.breathe = breathe
        assert consumer.take(published.envelopes()) == 1
        assert echoes(thing_id) == [1]

    def test_suspends_the_group_in_every_process_and_after_a_restart(self, echo, happen, published, settings):
        for _ in range(5):
            happen(uuid4(), 1, note="sick")

        flooded(echo, published.envelopes(), settings)

        change = standing.latest(echo)
        assert (change.state, change.by_name) == ("suspended", "system")
        assert "4 of its last 4 events" in change.because
        assert not Consumer(echo).ready()

    def test_begins_to_count_anew_when_it_is_resumed(self, echo, happen, published, settings):
        for _ in range(6):
            happen(uuid4(), 1, note="sick")
        happened = published.envelopes()
        consumer = flooded(echo, happened, settings)
        resume(echo)
        consumer._asked_at = 0

        assert consumer.take(happened[4:]) == 2  # two more failures are not yet a flood
        assert standing.state_of(echo) == "running"


@pytest.mark.django_db(databases=["default", "business"], transaction=True)
class TestLag:
    @pytest.fixture
    def told(self):
        def told(name=ECHO):
            with no_tenant():
                return fleet.standing_of(group_named(name))

        return told

    def test_counts_what_lies_behind_a_groups_place_and_since_when(self, happen, thing_id, told):
        happen(thing_id, 1, 2, 3)
        run_relay_once("business")

        behind = told()
        consume_available(ECHO)

        assert behind.behind == 3
        assert behind.lags[0].source == "business"
        assert behind.oldest_at == stream(thing_id, using="business")[0].timestamp
        assert (told().behind, told().oldest_at) == (0, None)

    def test_says_whether_anybody_reads_and_what_was_done(self, happen, thing_id, told):
        happen(thing_id, 1)
        happen(thing_id, 2, note="sick")
        happen(thing_id, 3)
        run_relay_once("business")

        assert told().state == "unread"
        consume_available(ECHO)
        reading = told()

        assert reading.state == "running"
        assert reading.open_letters == 2
        assert told(RELAYED).state == "unread"

    def test_counts_dead_letters_of_every_company_and_shows_none(self, happen, thing_id, told, other_tenant_id):
        happen(thing_id, 1, note="sick")
        with tenant(other_tenant_id):
            happen(uuid4(), 1, note="sick")
        run_relay_once("business")
        consume_available(ECHO)

        assert told().open_letters == 2
        with no_tenant(), connections["business"].cursor() as cursor:
            cursor.execute("select count(*) from events_dead_letter")
            assert cursor.fetchone() == (0,)

    def test_adds_up_what_readers_did(self, echo, happen, thing_id, published, told):
        happen(thing_id, 1)
        happen(thing_id, 2, note="sick")
        happen(thing_id, 3)
        consumer = Consumer(echo, retry=RetryPolicy(2, 0, 0))
        before = told()

        consumer.take(published.envelopes())
        consumer.report()

        now = told()
        assert now.handled - before.handled == 1
        assert now.failed - before.failed == 2
        assert now.parked - before.parked == 2

    def test_a_paused_group_stays_where_it_is(self, echo, happen, thing_id, told):
        happen(thing_id, 1)
        run_relay_once("business")
        pause(echo)

        assert consume_available(ECHO) == 0
        assert (told().state, told().behind) == ("paused", 1)
        resume(echo)
        assert consume_available(ECHO) == 1


@pytest.mark.django_db(databases=["default", "business"])
class TestCommand:
    def run(self, *arguments):
        output = StringIO()
        call_command("consumers", *arguments, stdout=output)
        return output.getvalue()

    def test_lists_pauses_and_resumes(self):
        assert self.run("pause", "echo", "--because", "maintenance") == "business.echo is paused\n"
        assert "was paused already" in self.run("pause", ECHO, "--because", "again")
        assert "business.echo  paused  0 behind  0 dead letters  maintenance" in self.run("list")
        assert "reads on" in self.run("resume", "echo")
        assert "was neither" in self.run("resume", "echo")

    def test_says_in_one_line_what_is_wrong(self):
        with pytest.raises(CommandError, match=r"^there is no consumer group 'ehco'; there are [^\n]*$"):
            self.run("pause", "ehco", "--because", "x")


class TestNames:
    @pytest.fixture
    def twin(self):
        handles(ThingHappened, group="iam.echo")(lambda event: None)
        yield
        _forget("iam.echo")

    def test_may_leave_the_service_out_where_that_is_enough(self):
        assert [group.name for group in resolved(["things", "business.echo", "echo"])] == [ECHO, RELAYED]

    def test_must_not_be_anybodys(self, twin):
        with pytest.raises(ValueError, match=r"may be any of business\.echo, iam\.echo"):
            resolved(["echo"])
        assert [group.name for group in resolved(["iam.echo"])] == ["iam.echo"]


class TestWorkerCommand:
    @pytest.mark.parametrize(
        ("arguments", "says"),
        [
            (("--consume", "ehco"), "there is no consumer group 'ehco'"),
            (("--queues", "dfault"), "there is no queue dfault; there are default"),
            (("--queues", ","), "there is no queue named"),
            (("--concurrency", "0"), "at least 1"),
        ],
    )
    def test_says_in_one_line_what_is_wrong(self, arguments, says):
        with pytest.raises(CommandError, match=says) as refused:
            call_command("worker", *arguments)

        assert "\n" not in str(refused.value)

    def test_hands_celery_what_it_was_told(self):
        told = _arguments(
            {"queues": "bulk, default", "concurrency": 3, "pool": "solo", "loglevel": "INFO", "hostname": "bulk@%h"}
        )

        assert "--queues bulk,default --loglevel INFO --pool solo --concurrency 3 --hostname bulk@%h" in " ".join(told)

    def test_consumes_what_it_was_told(self):
        assert _consumed(["echo"]) == [ECHO]
        assert _consumed(["none"]) == ["none"]
        assert _consumed(["all"]) == ["all"]


@pytest.mark.django_db(databases=["default", "business"], transaction=True)
class TestWorker:
    def test_halts_and_goes_on_while_it_runs(self, echo, happen, thing_id):
        """Told by somebody else, in another process."""
        with relay(), worker("--pool=solo"):
            happen(thing_id, 1)
            until(lambda: echoes(thing_id) == [1], what="the first effect")
            pause(echo)
            until(lambda: idle(echo), what="the pause")
            happen(thing_id, 2)
            resume(echo)
            until(lambda: echoes(thing_id) == [1, 2], what="the effect after the pause")


def idle(group):
    """Events that come now stay where they are: the reader has looked since the pause."""
    with no_tenant():
        seen_at = fleet.standing_of(group).seen_at
    return seen_at is not None and seen_at > standing.latest(group).at


@pytest.fixture(autouse=True)
def _healthy_handlers():
    yield
    things.healed.clear()
