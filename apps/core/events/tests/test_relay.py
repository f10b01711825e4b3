from __future__ import annotations

import random
import threading
import time
from collections import defaultdict
from contextlib import ExitStack
from contextvars import copy_context
from uuid import uuid4

import psycopg
import pytest
from django.core.exceptions import ImproperlyConfigured
from django.core.management import CommandError, call_command
from django.db import connections, transaction

from apps.core.db.ids import uuid7
from apps.core.events import UnitOfWork, follower
from apps.core.events.database import connect, own
from apps.core.events.follower import Follower
from apps.core.events.relay import LowWater, Relay
from apps.core.events.testing import run_relay_once
from apps.core.events.tests.processes import relay, terminated, until
from apps.core.events.tests.things import ThingHappened
from apps.core.tenancy import tenant

pytestmark = pytest.mark.django_db(databases=["default", "business"], transaction=True)

WRITERS = 8


class Reading:
    """A reader of the business log, in a thread, from before the first event on."""

    def __init__(self):
        self.read = []
        self.halt = threading.Event()
        self.thread = threading.Thread(target=Follower("business", "test.reader", self.take, self.halt).run)

    def take(self, entries):
        self.read.extend((entry.envelope.aggregate_id, entry.envelope.metadata.sequence) for entry in entries)
        return len(entries)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.halt.set()
        self.thread.join(30)


class TestAReadersPlace:
    def test_is_written_down_at_once_behind_what_it_wants_and_is_where_somebody_put_it(
        self, happen, thing_id, monkeypatch
    ):
        monkeypatch.setattr(follower, "_STORE_EVERY_S", 3600)
        name, seen, places = f"test.{thing_id}", [], []

        def take(entries):
            seen.extend(entry.envelope.metadata.sequence for entry in entries)
            return len(entries)

        def is_even(entry):
            return entry.envelope.metadata.sequence % 2 == 0

        with connect("business", "test") as connection:
            ask, group = connection.execute, 'where "group" = \'' + name + "'"
            ask(follower._STORE, [name, ask("select coalesce(max(position), 0) from events_position").fetchone()[0]])
            reader = Follower("business", name, take, threading.Event(), wants=is_even)
            reader._stored_at = time.monotonic()
            for number in (1, 2, 3, 4):
                places += ask(f"select position from events_consumer_offset {group}").fetchone()
                happen(thing_id, number)
                run_relay_once("business")
                reader._take_available(connection)
            ask(f"update events_consumer_offset set position = {places[0]} {group}")
            reader._take_available(connection)
            reader._take_available(connection)

        assert seen == [1, 2, 3, 4] * 2
        assert places[0] == places[1] < places[2] == places[3]

    def test_is_stored_behind_what_was_taken_and_never_before(self, happen, thing_id):
        happen(thing_id, 1, 2, 3)
        run_relay_once("business")
        stored, name = [], f"test.{thing_id}"

        def place(connection):
            row = connection.execute('select position from events_consumer_offset where "group" = %s', [name])
            return (row.fetchone() or [0])[0]

        with connect("business", "test") as other, connect("business", "test") as connection:

            def take(entries):
                stored.append(place(other))
                ours = [entry for entry in entries if entry.envelope and entry.envelope.aggregate_id == thing_id]
                return entries.index(ours[2])

            reader = Follower("business", name, take, threading.Event())
            taken = reader.read_available(connection)

            assert stored == [0]
            (third,) = [entry for entry in reader._read(connection) if entry.envelope.aggregate_id == thing_id]
        assert taken >= 2
        assert third.envelope.metadata.sequence == 3


