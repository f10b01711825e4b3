"""The benchmark of many companies fills its databases and measures, at a size that says nothing about speed."""

from __future__ import annotations

import os

import psycopg
import pytest

from bench.cases.companies import compare
from bench.companies import Size, companies, id_of
from bench.companies_sql import TABLES
from bench.harness import Bench

# Each first name once: so every list that is measured has somebody in it.
SMALL = {"people": 64, "roles": 7, "groups": 3}

pytestmark = pytest.mark.django_db(databases=["default", "business"])


def databases_of_benchmarks() -> list[str]:
    with psycopg.connect(os.environ["TEST_SUPERUSER_URL"]) as server:
        rows = server.execute("select datname from pg_database where datname like 'bench%'").fetchall()
    return [name for (name,) in rows]


class TestCompanies:
    def test_are_measured_at_two_sizes_and_leave_nothing(self):
        bench = Bench(rounds=1)

        compare(bench, Size(2, **SMALL), Size(3, **SMALL), samples=2)

        measured = {row.name for table in bench.tables for row in table.rows}
        assert {"caller unknown", "explained", "first page", "deep page", "without argon2", "a token"} <= measured
        assert all("at most 1.2x" in str(table) for table in bench.tables)
        assert databases_of_benchmarks() == []

    def test_are_kept_apart_and_tracked_again_once_they_are_filled(self):
        with companies({"small": Size(2, **SMALL)}) as (made,), made.inside(), made.connection.cursor() as cursor:
            cursor.execute("select count(*) from users_user where id = %s", [id_of("person small", 77)])
            people = cursor.fetchone()
            cursor.execute("select count(*) from users_membership")
            seen_by_nobody = cursor.fetchone()
            tables = [list(TABLES)]
            cursor.execute(
                "select count(*) from pg_trigger where tgenabled = 'D' and tgrelid = any(%s::regclass[])", tables
            )
            disabled = cursor.fetchone()

        assert (people, seen_by_nobody, disabled) == ((1,), (0,), (0,))
