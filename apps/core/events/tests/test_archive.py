"""Old months leave the database, nothing is lost on the way, and everything can still be read, by its tenant alone."""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, date, datetime
from io import StringIO
from pathlib import Path
from uuid import UUID

import msgspec
import pytest
from django.core.files.storage import storages
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connections
from django.test import override_settings

from apps.core.db.ids import uuid7
from apps.core.events import Fold, archive, archiving, log
from apps.core.events.archiving import Progress, archive_months
from apps.core.events.database import connect
from apps.core.events.errors import ArchiveUnreadable, StillNeeded
from apps.core.events.models import ArchivedMonth
from apps.core.events.snapshots import state_of, state_to_change
from apps.core.events.span import Span, mark_of
from apps.core.events.tasks import archive_log
from apps.core.events.testing import run_relay_once
from apps.core.events.tests.long_ago import FEBRUARY, JANUARY, MARCH, old_months, read_to_the_end
from apps.core.tenancy import tenant

pytestmark = pytest.mark.django_db(databases=["default", "business"], transaction=True)

ALIAS = "business"


class Numbers(msgspec.Struct, frozen=True):
    numbers: tuple[int, ...]


NUMBERED = Fold("Thing", Numbers, lambda state, event: Numbers((*(state.numbers if state else ()), event.number)))


@pytest.fixture(autouse=True)
def _archive(archive_dir):
    """Each test has its own."""


@pytest.fixture(autouse=True)
def _old_months():
    with old_months(ALIAS):
        yield


def happened(tenant_id: UUID, thing_id: UUID, *moments: datetime) -> None:
    """Things that happened then, in the order of their sequence."""
    with tenant(tenant_id), connections[ALIAS].cursor() as cursor:
        cursor.execute(
            "insert into events_stream (tenant_id, aggregate_id, version) values (%s, %s, %s)",
            [tenant_id, thing_id, len(moments)],
        )
        for sequence, at in enumerate(moments, start=1):
            payload = {"thingId": str(thing_id), "number": sequence, "note": 'a "quoted",\nbroken\\N line'}
            cursor.execute(
                "with e as (insert into events_event (id, recorded_at, tenant_id, aggregate_type, aggregate_id, "
                "sequence, type, version, topic, payload, causation_id, correlation_id, traceparent) values "
                "(%s, %s, %s, 'Thing', %s, %s, 'ThingHappened', 1, 'business.things', %s::jsonb, %s, 'c', '') "
                "returning id, recorded_at) insert into events_pending (event_id, recorded_at) select * from e",
                [uuid7(), at, tenant_id, thing_id, sequence, json.dumps(payload), uuid7()],
            )


def at(month: int, day: int = 5) -> datetime:
    return datetime(2020, month, day, 12, tzinfo=UTC)


def everybody_reads() -> None:
    run_relay_once(ALIAS)
    read_to_the_end(ALIAS)


def numbers(thing_id: UUID, tenant_id: UUID, *, after: int = 0) -> list[int]:
    with tenant(tenant_id):
        return [envelope.event().number for envelope in log.stream(thing_id, using=ALIAS, after=after)]


def partitions() -> list[date]:
    with connect(ALIAS, "test") as connection:
        return archiving._months(connection, before=MARCH)


@pytest.fixture
def thing(tenant_id, thing_id) -> UUID:
    """Something that happened in January, in February and today."""
    happened(tenant_id, thing_id, at(1, 5), at(1, 6), at(2), datetime.now(UTC))
    everybody_reads()
    return thing_id


