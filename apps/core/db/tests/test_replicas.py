from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
import pytest
from django.db import InternalError, OperationalError, connections
from django.db.transaction import atomic

from apps.core.db import replay
from apps.core.db.replay import Position, monitor_of
from apps.core.db.replicas import choose, distrust, primary_only, reading

TABLE = "replica_probe"


@pytest.fixture
def probe(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """A table with one number in it, in both databases. Commits, and empties no other table."""
    with django_db_blocker.unblock(), _owned() as owners:
        for alias, owner in owners.items():
            application = connections[alias].settings_dict["USER"]
            owner.execute(f"create table {TABLE} (number int not null)")
            owner.execute(f"insert into {TABLE} values (0)")
            owner.execute(f'grant select, update on {TABLE} to "{application}"')
        yield
        for owner in owners.values():
            owner.execute(f"drop table {TABLE}")


@contextmanager
def _owned() -> Iterator[dict[str, psycopg.Connection[Any]]]:
    from django.conf import settings

    owners = {}
    for alias in settings.PRIMARY_ALIASES:
        values = {**connections[alias].settings_dict, **settings.DATABASE_OWNERS[alias]}
        owners[alias] = psycopg.connect(
            host=values["HOST"],
            port=values["PORT"],
            dbname=values["NAME"],
            user=values["USER"],
            password=values["PASSWORD"],
            autocommit=True,
        )
    try:
        yield owners
    finally:
        for owner in owners.values():
            owner.close()


def write(number: int, alias: str = "default") -> None:
    with connections[alias].cursor() as cursor:
        cursor.execute(f"update {TABLE} set number = %s", [number])


def read(alias: str = "default") -> int:
    with connections[choose(alias)].cursor() as cursor:
        cursor.execute(f"select number from {TABLE}")
        return int(cursor.fetchone()[0])


class TestReading:
    def test_goes_to_the_replica_when_it_is_caught_up(self, probe: None, replica: Any) -> None:
        replica.catch_up()

        with reading() as current:
            assert choose("default") == "default_replica_1"
            assert choose("business") == "business_replica_1"
            assert read() == 0
        assert current.used == {"default_replica_1", "business_replica_1"}

    def test_outside_of_reading_is_of_the_primary(self, probe: None, replica: Any) -> None:
        replica.catch_up()

        assert choose("default") == "default"

    def test_is_never_stale_with_the_token_while_replay_is_paused(self, probe: None, replica: Any) -> None:
        replica.catch_up()
        replica.server.pause_replay()
        with reading() as writer:
            write(1)
            token = dict(writer.positions_written())

        for _ in range(50):
            with reading(token):
                assert read() == 1

    def test_may_be_stale_without_it(self, probe: None, replica: Any) -> None:
        """Without this the test above would prove nothing: the replica really lags, and really is asked."""
        replica.catch_up()
        replica.server.pause_replay()
        write(1)

        with reading():
            assert read() == 0

    def test_returns_to_the_replica_once_it_has_caught_up(self, probe: None, replica: Any) -> None:
        replica.catch_up()
        replica.server.pause_replay()
        with reading() as writer:
            write(1)
            token = dict(writer.positions_written())
        with reading(token):
            assert choose("default") == "default"

        replica.server.resume_replay()
        replica.catch_up()
        with reading(token):
            assert choose("default") == "default_replica_1"
            assert read() == 1

    def test_sees_every_one_of_many_writes(self, probe: None, replica: Any) -> None:
        replica.catch_up()
        token: dict[str, Position] = {}
        from_replica = 0
        for number in range(1, 200):
            with reading(token) as writer:
                write(number)
                token = dict(writer.positions_written())
            if number % 20 == 0:
                replica.catch_up()
            with reading(token) as reader:
                assert read() == number
                from_replica += len(reader.used)
        assert from_replica >= 9

    def test_of_one_database_follows_writes_to_the_other(self, probe: None, replica: Any) -> None:
        """One server, one log: the token of a write to `business` holds back reads of `default` too, never less."""
        replica.catch_up()
        replica.server.pause_replay()
        with reading() as writer:
            write(1, "business")
            assert choose("default") == "default_replica_1"
            token = dict(writer.positions_written())

        with reading(token):
            assert read("business") == 1


class TestPrimary:
    def test_answers_after_a_write_in_the_same_request(self, probe: None, replica: Any) -> None:
        replica.catch_up()
        with reading():
            assert choose("default") == "default_replica_1"
            write(1)
            assert choose("default") == "default"
            assert choose("business") == "business_replica_1"
            assert read() == 1

    def test_answers_inside_a_transaction(self, probe: None, replica: Any) -> None:
        replica.catch_up()
        with reading(), atomic(using="default"):
            assert choose("default") == "default"

    def test_answers_when_asked_to(self, probe: None, replica: Any) -> None:
        replica.catch_up()
        with reading() as current:
            with primary_only():
                assert choose("default") == "default"
                write(1)
            assert current.written == {"default"}
        with reading(replicas=False) as current:
            assert choose("default") == "default"
            write(2)
            assert current.written == {"default"}

    def test_answers_where_no_replica_is_configured(self, probe: None) -> None:
        with reading() as current:
            assert choose("default") == "default"
            write(1)
            assert current.positions_written() == {}

    def test_answers_when_the_replica_is_dead(self, probe: None, replica: Any) -> None:
        replica.catch_up()
        replica.crash()
        replica.awaited(lambda: monitor_of("default_replica_1").position is None)

        with reading():
            assert choose("default") == "default"
            assert read() == 0

    def test_answers_until_a_restarted_replica_is_heard_of(self, probe: None, replica: Any) -> None:
        replica.catch_up()
        replica.crash()
        distrust("default_replica_1")
        with reading():
            assert read() == 0

        replica.server.start()
        replica.catch_up()
        connections["default_replica_1"].close()
        with reading() as current:
            assert read() == 0
        assert current.used == {"default_replica_1"}

    def test_answers_when_the_replica_was_promoted(self, probe: None, replica: Any, settings: Any) -> None:
        """A promoted replica is another primary: what it shows is no longer what ours holds. (Here: ours itself.)"""
        asked = []
        connections.settings["default_replica_1"]["PORT"] = connections.settings["default"]["PORT"]
        try:
            monitor = monitor_of("default_replica_1")
            replica.awaited(lambda: asked.append(monitor.position) or len(asked) > 100)  # type: ignore[func-returns-value]
            assert set(asked) == {None}
            with reading():
                assert choose("default") == "default"
        finally:
            connections.settings["default_replica_1"]["PORT"] = replica.server.port

    def test_a_replica_refuses_writes(self, probe: None, replica: Any) -> None:
        replica.catch_up()
        with pytest.raises(InternalError, match="read-only"):
            write(1, "default_replica_1")


class TestPosition:
    def test_covers_what_lies_before_it_on_its_timeline(self) -> None:
        assert Position(1, 100).covers(Position(1, 100))
        assert not Position(1, 99).covers(Position(1, 100))

    def test_on_a_new_timeline_must_still_reach_the_place(self) -> None:
        """A replica may know of timeline 2 while it is still replaying timeline 1."""
        assert not Position(2, 50).covers(Position(1, 100))
        assert Position(2, 150).covers(Position(1, 100))

    def test_on_an_old_timeline_never_covers_a_newer_one(self) -> None:
        assert not Position(1, 500).covers(Position(2, 100))


class TestMonitor:
    def test_counts_silence_as_death(self, probe: None, replica: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        replica.catch_up()
        monitor = monitor_of("default_replica_1")
        assert monitor.position is not None

        monkeypatch.setattr(replay, "STALE_AFTER_S", -1.0)
        assert monitor.position is None
        assert not monitor.has_replayed({})

    def test_of_a_server_that_cannot_be_reached_never_raises(self, probe: None, replica: Any) -> None:
        connections.settings["default_replica_1"]["PORT"] = 1  # nobody listens there
        monitor = replay.ReplayMonitor("default_replica_1")
        try:
            assert not monitor.has_replayed({})
        finally:
            connections.settings["default_replica_1"]["PORT"] = replica.server.port
            monitor.stop()
        assert not monitor._thread.is_alive()


def test_statements_that_only_read_are_no_writes(probe: None, replica: Any) -> None:
    with reading() as current, connections["default"].cursor() as cursor:
        cursor.execute(f"select number from {TABLE}")
        cursor.execute(f"(select 1) union (select number from {TABLE})")
        assert current.written == set()
        cursor.execute(f"with changed as (update {TABLE} set number = 5 returning 1) select * from changed")
        assert current.written == {"default"}


def test_a_dead_replica_raises_what_the_api_knows_as_away(probe: None, replica: Any) -> None:
    replica.catch_up()
    with reading():
        read()
        replica.crash()
        with pytest.raises(OperationalError), connections["default_replica_1"].cursor() as cursor:
            cursor.execute("select 1")
    connections["default_replica_1"].close()
