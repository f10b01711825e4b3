"""Records hang together, and nobody changes them without being noticed."""

from __future__ import annotations

import hashlib
import json
from datetime import timedelta

import pytest
from django.db import DatabaseError, connection
from django.utils import timezone

from apps.core.db.roles import as_owner
from apps.core.tenancy import PLATFORM, tenant
from apps.iam.audit import chain, security_queries, verification
from apps.iam.audit.models import SecurityChain, SecurityRecord


@pytest.mark.django_db
class TestAppendRecord:
    def test_gives_each_record_the_next_place_and_the_hash_of_the_one_before(self, happened):
        first, second, third = happened(), happened(), happened()

        assert [record.sequence for record in (first, second, third)] == [1, 2, 3]
        assert first.previous_hash == chain.NO_HASH
        assert (second.previous_hash, third.previous_hash) == (first.hash, second.hash)

    def test_keeps_a_chain_for_each_tenant_and_one_for_the_platform(self, happened, other_company):
        happened(), happened()

        assert happened(chain=other_company.id).sequence == 1
        assert happened(chain=PLATFORM).sequence == 1

    def test_never_goes_back_in_time_when_the_clock_does(self, happened, company, monkeypatch):
        later = happened()
        SecurityChain.objects.update(recorded_at=timezone.now() + timedelta(minutes=5))

        assert happened().recorded_at > later.recorded_at + timedelta(minutes=4)

    def test_hashes_what_is_read_back_from_the_database(self, happened):
        record = SecurityRecord.objects.get(event_id=happened().event_id)

        assert chain.hash_of(chain.content_of(record)) == record.hash

    def test_hashes_json_that_anybody_can_write(self, happened):
        record = happened()

        text = json.dumps(chain.content_of(record), sort_keys=True, separators=(",", ":"), ensure_ascii=False)

        assert hashlib.sha256(text.encode()).hexdigest() == record.hash

    def test_is_seen_by_its_own_tenant_only(self, happened, other_company):
        happened()

        with tenant(other_company.id):
            assert not SecurityRecord.objects.exists()
            assert not SecurityChain.objects.exists()


@pytest.mark.django_db
class TestTheTable:
    @pytest.mark.parametrize("statement", ["update {} set kind = 'x'", "delete from {}"])
    def test_is_only_read_and_appended_to_by_the_application(self, happened, statement):
        happened()

        with pytest.raises(DatabaseError, match="permission denied"), connection.cursor() as cursor:
            cursor.execute(statement.format("audit_security_record"))

    def test_grants_nothing_on_partitions(self, happened):
        happened()

        with pytest.raises(DatabaseError, match="permission denied"), connection.cursor() as cursor:
            cursor.execute("select * from audit_security_record_default")


@pytest.mark.django_db(transaction=True)
class TestTheOwner:
    @pytest.mark.parametrize(
        "statement",
        [
            "update audit_security_record set kind = 'x'",
            "delete from audit_security_record",
            "update audit_security_chain set sequence = 0",
            "delete from audit_security_chain",
        ],
    )
    def test_is_refused_by_triggers(self, happened, statement):
        happened()

        refused = pytest.raises(DatabaseError, match=r"written once|only moves forwards")
        with as_owner("default"), connection.cursor() as cursor, refused:
            cursor.execute(statement)

    def test_is_refused_to_empty_it_partition_by_partition(self, happened, superuser):
        tables = [
            name
            for (name,) in superuser.execute(
                "select relname from pg_class where relname like 'audit_security_record%' and relkind in ('r', 'p')"
            )
        ]
        guarded = superuser.execute(
            "select c.relname from pg_trigger join pg_class c on c.oid = tgrelid where tgname = 'never_emptied'"
        ).fetchall()

        assert len(tables) >= 5
        assert {name for (name,) in guarded} == {*tables, "audit_security_chain"}