class TestArchiving:
    def test_moves_what_is_old_and_streams_read_on(self, thing, tenant_id):
        before = self.whole(thing, tenant_id)

        assert archive_months(ALIAS, before=MARCH) == [JANUARY, FEBRUARY]

        assert partitions() == []
        assert self.whole(thing, tenant_id) == before
        assert numbers(thing, tenant_id) == [1, 2, 3, 4]
        assert numbers(thing, tenant_id, after=1) == [2, 3, 4]
        assert numbers(thing, tenant_id, after=3) == [4]

    def test_of_what_a_snapshot_holds_is_not_missed_by_a_state(self, thing, tenant_id, settings, archive_dir):
        settings.EVENTS_SNAPSHOT_EVERY = 3
        with tenant(tenant_id):
            before = state_to_change(NUMBERED, thing, using=ALIAS)
        archive_months(ALIAS, before=MARCH)
        for file in archive_dir.rglob("*.parquet"):
            file.unlink()

        with tenant(tenant_id):
            assert state_of(NUMBERED, thing, using=ALIAS) == before
            with pytest.raises(ArchiveUnreadable):
                state_of(NUMBERED, thing, using=ALIAS, at=at(1, 6))

    def test_is_read_for_a_state_of_then(self, thing, tenant_id):
        archive_months(ALIAS, before=MARCH)

        with tenant(tenant_id):
            known = [state_of(NUMBERED, thing, using=ALIAS, at=moment) for moment in (at(1, 6), at(2), None)]
        assert [one.state.numbers for one in known] == [(1, 2), (1, 2, 3), (1, 2, 3, 4)]

    def test_reads_a_stream_that_has_gone_altogether(self, tenant_id, thing_id):
        happened(tenant_id, thing_id, at(1))
        everybody_reads()

        archive_months(ALIAS, before=FEBRUARY)

        assert numbers(thing_id, tenant_id) == [1]
        assert numbers(thing_id, tenant_id, after=1) == []
        assert numbers(uuid7(), tenant_id) == []

    def test_records_what_it_wrote(self, thing, tenant_id):
        archive_months(ALIAS, before=FEBRUARY)

        with tenant(tenant_id):
            record = ArchivedMonth.objects.using(ALIAS).get()
        assert (record.month, record.rows) == (JANUARY, 2)
        assert record.sha256 == archive.sha256_of(record.file)

    def test_takes_no_month_that_is_not_over(self, thing, tenant_id):
        assert archive_months(ALIAS, before=date(2999, 1, 1)) == [JANUARY, FEBRUARY]
        assert numbers(thing, tenant_id) == [1, 2, 3, 4]

    def test_prunes_positions_of_what_has_gone_alone(self, thing):
        archive_months(ALIAS, before=FEBRUARY)

        with connect(ALIAS, "test") as connection:
            left = connection.execute("select recorded_at from events_position order by position").fetchall()
        assert [one.month for (one,) in left[:1]] == [2]
        assert len(left) == 2

    def test_waits_for_a_consumer_that_is_behind(self, thing, tenant_id):
        with connect(ALIAS, "test") as connection:
            connection.execute("update events_consumer_offset set position = 0 where \"group\" = 'business.echo'")

        with pytest.raises(StillNeeded, match=r"2020-01 of business was not read to its end by business\.echo: 0 of"):
            archive_months(ALIAS, before=MARCH)
        assert partitions() == [JANUARY, FEBRUARY]

    def test_waits_for_the_relay(self, tenant_id, thing_id):
        happened(tenant_id, thing_id, at(1))

        with pytest.raises(StillNeeded, match="the relay is behind"):
            archive_months(ALIAS, before=MARCH)

    def test_runs_by_itself_only_where_it_is_told_to(self, thing, settings):
        archive_log()
        assert partitions() == [JANUARY, FEBRUARY]

        settings.EVENTS_ARCHIVE_KEEP_MONTHS = 12
        archive_log()
        assert partitions() == []

    def whole(self, thing: UUID, tenant_id: UUID) -> list[object]:
        with tenant(tenant_id):
            return log.stream(thing, using=ALIAS)


class Killed(BaseException):
    """Nobody catches it, as nobody catches SIGKILL."""


class TestACrash:
    @pytest.mark.parametrize("step", ["written", "recorded", "dropped", "pruned"])
    def test_after_any_step_loses_nothing_and_the_next_run_goes_on(
        self, step, thing, tenant_id, other_tenant_id, archive_dir
    ):
        other = uuid7()
        happened(other_tenant_id, other, at(1), at(2))
        everybody_reads()

        died: list[Progress] = []

        def die(progress: Progress) -> None:
            if progress.step == step:
                died.append(progress)
                raise Killed

        for _ in range(2):
            with suppress(Killed):
                archive_months(ALIAS, before=MARCH, told=die)
            assert numbers(thing, tenant_id) == [1, 2, 3, 4]
            assert numbers(other, other_tenant_id) == [1, 2]
        assert died
        archive_months(ALIAS, before=MARCH)

        assert partitions() == []
        assert numbers(thing, tenant_id) == [1, 2, 3, 4]
        assert numbers(other, other_tenant_id) == [1, 2]
        assert len(list(archive_dir.rglob("*.parquet"))) == 4, "two tenants, two months, and nothing left over"
        with connect(ALIAS, "test") as connection:
            assert connection.execute("select count(*) from events_position").fetchone() == (1,)


