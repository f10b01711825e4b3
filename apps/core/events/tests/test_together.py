"""Events of one tenant that were fetched together share a transaction; every promise about one event holds in it."""

from __future__ import annotations

import threading
from uuid import uuid4

import pytest
from django.db import connections, transaction

from apps.core.events import UnitOfWork, dead_letters, handles, handles_many
from apps.core.events.consumer import Consumer
from apps.core.events.envelope import being_handled
from apps.core.events.in_hand import InHand
from apps.core.events.log import stream
from apps.core.events.models import GroupActivity
from apps.core.events.retry import RetryPolicy
from apps.core.events.subscriptions import _forget, group_named
from apps.core.events.tests import things
from apps.core.events.tests.things import ECHO, ThingEchoed, ThingHappened, echo_id
from apps.core.history import current_actor
from apps.core.tenancy import current_tenant_id, no_tenant, tenant

pytestmark = pytest.mark.django_db(databases=["default", "business"])

AT_ONCE = RetryPolicy(attempts=2, base_s=0, cap_s=0)
TRIAL = "business.trial"


class Watching(Consumer):
    """Notes the sizes of its transactions, and what had to be handled alone."""

    def __init__(self, name=ECHO, **options):
        super().__init__(group_named(name), retry=AT_ONCE, **options)
        self.together, self.alone = [], []

    def _attempt_together(self, envelopes):
        outcomes = super()._attempt_together(envelopes)
        self.together.append(len(outcomes))
        return outcomes

    def process(self, envelope):
        self.alone.append(envelope.payload["number"])
        return super().process(envelope)


@pytest.fixture(autouse=True)
def _no_hurry(settings):
    settings.EVENTS_TOGETHER_S = 60


@pytest.fixture
def trial():
    """`trial(handler, alone=…)`: a group of this test's own."""
    yield lambda handler, **options: handles(ThingHappened, group=TRIAL, **options)(handler)
    _forget(TRIAL)


def echoes(thing_id):
    return [envelope.payload["number"] for envelope in stream(echo_id(thing_id), using="business")]


def parked(thing_id):
    return [(letter.sequence, letter.failed) for letter in dead_letters.open_letters("business", key=thing_id)]


def entered(envelopes, group=ECHO):
    """How many of the events the group remembers to have handled."""
    with connections["business"].cursor() as cursor:
        ids = [envelope.event_id for envelope in envelopes]
        cursor.execute('select count(*) from events_inbox where "group" = %s and event_id = any(%s)', [group, ids])
        return cursor.fetchone()[0]


