"""A tenant's rows as a whole: what is read out of them, and that erasing takes all of them and nothing else."""

from __future__ import annotations

from itertools import chain

import pytest
from django.conf import settings
from django.db import DatabaseError, connections, transaction

from apps.business.demo import seed
from apps.core.db.ids import uuid7
from apps.core.tenancy import no_tenant, tenant
from apps.core.tenantdata import erasing, reading
from apps.core.tenantdata.models import ErasureWarrant
from apps.core.tenantdata.tables import exported_tables, held_tables
from tests.callers import make_caller
from tests.isolation.leaks import grounds

pytestmark = pytest.mark.django_db
ALIASES = settings.PRIMARY_ALIASES


@pytest.fixture(scope="class")
def two(kept_by_class):
    """Two tenants with people and a shop each."""
    return made_tenants()


def made_tenants():
    made = uuid7(), uuid7()
    for one in made:
        make_caller(one, "owner")
        seed(tenant_id=one, slug=one.hex)
    return made


def rows_of(alias, tenant_id):
    """How many rows each table holds of a tenant, as the tenant itself sees them."""
    found = {}
    for held in chain.from_iterable(held_tables(alias)):
        if held.through:
            continue
        with tenant(tenant_id), connections[alias].cursor() as cursor:
            cursor.execute(f'select count(*) from "{held.table}" where tenant_id = %s', [tenant_id])
            (found[held.table],) = cursor.fetchone()
    return {table: count for table, count in found.items() if count}


def test_an_export_says_in_plain_what_the_log_holds_encrypted(tenant_id):
    caller = make_caller(tenant_id, "clerk")
    with tenant(tenant_id):
        events = [row for row in reading.all_rows("default", "events_event") if row["type"] == "MemberInvited"]

    assert caller.email in {row["payload"]["email"] for row in events}


class TestTables:
    @pytest.mark.parametrize("alias", ALIASES)
    def test_are_all_that_have_a_tenant(self, alias):
        names = [held.table for held in chain.from_iterable(held_tables(alias))]

        assert {"default": "users_membership", "business": "orders_order"}[alias] in names
        assert {"events_event", "idempotency_key"} <= set(names)
        assert not [name for name in names if name.startswith("events_event_2")], "partitions go with their parent"

    def test_come_before_what_they_refer_to(self):
        names = [held.table for held in chain.from_iterable(held_tables("business"))]

        assert names.index("orders_orderline") < names.index("orders_order") < names.index("orders_customer")

    def test_leave_secrets_out_of_exports(self):
        for alias in ALIASES:
            for table in exported_tables(alias):
                assert not {"password", "client_secret", "token_hash", "digest", "sealed_body"} & set(table.columns)
        names = {table.name for alias in ALIASES for table in exported_tables(alias)}
        assert "idempotency_key" not in names
        assert "oidc_accesstoken" not in names
        assert {"users_membership", "orders_order", "events_event", "oidc_application"} <= names