class Writing(threading.Thread):
    """Publishes to shared things, in transactions of several events, many of which are rolled back."""

    def __init__(self, tenant_id, things, rounds, seed):
        super().__init__()
        self.tenant_id, self.things, self.rounds, self.random = tenant_id, things, rounds, random.Random(seed)
        self.committed = 0

    def run(self):
        try:
            with tenant(self.tenant_id):
                for number in range(self.rounds):
                    self.committed += self.write(number)
        finally:
            connections.close_all()

    def write(self, number):
        # Sorted, so that two writers never wait for each other's aggregates.
        chosen = sorted(self.random.sample(self.things, self.random.randint(1, 3)))
        with transaction.atomic(using="business"):
            if self.random.random() < 0.5:
                connections["business"].cursor().execute("select pg_current_xact_id()")  # draws its xid early
            for thing_id in chosen:
                UnitOfWork("business").publish(ThingHappened(thing_id=thing_id, number=number))
            connections["business"].cursor().execute("select pg_sleep(%s)", [self.random.uniform(0, 0.003)])
            if self.random.random() < 0.25:
                transaction.set_rollback(True, using="business")
                return 0
        return len(chosen)


def open_write(stack, alias):
    """A transaction that has written and does not end: it would stop readers that go by snapshots."""
    connection = stack.enter_context(psycopg.connect(dsn(alias)))
    connection.execute("select set_config('app.tenant_id', %s, true)", [str(uuid4())])
    connection.execute("insert into events_inbox values ('test.open', %s, now())", [uuid4()])
    return connection


def dsn(alias):
    values = connections[alias].settings_dict
    return psycopg.conninfo.make_conninfo(
        dbname=values["NAME"],
        user=values["USER"],
        password=values["PASSWORD"],
        host=values["HOST"],
        port=values["PORT"],
    )


def assert_each_once_in_order(read, expected):
    sequences = defaultdict(list)
    for aggregate_id, sequence in read:
        sequences[aggregate_id].append(sequence)
    for numbers in sequences.values():
        assert numbers == list(range(1, len(numbers) + 1))
    assert len(read) == expected


class TestOrder:
    def test_readers_miss_nothing_and_keep_the_order_of_each_aggregate(self, tenant_id):
        things, halt = [uuid7() for _ in range(6)], threading.Event()
        relaying = threading.Thread(target=Relay("business", halt).run)
        writers = [Writing(tenant_id, things, 40, seed) for seed in range(WRITERS)]

        with Reading() as reading, ExitStack() as stack:
            for alias in ("default", "business"):
                open_write(stack, alias)
            for thread in (relaying, *writers):
                thread.start()
            for writer in writers:
                writer.join(120)
            committed = sum(writer.committed for writer in writers)
            until(lambda: len(reading.read) >= committed, what=f"the last of {committed} events")
            halt.set()
            relaying.join(30)

        assert committed > 200
        assert_each_once_in_order(reading.read, committed)

    def test_nothing_has_a_place_before_its_commit(self, happen, thing_id):
        with transaction.atomic(using="business"):
            happen(thing_id, 1)
            assert run_relay_once("business") == 0

        assert run_relay_once("business") == 1
        assert run_relay_once("business") == 0


class Impatient(threading.Event):
    """Gives up at the third pause."""

    pauses = 0

    def wait(self, timeout=None):
        self.pauses += 1
        if self.pauses == 3:
            self.set()
        return self.is_set()


class TestOwnership:
    def test_one_session_owns_a_name_and_the_next_one_when_it_is_gone(self):
        with connect("business", "test") as second:
            with connect("business", "test") as first:
                assert own(first, "relay", threading.Event())
                assert own(second, "another name", threading.Event())
                assert not own(second, "relay", Impatient())
            assert own(second, "relay", threading.Event())