class TestATransaction:
    def test_holds_what_was_fetched_together_in_the_order_of_each_key(self, happen, published):
        ids = [uuid4() for _ in range(3)]
        for number in range(4):
            for thing_id in ids:
                happen(thing_id, number)
        consumer = Watching()

        assert consumer.take(published.envelopes()) == 12

        consumer.report()
        assert (consumer.together, consumer.alone) == ([12], [])
        assert GroupActivity.objects.using("business").get(group=ECHO).handled == 12
        assert [echoes(thing_id) for thing_id in ids] == [[0, 1, 2, 3]] * 3

    def test_is_as_large_as_the_settings_allow(self, happen, thing_id, published, settings):
        settings.EVENTS_TOGETHER = 4
        happen(thing_id, *range(9))
        consumer = Watching()

        assert consumer.take(published.envelopes()) == 9

        assert (consumer.together, consumer.alone) == ([4, 4], [8])
        assert echoes(thing_id) == list(range(9))

    def test_is_of_one_tenant(self, happen, published, other_tenant_id):
        ours, theirs = uuid4(), uuid4()
        for number in range(3):
            happen(ours, number)
            with tenant(other_tenant_id):
                happen(theirs, number)
        consumer = Watching()

        with no_tenant():
            assert consumer.take(published.envelopes()) == 6

        assert consumer.together == [3, 3]
        assert (echoes(ours), echoes(theirs)) == ([0, 1, 2], [])
        with tenant(other_tenant_id):
            assert echoes(theirs) == [0, 1, 2]

    def test_enters_each_effect_into_the_inbox_and_none_twice(self, happen, thing_id, published):
        happen(thing_id, *range(5))
        envelopes = published.envelopes()

        taken = [Watching().take([*envelopes, *envelopes[:2]]), Watching().take(envelopes)]

        assert taken == [7, 5]
        assert entered(envelopes) == 5
        assert echoes(thing_id) == list(range(5))

    def test_tells_the_trace_and_the_cause_of_each_effect(self, happen, thing_id, published):
        happen(thing_id, 1, 2)
        causes = published.envelopes()

        Watching().take(causes)

        effects = stream(echo_id(thing_id), using="business")
        assert [one.metadata.causation_id for one in effects] == [one.event_id for one in causes]
        assert [one.metadata.correlation_id for one in effects] == [one.metadata.correlation_id for one in causes]

    def test_begins_nothing_more_when_it_takes_long_and_forgets_what_it_did_not_begin(
        self, happen, thing_id, published, settings
    ):
        settings.EVENTS_TOGETHER_S = 0
        happen(thing_id, *range(4))
        consumer = Watching()

        assert consumer.take(published.envelopes()) == 4

        assert (consumer.together, consumer.alone) == ([1, 1, 1], [3])
        assert echoes(thing_id) == list(range(4))

    def test_is_finished_when_the_consumer_is_halted_in_it(self, happen, thing_id, published, trial):
        halt, seen = threading.Event(), []

        def note(event):
            seen.append(event.number)
            if event.number == 1:
                halt.set()

        trial(note)
        happen(thing_id, *range(4))

        assert Watching(TRIAL, halt=halt).take(published.envelopes()) == 2
        assert seen == [0, 1]
        assert entered(published.envelopes(), TRIAL) == 2

    def test_of_one_tenant_counts_only_up_to_what_is_left_of_another(
        self, happen, thing_id, published, trial, other_tenant_id
    ):
        halt = threading.Event()
        trial(lambda event: halt.set() if event.number == 1 else None)
        for number in range(2):
            happen(thing_id, number)
            with tenant(other_tenant_id):
                happen(uuid4(), 7)
        envelopes = published.envelopes()

        assert Watching(TRIAL, halt=halt).take(envelopes) == 1, "the first of the other tenant's must come again"
        assert entered(envelopes, TRIAL) == 2


class TestAFailure:
    def test_takes_no_neighbour_along(self, happen, thing_id, published):
        other = uuid4()
        happen(other, 1)
        happen(thing_id, 1)
        happen(thing_id, 2, note="sick")
        happen(thing_id, 3)
        happen(other, 2)
        envelopes = published.envelopes()

        assert Watching().take(envelopes) == 5

        assert (echoes(other), echoes(thing_id)) == ([1, 2], [1])
        assert parked(thing_id) == [(2, True), (3, False)]
        assert entered(envelopes) == 3

    def test_is_tried_as_often_as_ever_and_counted_so(self, happen, thing_id, published):
        happen(thing_id, 1)
        happen(uuid4(), 2, note="sick")

        Watching().take(published.envelopes())

        (letter,) = dead_letters.open_letters("business")
        assert letter.attempts == AT_ONCE.attempts

    def test_of_something_done_after_the_commit_keeps_no_other_from_it(self, happen, thing_id, published, trial):
        done = []

        def leave_something_to_do(event):
            def later():
                if event.number == 1:
                    raise ConnectionError
                done.append((event.number, current_tenant_id(), being_handled().event_id, current_actor().name))

            transaction.on_commit(later, using="business")

        trial(leave_something_to_do)
        happen(thing_id, *range(3))
        envelopes, connection = published.envelopes(), connections["business"]
        before = len(connection.run_on_commit)

        Watching(TRIAL).take(envelopes)
        for _, function, _ in connection.run_on_commit[before:]:
            function()

        owner = envelopes[0].metadata.tenant_id
        assert done == [(number, owner, envelopes[number].event_id, TRIAL) for number in (0, 2)]

    def test_before_leaves_later_events_of_the_key_parked_and_others_go_together(self, happen, thing_id, published):
        happen(thing_id, 1, note="sick")
        Watching().take(published.envelopes())
        other = uuid4()
        happen(thing_id, 2, 3)
        happen(other, 1, 2)
        consumer, later = Watching(), published.envelopes()[1:]

        with no_tenant():  # as a worker begins
            assert consumer.take(later) == 4

        assert (consumer.together, consumer.alone) == ([4], [2, 3])
        assert parked(thing_id) == [(1, True), (2, False), (3, False)]
        assert echoes(other) == [1, 2]

    def test_of_most_suspends_the_group(self, happen, published, settings):
        settings.EVENTS_FLOOD_WINDOW = 4
        for _ in range(6):
            happen(uuid4(), 1, note="sick")
        consumer = Watching()

        assert consumer.take(published.envelopes()) == 4
        assert consumer.state == "suspended"

    def test_is_not_yet_a_flood_among_many_that_were_handled_together(self, happen, thing_id, published, settings):
        settings.EVENTS_FLOOD_WINDOW = 4
        consumer, taken = Watching(), 0
        for thing, *numbers in ((uuid4(), 1), (uuid4(), 1), (thing_id, 1, 2), (uuid4(), 1), (uuid4(), 1)):
            happen(thing, *numbers, note="" if thing == thing_id else "sick")
            things = [one for one in published.envelopes() if one.event_type == "ThingHappened"]
            taken += consumer.take(things[taken:])

        assert taken == 6
        assert consumer.together[-1:] == [2]
        assert consumer.state == "running", "two of the last four were handled"


