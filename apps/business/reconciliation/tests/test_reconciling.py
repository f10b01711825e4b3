from __future__ import annotations

import io
from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.db import connections, transaction
from django.utils import timezone

from apps.business.catalog.tests.factories import ProductFactory
from apps.business.inventory import commands as inventory
from apps.business.orders import commands, queries
from apps.business.orders.imports.importing import import_file
from apps.business.orders.imports.reader import parsed
from apps.business.orders.imports.tests.invoice_file import row, text_of
from apps.business.orders.tests.factories import ADA, line, place
from apps.business.orders.tests.test_cancel_and_return import cancel
from apps.business.reconciliation.reconciling import reconcile, told
from apps.core.db.ids import uuid7
from apps.core.tenancy import require_tenant_id, tenant
from apps.iam.facade import iam

pytestmark = pytest.mark.django_db
PAST = [row("1", "A", 5), row("1", "B", 2), row("C2", "A", -2, at="2025-12-02T00:00"), row("C3", "D", -1, "27.5")]


def placed():
    """An order of three pieces of a new product that was received."""
    product_id, now = ProductFactory().id, timezone.now()
    inventory.receive(
        product_id=product_id, quantity=9, occasion=inventory.Occasion(actor=ADA, occurred_at=now, recorded_at=now)
    )
    return place(line(product_id, 3))


def take_back_one(order):
    goods = next(line for line in queries.lines_of(order.id) if line.product_id)
    lines = [commands.ReturnedLine(line_id=goods.id, quantity=1)]
    commands.return_order_lines(order_id=order.id, lines=lines, reason="broken", actor=ADA, now=timezone.now())


def some_history(drain):
    """Orders of now and of the past, with everything that comes of them."""
    cancelled, returned = placed(), placed()
    cancel(cancelled)
    take_back_one(returned)
    drain()
    file = parsed(text_of(PAST).encode(), name="past.csv")
    import_file(
        file, currency="GBP", time_zone="UTC", actor=ADA, now=timezone.now(), progress=lambda what, done, total: None
    )
    drain()


def wrong():
    """Which checks do not hold, with nothing left alone."""
    return {check.name for check in reconcile(before=timezone.now() + timedelta(days=1)).checks if not check.holds}


def spoil(statement):
    """A defect, written into the tables."""

    def run():
        with connections["business"].cursor() as cursor:
            cursor.execute(statement, {"id": uuid7(), "tenant": require_tenant_id()})

    return run


DEFECTS = {
    "every ledger entry balances": spoil(
        "insert into payments_ledgerline (id, tenant_id, entry_id, account_id, amount_minor) "
        "select %(id)s, %(tenant)s, entry_id, account_id, 1 from payments_ledgerline limit 1"
    ),
    "every payment is in the ledger as it stands": spoil("update payments_payment set refunded_minor = 1"),
    "stock is what its movements add up to": spoil("update inventory_stocklevel set on_hand = on_hand + 1"),
    "reserved goods are promised to orders": spoil("update inventory_stocklevel set reserved = 1 where on_hand > 0"),
    "the list of stock says what lies there": spoil("delete from inventory_stocksummary where on_hand > 0"),
    "the days of stock say what moved": spoil("update inventory_stockday set moved_in = moved_in + 1"),
    "every order is what its events say": spoil("update orders_order set discount_minor = 1 where number = '1'"),
    "every order costs what its lines cost": spoil("update orders_orderline set total_minor = total_minor + 1"),
    "every order was paid as its payment says": spoil("update orders_order set paid_minor = 1 where number = '1'"),
    "what has left of an order is in its parcels": spoil(
        "update orders_orderline set shipped_quantity = 1 where shipped_quantity > 1"
    ),
    "every order has its invoice": placed,
    "every return is worth what its lines are": spoil("update orders_orderreturn set total_minor = total_minor + 1"),
    "every return has its credit note": lambda: take_back_one(placed()),
}


class TestReconcile:
    def test_finds_nothing_where_nothing_is_wrong_and_each_defect_by_its_name(self, drain, in_tenant):
        some_history(drain)
        assert wrong() == set()

        found = {}
        for name, defect in DEFECTS.items():
            with transaction.atomic(using="business"):
                defect()
                found[name] = wrong()
                transaction.set_rollback(True, using="business")

        assert {name for name in DEFECTS if name in found[name]} == set(DEFECTS)
        assert wrong() == set()

    def test_leaves_alone_what_may_still_be_on_its_way(self, in_tenant):
        placed()

        assert reconcile(before=timezone.now() - timedelta(minutes=1)).holds
        assert wrong() == {
            "every order has its invoice",
            "the list of stock says what lies there",
            "the days of stock say what moved",
        }

    def test_sees_nothing_of_another_tenant(self, drain, in_tenant, other_tenant_id):
        some_history(drain)

        with tenant(other_tenant_id):
            assert {check.compared for check in reconcile(before=timezone.now()).checks} == {0}

    def test_names_what_differs(self, drain, in_tenant):
        some_history(drain)
        DEFECTS["every order is what its events say"]()

        assert "order 1: its events say otherwise of discount_minor" in told(reconcile(before=timezone.now()))


class TestCommand:
    def test_tells_and_fails_where_something_differs(self, caller, in_tenant):
        caller("owner")
        slug, out = iam.tenant(require_tenant_id()).slug, io.StringIO()
        call_command("reconcile", tenant=slug, stdout=out)
        placed()

        with pytest.raises(CommandError, match="do not agree"):
            call_command("reconcile", tenant=slug, on_its_way_s=0, stdout=io.StringIO())
        assert out.getvalue().endswith("everything agrees\n")

    def test_refuses_a_tenant_that_is_none(self):
        with pytest.raises(CommandError, match="there is no tenant nobody"):
            call_command("reconcile", tenant="nobody")
