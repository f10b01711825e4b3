"""A kept plan answers as the statement itself would, in the scope of the moment."""

from __future__ import annotations

import pytest
from django.db import DatabaseError, connection, transaction

from apps.core.tenancy import no_tenant, tenant
from apps.core.tenancy.postgresql.kept_plans import KeptPlan

NOTES = KeptPlan("select tenant_id, note from tenancy_probe where note like %s and note not like '%%9' and id > %s")


def run(statement: str, *values: object) -> list[tuple]:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return cursor.fetchall()


def times_run() -> list[tuple[int]]:
    """How often what this session has prepared ran."""
    return run(f"select generic_plans + custom_plans from pg_prepared_statements where name = '{NOTES.name}'")


class TestAKeptPlan:
    def test_is_made_once_for_the_session(self, two_tenants):
        with tenant(two_tenants[0]):
            for _ in range(7):
                assert len(run(NOTES, "row 1%", 0)) == 10  # 1 and 10 to 18

        assert times_run() == [(7,)]

    def test_sees_what_the_scope_of_the_moment_sees(self, two_tenants):
        with no_tenant():
            assert run(NOTES, "row 2", 0) == []
        for _ in range(4):  # beyond the number of times after which the server keeps one plan for all values
            for tenant_id in two_tenants:
                with tenant(tenant_id):
                    assert run(NOTES, "row 2", 0) == [(tenant_id, "row 2")]
        with no_tenant():
            assert run(NOTES, "row 2", 0) == []

    def test_follows_the_scope_inside_a_transaction_and_outlives_its_end(self, two_tenants):
        mine, other = two_tenants
        with pytest.raises(DatabaseError), transaction.atomic():
            for tenant_id in (mine, other, mine):
                with tenant(tenant_id):
                    assert run(NOTES, "row 2", 0) == [(tenant_id, "row 2")]
            run("select 1/0")

        with tenant(other):
            assert run(NOTES, "row 2", 0) == [(other, "row 2")]

    def test_takes_values_for_what_they_are(self, two_tenants):
        with tenant(two_tenants[0]):
            assert run(NOTES, "'); drop table tenancy_probe; --", 0) == []
            assert run(NOTES, "row 2", 10**6) == []

    def test_is_run_like_any_other_where_sessions_are_shared(self, two_tenants, monkeypatch):
        run("select 1")
        monkeypatch.delattr(connection.connection, "kept_plans")

        with tenant(two_tenants[0]):
            assert run(NOTES, "row 2", 0) == [(two_tenants[0], "row 2")]

        assert times_run() == []