class TestAHandlerThatWantsToBeAlone:
    def test_is(self, happen, thing_id, published, trial):
        seen = []
        trial(lambda event: seen.append(event.number), alone=True)
        happen(thing_id, 1, 2, 3)
        consumer = Watching(TRIAL)

        assert consumer.take(published.envelopes()) == 3
        assert (seen, consumer.together, consumer.alone) == ([1, 2, 3], [], [1, 2, 3])


class TestManyAtOnce:
    @pytest.fixture
    def many(self, trial):
        """A group that notes in which way it handled what."""
        seen = []

        def one(event):
            seen.append(event.number)

        def at_once(envelopes):
            events = [envelope.event() for envelope in envelopes]
            for event in events:
                if event.note == "sick" and event.note not in things.healed:
                    raise things.Sick(event.note)
                UnitOfWork("business").publish(
                    ThingEchoed(echo_of_thing_id=echo_id(event.thing_id), number=event.number, cause=uuid4())
                )
            seen.append([event.number for event in events])
            assert (current_tenant_id(), current_actor().name) == (envelopes[0].metadata.tenant_id, TRIAL)

        trial(one)
        handles_many(at_once, group=TRIAL)
        return seen

    def test_are_handled_by_one_call_each_once(self, happen, thing_id, published, many):
        happen(thing_id, 1, 2, 3)
        envelopes = published.envelopes()

        assert Watching(TRIAL).take([*envelopes, envelopes[0]]) == 4
        assert Watching(TRIAL).take(envelopes) == 3

        assert many == [[1, 2, 3]]
        assert entered(envelopes, TRIAL) == 3

    def test_fall_apart_when_one_fails_and_leave_nothing(self, happen, thing_id, published, many):
        happen(thing_id, 1)
        happen(uuid4(), 2, note="sick")
        envelopes = published.envelopes()

        assert Watching(TRIAL).take(envelopes) == 2

        assert many == [1, 2]
        assert echoes(thing_id) == []

    def test_are_a_groups_one_way(self, many):
        with pytest.raises(ValueError, match="already"):
            handles_many(print, group=TRIAL)
        with pytest.raises(KeyError):
            handles_many(print, group="business.nobody")


class TestInHand:
    def test_what_was_given_up_meanwhile_is_left_to_others(self, happen, thing_id, published):
        happen(thing_id, 1, 2, 3)
        given_up = {2}
        in_hand = InHand(published.envelopes(), lambda place: place not in given_up)

        assert Watching().take_in_hand(in_hand) == 2
        assert [in_hand.is_settled(place) for place in range(3)] == [True, True, False]
        assert echoes(thing_id) == [1, 2]