@pytest.mark.django_db(transaction=True)
class TestVerify:
    @pytest.fixture
    def records(self, happened):
        return [happened(reason=f"number {number}") for number in range(1, 8)]

    @pytest.fixture
    def faults(self, company):
        def found(**wishes):
            report = verification.verify(**wishes)
            return [(problem.fault.value, problem.sequence) for problem in report.problems]

        return found

    def test_finds_an_untouched_chain_intact(self, records, faults):
        assert faults() == []

    def test_finds_a_company_without_records_intact(self, company, faults):
        assert faults() == []

    @pytest.mark.parametrize(
        ("column", "value"),
        [
            ("kind", "'token.issued'"),
            ("outcome", "'denied'"),
            ("actor_id", "gen_random_uuid()"),
            ("actor_name", "'Mallory'"),
            ("impersonator_id", "gen_random_uuid()"),
            ("impersonator_name", "'Mallory'"),
            ("subject_id", "gen_random_uuid()"),
            ("address", "'203.0.113.9'"),
            ("user_agent", "'other'"),
            ("session_id", "'other'"),
            ("reason", "''"),
            ("details", "'{}'"),
            ("trace_id", "''"),
            ("at", "at - interval '1 microsecond'"),
            ("recorded_at", "recorded_at - interval '1 microsecond'"),
            ("event_id", "gen_random_uuid()"),
            ("actor_key", "'hidden'"),
            ("reason_key", "'hidden'"),
        ],
    )
    def test_finds_a_field_that_was_altered(self, records, superuser, faults, column, value):
        superuser.execute(f"update audit_security_record set {column} = {value} where sequence = 4")

        assert set(faults()) == {("altered", 4)}

    def test_finds_an_altered_record_with_a_hash_that_fits(self, records, superuser, faults):
        forge(superuser, 4, reason="forged")

        assert faults() == [("unlinked", 5)]

    def test_finds_a_deleted_record(self, records, superuser, faults):
        superuser.execute("delete from audit_security_record where sequence in (3, 4)")

        assert faults() == [("missing", 3)]

    def test_finds_a_deleted_first_record(self, records, superuser, faults):
        superuser.execute("delete from audit_security_record where sequence = 1")

        assert faults() == [("missing", 1)]

    def test_finds_a_deleted_last_record(self, records, superuser, faults):
        superuser.execute("delete from audit_security_record where sequence = 7")

        assert faults() == [("truncated", 7)]

    def test_finds_that_everything_was_deleted(self, records, superuser, faults):
        superuser.execute("delete from audit_security_record")

        assert faults() == [("truncated", 1)]

    def test_finds_a_deleted_last_record_with_a_head_that_fits(self, records, superuser, faults):
        superuser.execute("delete from audit_security_record where sequence = 7")
        superuser.execute("update audit_security_chain set sequence = 6, hash = %s", [records[5].hash])

        assert faults() == [("head_altered", 6)]

    def test_finds_a_deleted_head(self, records, superuser, faults):
        superuser.execute("delete from audit_security_chain")

        assert faults() == [("inserted", 1)]

    def test_finds_two_records_that_changed_places(self, records, superuser, faults):
        superuser.execute("update audit_security_record set sequence = 7 - sequence where sequence in (3, 4)")

        assert {("altered", 3), ("altered", 4)} <= set(faults())

    def test_finds_a_forged_record_in_a_place_that_is_taken(self, records, superuser, faults):
        insert_forged(superuser, like=4, sequence=4)

        assert ("inserted", 4) in faults()

    def test_finds_a_forged_record_behind_the_end(self, records, superuser, faults):
        insert_forged(superuser, like=7, sequence=8)

        assert faults() == [("inserted", 8)]

    def test_finds_that_a_partition_was_dropped(self, happened, superuser, faults):
        old = "audit_security_record_old"
        records = [happened() for _ in range(5)]
        superuser.execute(f"create table {old} (like audit_security_record including all)")
        superuser.execute(
            f"alter table audit_security_record attach partition {old} for values from ('2020-01-01') to ('2020-02-01')"
        )
        superuser.execute("update audit_security_record set recorded_at = '2020-01-15' where sequence <= 3")
        assert ("altered", 1) in faults()

        superuser.execute(f"drop table {old}")

        assert faults() == [("missing", 1)]
        assert records[3].sequence == 4

    def test_finds_a_tail_that_was_rewritten_with_its_head(self, records, superuser, faults):
        rewrite_from(superuser, 5)

        assert faults() == [("head_altered", 7)]

    def test_remembers_in_later_heads_that_one_was_forged(self, records, happened, superuser, faults):
        rewrite_from(superuser, 5)

        happened()
        happened()

        assert faults() == [("head_altered", 7)]

    def test_remembers_that_the_head_was_taken_away(self, records, happened, superuser, faults):
        superuser.execute("delete from audit_security_chain")

        happened()

        assert faults() == [("head_altered", 7)]

    def test_starts_where_it_is_told_to(self, records, superuser, faults):
        superuser.execute("update audit_security_record set trace_id = '' where sequence = 2")

        assert faults(start=3) == []
        assert faults(start=2) == [("altered", 2)]
        assert faults(start=2, limit=3) == [("altered", 2)]
        assert faults(limit=1) == []

    def test_reads_a_long_chain_in_pages(self, happened, superuser, faults, monkeypatch):
        monkeypatch.setattr(security_queries.in_chain_order, "__kwdefaults__", {"page": 2})
        for _ in range(5):
            happened()
        insert_forged(superuser, like=4, sequence=4)

        assert [sequence for fault, sequence in faults() if fault == "inserted"] == [4]

    def test_tells_no_more_than_a_hundred_problems(self, records, superuser, monkeypatch):
        monkeypatch.setattr(verification, "MOST_PROBLEMS", 2)
        superuser.execute("update audit_security_record set reason = ''")

        report = verification.verify()

        assert len(report.problems) == 2
        assert report.more_problems