class TestTheDatabase:
    """Compares for itself before it drops anything."""

    def drop(self) -> None:
        with connect(ALIAS, "test") as connection:
            connection.execute("select events_drop_archived('2020-01-01')")

    def test_drops_nothing_that_is_in_no_file(self, thing):
        with pytest.raises(Exception, match="events of 1 tenants that are in no file"):
            self.drop()
        assert partitions() == [JANUARY, FEBRUARY]

    def test_drops_nothing_when_a_row_came_after_the_file(self, thing, tenant_id):
        def add_one(progress: Progress) -> None:
            if progress.step == "recorded":
                happened(tenant_id, uuid7(), at(1, 30))
                run_relay_once(ALIAS)

        with pytest.raises(Exception, match="that are in no file"):
            archive_months(ALIAS, before=FEBRUARY, told=add_one)
        assert JANUARY in partitions()

    def test_lets_the_application_do_none_of_it(self, in_tenant):
        for function in ("drop_archived('2020-01-01')", "prune_positions('2020-01-01', 0, 1)"):
            with pytest.raises(DatabaseError, match="permission denied"):
                connections[ALIAS].cursor().execute(f"select events_{function}")


class TestIsolation:
    def test_another_tenant_reads_nothing(self, thing, other_tenant_id):
        archive_months(ALIAS, before=MARCH)

        with tenant(other_tenant_id):
            assert archive.stream(thing, using=ALIAS, after=0, before=9) == []
            assert list(log.between(Span(since=at(1), until=at(3)), using=ALIAS)) == []
            assert not ArchivedMonth.objects.using(ALIAS).exists()

    def test_a_file_that_is_somebody_elses_shows_nothing(self, thing, tenant_id, other_tenant_id, archive_dir):
        """The plant: a record that leads to another tenant's file."""
        happened(other_tenant_id, uuid7(), at(1))
        everybody_reads()
        archive_months(ALIAS, before=FEBRUARY)
        mine, theirs = (archive_dir / f"events/business/2020-01/{one}.parquet" for one in (tenant_id, other_tenant_id))
        theirs.write_bytes(mine.read_bytes())

        with tenant(other_tenant_id):
            assert archive.stream(thing, using=ALIAS, after=0, before=9) == []
            assert list(archive.between(Span(since=at(1, 1), until=at(2)), using=ALIAS)) == []
            assert archive.rows(ALIAS, JANUARY) == []

    def test_files_go_with_their_tenant(self, thing, tenant_id, archive_dir):
        archive_months(ALIAS, before=MARCH)

        with tenant(tenant_id):
            assert archive.erase_files(ALIAS) == 2
            assert archive.erase_files(ALIAS) == 0
        assert [path for path in archive_dir.rglob("*") if path.is_file()] == []