class TestLowWater:
    def drawn(self, relay_connection):
        return relay_connection.execute(
            "select coalesce(min(id), 0), coalesce(max(id), 0) from events_pending"
        ).fetchone()

    def test_stays_below_a_transaction_that_is_still_open(self, happen, thing_id, in_tenant):
        mark, relay_ = LowWater(), Relay("business", threading.Event())
        relay_._low_water = mark
        committed = threading.Thread(target=copy_context().run, args=(in_a_thread, happen, thing_id))

        with connect("business", "test") as connection:
            with transaction.atomic(using="business"):
                happen(uuid7(), 1)  # draws the smaller id and commits last
                committed.start()
                committed.join(30)
                assert relay_.move(connection) == 1
                for _ in range(3):
                    mark.advance(connection, every_s=0)
                late_is_at = mark.value
            assert relay_.move(connection) == 1
            until(lambda: risen(mark, connection), what="the mark's rise, once every transaction of before is over")

            assert late_is_at == 0

    def test_stays_below_an_open_transaction_that_is_the_newest_of_all(self, happen, thing_id, in_tenant):
        """A snapshot's xmax lies at or below such a one: it follows the last transaction that ended."""
        mark, relay_ = LowWater(), Relay("business", threading.Event())
        relay_._low_water = mark

        with connect("business", "test") as connection:
            with transaction.atomic(using="business"):
                happen(uuid7(), 1, 2)
                for _ in range(4):
                    mark.advance(connection, every_s=0)
                relay_.move(connection)

            assert relay_.move(connection) == 2

    def test_does_not_pass_what_is_committed_and_not_yet_placed(self, happen, thing_id):
        mark = LowWater()
        happen(thing_id, 1, 2)

        with connect("business", "test") as connection:
            for _ in range(3):
                mark.advance(connection, every_s=0)
            lowest, _ = self.drawn(connection)

        assert mark.value <= lowest


def risen(mark, connection):
    """Transactions of other databases on this server hold the mark back too; each of them ends."""
    mark.advance(connection, every_s=0)
    return mark.value > 0


def in_a_thread(happen, thing_id):
    try:
        happen(thing_id, 1)
    finally:
        connections.close_all()


class TestProcess:
    """`manage.py relay` as it is run."""

    def relays_connected(self, connection):
        return connection.execute(
            "select count(*) from pg_stat_activity where application_name = 'relay' and datname = current_database()"
        ).fetchone()[0]

    def test_a_standby_takes_over_when_the_active_one_is_killed(self, tenant_id):
        things = [uuid7() for _ in range(4)]
        writers = [Writing(tenant_id, things, 150, seed) for seed in range(2)]

        with connect("business", "test") as connection, Reading() as reading, relay() as active:
            writers[0].start()
            until(lambda: reading.read, what="a first event")
            with relay() as standby:
                until(lambda: self.relays_connected(connection) == 2, what="the standby")
                writers[1].start()
                seen = len(reading.read)
                until(lambda: len(reading.read) > seen + 10, what="events in the middle")
                active.kill()
                for writer in writers:
                    writer.join(120)
                committed = sum(writer.committed for writer in writers)
                until(lambda: len(reading.read) >= committed, what=f"the last of {committed} events")
                assert terminated(standby) == 0

        assert_each_once_in_order(reading.read, committed)

    def test_goes_on_after_the_server_dropped_it_and_ends_when_asked(self, happen, thing_id):
        with relay() as process, connect("business", "test") as connection, Reading() as reading:
            happen(thing_id, 1)
            until(lambda: len(reading.read) == 1, what="the first event")
            connection.execute(
                "select pg_terminate_backend(pid) from pg_stat_activity "
                "where usename = current_user and datname = current_database() and pid <> pg_backend_pid()"
            )
            happen(thing_id, 2)
            until(lambda: len(reading.read) == 2, what="the event after the loss of the connection")
            assert terminated(process) == 0

    def test_says_which_settings_it_misses(self, settings):
        settings.DATABASE_RELAY_URLS = {}
        with pytest.raises(CommandError, match="DATABASE_RELAY_URL"):
            call_command("relay")
        with pytest.raises(ImproperlyConfigured, match="BUSINESS_DATABASE_RELAY_URL"):
            connect("business", "test")
