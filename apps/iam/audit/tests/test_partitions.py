"""Partitions of the security log exist ahead, a search in time reads only its own, and every filter has its index."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from unittest.mock import Mock

import pytest
from django.db import connection
from django.http import QueryDict
from django.utils import timezone

from apps.core.api.filtering import filtered
from apps.core.db.ids import uuid7
from apps.core.tenancy import person
from apps.iam.audit import maintenance, security_queries, tasks
from apps.iam.audit.models import SecurityRecord
from apps.iam.audit.security_filters import SecurityEventFilter


def plan_of(rows):
    """How PostgreSQL would read the first page."""
    return rows.order_by("-recorded_at", "-event_id")[:50].explain()


def reads_a_whole_month(plan):
    """Of the present month: the others are empty here."""
    return any(int(rows) > 1 for rows in re.findall(r"Seq Scan on audit_security_record\S* .*rows=(\d+)", plan))


def uses_index(plan, condition):
    return any("Index Cond" in line and condition in line for line in plan.splitlines())


def search(query):
    return filtered(security_queries.security_records(), SecurityEventFilter, QueryDict(query), request=Mock())


def partitions():
    with connection.cursor() as cursor:
        cursor.execute("select relname from pg_class where relname ~ '^audit_security_record_[0-9]{6}$' order by 1")
        return [name for (name,) in cursor.fetchall()]


@pytest.mark.django_db
class TestPartitions:
    def test_exist_for_the_months_ahead(self, settings):
        this_month = timezone.now().astimezone(UTC)

        assert f"audit_security_record_{this_month:%Y%m}" in partitions()
        assert len(partitions()) >= settings.AUDIT_PARTITIONS_AHEAD + 1

    def test_are_made_once(self, settings):
        before = partitions()
        tasks.maintain_partitions()
        assert partitions() == before

        settings.AUDIT_PARTITIONS_AHEAD += 1

        assert maintenance.create_partitions() == 1
        assert len(partitions()) == len(before) + 1

    def test_take_over_what_lay_in_the_default_one(self, happened, settings):
        settings.AUDIT_PARTITIONS_AHEAD = 6
        far = _months_ahead(6) + timedelta(days=3)
        record = happened()
        rows = SecurityRecord.objects.filter(event_id=record.event_id)
        later = rows.get()
        later.event_id, later.sequence, later.recorded_at = uuid7(), 2, far
        later.save(force_insert=True)
        assert "audit_security_record_default" in _where(later)

        maintenance.create_partitions()

        assert f"audit_security_record_{far:%Y%m}" in _where(later)

    def test_refuse_changes_as_their_parent_does(self, settings):
        settings.AUDIT_PARTITIONS_AHEAD = 7
        maintenance.create_partitions()

        with connection.cursor() as cursor:
            cursor.execute(
                "select relname, array_agg(tgname::text order by tgname::text) from pg_trigger "
                "join pg_class c on c.oid = tgrelid where relname = %s group by 1",
                [partitions()[-1]],
            )
            assert cursor.fetchall() == [(partitions()[-1], ["never_emptied", "written_once"])]


LONG = """
insert into audit_security_record
select gen_random_uuid(), case when n %% 20 = 0 then %(company)s::uuid else md5((n %% 19)::text)::uuid end, n,
       moment, moment, 'kind.' || n %% 23, case when n %% 50 = 0 then 'denied' else 'success' end, 'user',
       md5((n %% 2000)::text)::uuid, 'x', case when n %% 500 = 0 then md5(n::text)::uuid end, '',
       md5((n %% 3000)::text)::uuid, '192.0.2.' || n %% 250, '', md5((n %% 4000)::text), '', '{}', '', '', '',
       md5((n %% 2000)::text), case when n %% 100 = 0 then md5(n::text) else '' end
from (select n, now() - n * interval '1 second' as moment from generate_series(1, 20000) n) made
"""


@pytest.mark.django_db(transaction=True)
class TestSearch:
    """In a log of 20,000 records, of which one in twenty is the company's."""

    @pytest.fixture(autouse=True)
    def long_log(self, superuser, company):
        superuser.execute(LONG, {"company": company.id})
        superuser.execute("analyze audit_security_record")

    def test_in_a_span_of_time_reads_the_partitions_of_that_time_alone(self, company):
        following = _months_ahead(1)

        plan = plan_of(search(f"from={following:%Y-%m-%d}&to={following:%Y-%m}-27"))

        assert f"audit_security_record_{following:%Y%m}" in plan
        assert plan.count("on audit_security_record_2") == plan.count(f"on audit_security_record_{following:%Y%m}") == 1

    def test_has_an_index_below_the_policy_for_every_filter(self, company):
        """One test, since filling the log takes a while."""
        wanted = [
            ("", "tenant_id ="),
            ("kind=sign_in.failed", "kind ="),
            ("group=sign_in", "kind ="),
            ("outcome=denied", "outcome ="),
            (f"actor={uuid7()}", "actor_id ="),
            (f"actor={uuid7()}", "impersonator_id ="),
            (f"subject={uuid7()}", "subject_id ="),
            ("session=the-session", "session_id ="),
            ("address=192.0.2.1", "address ="),
            ("q=ada", "actor_key >="),
            ("q=ada", "reason_key >="),
            ("from=2026-01-01", "tenant_id ="),
        ]
        plans = {query: plan_of(search(query)) for query, _ in wanted}

        assert [query for query, plan in plans.items() if reads_a_whole_month(plan)] == []
        assert [pair for pair in wanted if not uses_index(plans[pair[0]], pair[1])] == []

    def test_of_ones_own_uses_an_index_in_every_tenant(self, company):
        me = uuid7()
        with person(me):
            plan = plan_of(security_queries.records_about(me))

        assert "subject_id =" in plan


def _months_ahead(count):
    now = timezone.now().astimezone(UTC)
    number = now.year * 12 + now.month - 1 + count
    return datetime(number // 12, number % 12 + 1, 1, tzinfo=UTC)


def _where(record):
    """The partition that a record lies in, as its owner may ask."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select tableoid::regclass::text from audit_security_record where event_id = %s", [record.event_id]
        )
        return cursor.fetchone()[0]