class TestReading:
    def test_brings_every_row_once_however_small_the_pages(self, two):
        mine = two[0]
        for alias in ALIASES:
            for table in exported_tables(alias):
                with tenant(mine):
                    whole = list(reading.all_rows(alias, table.name))
                    paged, after = [], None
                    for _ in range(len(whole) // 7 + 2):
                        page = reading.page_of_rows(alias, table.name, after=after, limit=7)
                        paged, after = [*paged, *page.rows], page.after
                        if after is None:
                            break
                assert paged == whole
                assert all(row["tenant_id"] == str(mine) for row in whole)

    def test_knows_no_other_tables(self, two):
        with tenant(two[0]), pytest.raises(KeyError):
            reading.page_of_rows("default", "auth_user")


class TestErasing:
    def test_takes_everything_and_nothing_of_another_tenant(self, two):
        mine, other = two
        before = {alias: rows_of(alias, mine) for alias in ALIASES}
        theirs = {alias: rows_of(alias, other) for alias in ALIASES}
        assert len(before["default"]) > 5 and len(before["business"]) > 8

        for alias in ALIASES:
            with tenant(mine):
                erasing.order_erasure(alias, reason="test", ordered_by=None)
                assert erasing.erase_all(alias, at_most=50) == sum(before[alias].values())

        assert {alias: rows_of(alias, mine) for alias in ALIASES} == {"default": {}, "business": {}}
        assert {alias: rows_of(alias, other) for alias in ALIASES} == theirs

    def test_leaves_no_new_history_behind(self, two):
        """Each deleted row would leave a last version of itself, if the triggers ran."""
        with tenant(two[0]):
            erasing.order_erasure("business", reason="test", ordered_by=None)
            erasing.erase_all("business")

        assert "orders_orderhistory" not in rows_of("business", two[0])

    def test_keeps_history_of_others_going_afterwards(self, two):
        from apps.business.orders import queries
        from apps.core.history.changes import ChangeFilter

        with tenant(two[0]):
            erasing.order_erasure("business", reason="test", ordered_by=None)
            erasing.erase_all("business")
        with tenant(two[1]):
            order = queries.order(reading.page_of_rows("business", "orders_order").rows[0]["id"])
            order.note = "later"
            order.save(update_fields=["note"])

            assert queries.changes(ChangeFilter(entity_ids=(order.id,)), limit=1)[0].after == {"note": "later"}

    def test_is_refused_without_an_order(self, two):
        for alias in ALIASES:
            with tenant(two[0]), pytest.raises(DatabaseError, match="no erasure"), transaction.atomic(using=alias):
                erasing.erase_some(alias)

    def test_is_refused_for_another_tenant_than_the_ordered_one(self, two):
        with tenant(two[0]):
            erasing.order_erasure("default", reason="test", ordered_by=None)

        for scope in (tenant(two[1]), no_tenant()):
            with scope, pytest.raises(DatabaseError, match="no erasure"), transaction.atomic(using="default"):
                erasing.erase_some("default")

    @pytest.mark.parametrize("table", ["users_user", "tenants_tenant", "django_migrations"])
    def test_is_refused_for_tables_that_hold_no_rows_of_tenants(self, two, table):
        with tenant(two[0]), transaction.atomic(using="default"):
            erasing.order_erasure("default", reason="test", ordered_by=None)
            for through in (None, "users_membership"):
                with pytest.raises(DatabaseError), transaction.atomic(using="default"):
                    connections["default"].cursor().execute(
                        "select tenantdata_erase(%s::regclass, %s::regclass, 10)", [table, through]
                    )

    def test_order_cannot_be_taken_back(self, two):
        with tenant(two[0]):
            erasing.order_erasure("default", reason="test", ordered_by=None)
            erasing.order_erasure("default", reason="again", ordered_by=None)

        assert ErasureWarrant.objects.using("default").get().reason == "test"
        for statement in ("delete from {}", "update {} set reason = 'x'"):
            with pytest.raises(DatabaseError), transaction.atomic(using="default"):
                connections["default"].cursor().execute(statement.format("tenantdata_erasure_warrant"))

    def test_nothing_else_may_delete_what_is_written_once(self, two):
        for table in ("events_event", "users_membershiphistory", "audit_security_record"):
            with tenant(two[0]), pytest.raises(DatabaseError), transaction.atomic(using="default"):
                connections["default"].cursor().execute(f"delete from {table}")


@pytest.mark.django_db(transaction=True)
class TestByteForByte:
    def test_another_tenant_is_what_it_was(self):
        mine, other = made_tenants()
        watched = grounds()
        try:
            before = {ground.alias: ground.digest(other) for ground in watched}

            for alias in ALIASES:
                with tenant(mine):
                    erasing.order_erasure(alias, reason="test", ordered_by=None)
                    erasing.erase_all(alias)

            assert {ground.alias: ground.digest(other) for ground in watched} == before
            assert {value for ground in watched for value in ground.digest(mine).values()} == {""}
        finally:
            for ground in watched:
                ground.close()