def content_of(superuser, sequence):
    row = superuser.execute("select * from audit_security_record where sequence = %s", [sequence])
    names = [column.name for column in row.description]
    return SecurityRecord(**dict(zip(names, row.fetchone(), strict=True)))


def forge(superuser, sequence, *, previous_hash=None, **fields):
    """Alter a record and give it the hash that it would have; returns that."""
    record = content_of(superuser, sequence)
    for name, value in {**fields, **({"previous_hash": previous_hash} if previous_hash else {})}.items():
        setattr(record, name, value)
    record.hash = chain.hash_of(chain.content_of(record))
    superuser.execute(
        "update audit_security_record set reason = %s, reason_key = %s, previous_hash = %s, hash = %s "
        "where sequence = %s",
        [record.reason, record.search_keys()[1], record.previous_hash, record.hash, sequence],
    )
    return record.hash


def rewrite_from(superuser, sequence):
    """Forge a record, and everything after it so that it fits, the head too, but for its seal."""
    last = superuser.execute("select max(sequence) from audit_security_record").fetchone()[0]
    hash_ = forge(superuser, sequence, reason="forged")
    for later in range(sequence + 1, last + 1):
        hash_ = forge(superuser, later, previous_hash=hash_)
    superuser.execute("update audit_security_chain set hash = %s", [hash_])
    return hash_


def insert_forged(superuser, *, like, sequence):
    """A copy of a record in another place, under an id of its own."""
    columns = [field.column for field in SecurityRecord._meta.concrete_fields]
    chosen = {"event_id": "gen_random_uuid()", "sequence": str(sequence)}
    superuser.execute(
        f"insert into audit_security_record ({', '.join(columns)}) "
        f"select {', '.join(chosen.get(column, column) for column in columns)} "
        f"from audit_security_record where sequence = {like}"
    )
