from __future__ import annotations

from contextlib import contextmanager
from uuid import uuid4

import pytest
from django.db import connections
from django.db.transaction import atomic

from apps.core.errors import Overtaken
from apps.core.events import UnitOfWork
from apps.core.events.log import stream, stream_version, streams
from apps.core.events.tests.things import ThingHappened, ThingRemembered
from apps.core.history import Actor, acting

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("in_tenant")]
ADA = Actor(kind="user", id=uuid4(), name="Ada")


@contextmanager
def unit_of_work():
    with acting(ADA), atomic(using="business"):
        yield UnitOfWork("business")


def publish(*lived):
    """Each of the lives is (id of a thing, how much happened to it)."""
    with unit_of_work() as work:
        work.publish_all([[ThingHappened(thing_id=one, number=n) for n in range(count)] for one, count in lived])


def numbers(envelopes):
    return [(envelope.metadata.sequence, envelope.event().number) for envelope in envelopes]


class TestPublishAll:
    def test_begins_each_stream_with_all_that_happened_in_order(self, published):
        first, second = uuid4(), uuid4()

        publish((first, 3), (second, 1))

        assert numbers(stream(first, using="business")) == [(1, 0), (2, 1), (3, 2)]
        assert numbers(stream(second, using="business")) == [(1, 0)]
        assert [event.thing_id for event in published] == [first, first, first, second]

    def test_queues_the_events_in_their_order(self):
        publish((uuid4(), 2), (uuid4(), 2))

        with connections["business"].cursor() as cursor:
            cursor.execute("select count(*) from events_event")
            assert cursor.fetchone() == (4,)

    def test_is_one_statement_however_many(self, django_assert_num_queries):
        with unit_of_work() as work, django_assert_num_queries(1, using="business"):
            work.publish_all([[ThingHappened(thing_id=uuid4(), number=1)] * 2 for _ in range(20)])

    def test_goes_on_where_a_stream_ends(self):
        thing = uuid4()
        publish((thing, 2))

        with unit_of_work() as work:
            assert work.publish(ThingHappened(thing_id=thing, number=7), expected=2) == 3

    def test_refuses_all_of_it_where_one_stream_had_begun(self):
        known, new = uuid4(), uuid4()
        publish((known, 1))

        with pytest.raises(Overtaken) as overtaken:
            publish((new, 1), (known, 1))

        assert (overtaken.value.extra["version"], stream_version(new, using="business")) == (1, 0)

    def test_remembers_who_did_it(self):
        thing = uuid4()
        with unit_of_work() as work:
            work.publish_all([[ThingRemembered(thing_id=thing)]])

        (envelope,) = stream(thing, using="business")
        assert envelope.metadata.user_id == ADA.id

    def test_of_nothing_does_nothing(self):
        publish()


class TestStreams:
    def test_are_those_of_many_at_once(self):
        first, second = uuid4(), uuid4()
        publish((first, 2), (second, 1))

        found = streams([first, second, uuid4()], using="business")

        assert {thing: numbers(envelopes) for thing, envelopes in found.items()} == {
            first: [(1, 0), (2, 1)],
            second: [(1, 0)],
        }