class TestReading:
    def test_of_an_export_gives_the_rows_as_they_were(self, thing, tenant_id):
        with tenant(tenant_id), connections[ALIAS].cursor() as cursor:
            cursor.execute(
                "select to_jsonb(event) - 'recorded_at' from events_event event where sequence < 3 order by sequence"
            )
            before = [json.loads(row[0]) if isinstance(row[0], str) else row[0] for row in cursor.fetchall()]
        archive_months(ALIAS, before=FEBRUARY)

        with tenant(tenant_id):
            assert archive.months(ALIAS) == [JANUARY]
            exported = archive.rows(ALIAS, JANUARY)

        assert [{name: one[name] for name in before[0]} for one in exported] == before

    def test_of_a_time_goes_on_from_the_archive_into_the_log(self, thing, tenant_id):
        archive_months(ALIAS, before=FEBRUARY)

        with tenant(tenant_id):
            found = list(log.between(Span(since=at(1, 6), until=at(3)), using=ALIAS))
            none = list(log.between(Span(since=at(1, 1), until=at(3), event_types=("OrderPlaced",)), using=ALIAS))

        assert [envelope.event().number for envelope in found] == [2, 3]
        assert none == []

    @pytest.mark.parametrize("size", [1, 2])
    def test_of_a_time_page_by_page_tells_each_once(self, thing, tenant_id, other_tenant_id, size):
        happened(other_tenant_id, uuid7(), at(1, 7), at(2))
        everybody_reads()
        archive_months(ALIAS, before=FEBRUARY)
        span, told, after = Span(since=at(1, 5), until=at(3), topics=("business.things",)), [], None

        with tenant(tenant_id):
            while page := log.page(span, using=ALIAS, after=after, limit=size):
                told += [envelope.event().number for envelope in page]
                after = mark_of(page[-1])
            none = log.page(replace(span, aggregate_id=uuid7()), using=ALIAS, limit=10)

        assert (told, none) == ([1, 2, 3], [])

    def test_of_a_month_that_is_being_archived_tells_each_once(self, thing, tenant_id):
        def die(progress: Progress) -> None:
            if progress.step == "recorded":
                raise Killed

        with suppress(Killed):
            archive_months(ALIAS, before=FEBRUARY, told=die)

        with tenant(tenant_id):
            found = log.page(Span(since=at(1, 1), until=at(3)), using=ALIAS, limit=10)

        assert [envelope.event().number for envelope in found] == [1, 2, 3]

    def test_of_all_tenants_is_in_the_order_of_places(self, thing, tenant_id, other_tenant_id):
        happened(other_tenant_id, uuid7(), at(1), at(2))
        everybody_reads()
        with connect(ALIAS, "test") as connection:
            order = [row[0] for row in connection.execute("select event_id from events_position order by position")]
        archive_months(ALIAS, before=MARCH)

        with connect(ALIAS, "test") as connection:
            read = archive.places(connection, after=0, up_to=10**9, event_types=["ThingHappened"], limit=100)

        gone = {one.envelope.event_id for one in read}
        assert [one.envelope.event_id for one in read] == [event_id for event_id in order if event_id in gone]
        assert len(read) == 5


class TestTheCommand:
    def test_says_what_it_does_and_finds_a_spoilt_file(self, thing, tenant_id, archive_dir, capsys):
        call_command("archive_events", "--before", "2020-02", "--database", ALIAS)
        call_command("archive_events", "--verify", "--database", ALIAS)
        told = capsys.readouterr().out
        assert "business 2020-01: recorded 1 of 1" in told
        assert "business: 1 months archived" in told
        assert "every file is what was recorded" in told

        (path,) = list(archive_dir.rglob("*.parquet"))
        path.write_bytes(path.read_bytes()[:-1])
        with pytest.raises(ArchiveUnreadable):
            numbers(thing, tenant_id)
        with pytest.raises(CommandError, match="is not what was recorded"):
            call_command("archive_events", "--verify", "--database", ALIAS)
        Path(path).unlink()
        with pytest.raises(CommandError, match="cannot be read"):
            call_command("archive_events", "--verify", "--database", ALIAS)

    @pytest.mark.parametrize(
        ("arguments", "sentence"),
        [
            ((), "say --before YYYY-MM or --keep MONTHS"),
            (("--before", "January"), "'January' is no month such as 2026-01"),
            (("--keep", "-1"), "say --before"),
        ],
    )
    def test_says_what_is_wrong(self, arguments, sentence):
        with pytest.raises(CommandError, match=sentence):
            call_command("archive_events", *arguments)

    def test_prints_events_of_some_time(self, thing, tenant_id):
        archive_months(ALIAS, before=FEBRUARY)
        out = StringIO()

        call_command("events", "query", f"--tenant={tenant_id}", "--service=business", "--since=2020-01-06", stdout=out)

        lines = [json.loads(line) for line in out.getvalue().splitlines()]
        assert [line["metadata"]["sequence"] for line in lines] == [2, 3, 4]


def test_a_storage_elsewhere_is_read_through_a_copy(thing, tenant_id, settings):
    """A bucket has no paths."""
    elsewhere = {"BACKEND": "django.core.files.storage.InMemoryStorage"}
    with override_settings(STORAGES={**settings.STORAGES, "archive": elsewhere}):
        archive_months(ALIAS, before=MARCH)

        assert numbers(thing, tenant_id) == [1, 2, 3, 4]
        assert storages["archive"].exists(f"events/business/2020-01/{tenant_id}.parquet")
