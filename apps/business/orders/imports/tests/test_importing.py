from collections import Counter
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connections
from django.db.models import Sum
from django.utils import timezone

from apps.business.catalog import queries as catalog
from apps.business.inventory import commands as inventory
from apps.business.inventory import queries as stock
from apps.business.invoicing import queries as invoicing
from apps.business.orders import queries
from apps.business.orders.imports import ledger as memory
from apps.business.orders.imports.importing import import_file
from apps.business.orders.imports.reader import read
from apps.business.orders.imports.report import told
from apps.business.orders.imports.tests.invoice_file import START, broken, generated, row, written
from apps.business.orders.models import Customer, ImportedLine, Order, OrderLine, OrderReturn, OrderReturnLine
from apps.business.orders.tests.factories import ADA
from apps.business.orders.tests.test_cancel_and_return import take_back
from apps.business.payments import commands as payment_commands
from apps.business.payments import queries as payments
from apps.business.reconciliation.reconciling import reconcile
from apps.business.shipping import queries as shipping
from apps.core.db.ids import uuid7
from apps.core.tenancy import require_tenant_id, tenant

pytestmark = pytest.mark.django_db


@pytest.fixture
def bring(tmp_path, tenant_id):
    """`bring(*rows)` imports a file of these rows into this test's tenant."""

    def run(*rows, name="f.csv", into=tenant_id, progress=lambda what, done, total: None):
        return imported(written(tmp_path / name, rows), into, progress)

    return run


def imported(path, tenant_id, progress=lambda what, done, total: None):
    with tenant(tenant_id):
        facts = {"actor": ADA, "now": timezone.now(), "progress": progress}
        return import_file(read(path), currency="GBP", time_zone="UTC", **facts)


@pytest.fixture(scope="class")
def month(kept_by_class, tmp_path_factory):
    """The rows of a month, and the report of their import into the tenant that is entered."""
    rows, tenant_id = generated(), uuid7()
    report = imported(written(tmp_path_factory.mktemp("month") / "f.csv.gz", rows), tenant_id)
    with tenant(tenant_id):
        yield rows, report


def everything():
    """Counts and sums of all that an import writes."""
    return {
        "customers": Customer.objects.count(),
        "products": len(catalog.products()),
        "orders": (Order.objects.count(), total(Order)),
        "order lines": (OrderLine.objects.count(), total(OrderLine)),
        "returns": (OrderReturn.objects.count(), total(OrderReturn)),
        "return lines": OrderReturnLine.objects.count(),
        "stock": sorted((level.product.sku, level.on_hand) for level in stock.stock_levels()),
        "movements": len(ledger()),
        "lines": ImportedLine.objects.count(),
        "invoices": sorted((paper.number, paper.total_minor) for paper in invoicing.invoices()),
        "ledger": sorted((entry.kind, entry.lines.all()[0].amount_minor) for entry in payments.entries()),
        "parcels": shipping.shipments().count(),
    }


def ledger():
    """Every movement of every product, oldest first."""
    movements = [movement for product in catalog.products() for movement in stock.movements(product.id)]
    return sorted(movements, key=lambda movement: movement.id)


def total(model):
    return model.objects.aggregate(sum=Sum("total_minor"))["sum"] or 0


class TestAMonth:
    """Of everything that a file can hold, imported once for all of these."""

    def test_is_accounted_for_to_every_line_and_every_penny(self, month):
        rows, report = month

        exact = sum(Decimal(str(line[3])) * Decimal(str(line[5])) for line in rows)
        assert report.balances
        assert report.file_total == exact
        assert (report.imported_count, report.rejected) == (len(rows), ())
        assert Decimal(total(Order) - total(OrderReturn)).scaleb(-2) == report.imported_total
        assert report.rounding == exact - report.imported_total != 0

    def test_never_lets_stock_fall_below_zero_and_keeps_the_ledger_in_step(self, month):
        movements, sums = ledger(), Counter()
        for movement in movements:
            sums[movement.product_id] += movement.quantity
        assert dict(sums) == {level.product_id: level.on_hand for level in stock.stock_levels()}
        assert min(movement.balance for movement in movements) == 0

    def test_is_the_same_in_the_books_of_the_other_features(self, month):
        """By the reconciliation that an import prints."""
        _, report = month

        books = report.books
        assert report.major(books.booked_minor) == report.imported_total
        assert {books.orders_minor, books.ledger_minor, books.invoices_minor} == {books.booked_minor}
        assert all(check.compared for check in report.reconciliation.checks)
        assert report.reconciliation.holds


class TestImportFile:
    def test_ends_with_the_stock_that_the_file_leaves(self, bring, in_tenant):
        bring(
            row("1", "A", 5),
            row("C2", "A", -3),
            row("3", "A", 4),
            row("4", "A", -2, "0.0", buyer="", description="lost"),
        )

        assert [level.on_hand for level in stock.stock_levels()] == [0]
        assert [(movement.kind, movement.quantity) for movement in ledger()] == [
            ("receipt", 8),
            ("sale", -5),
            ("return", 3),
            ("sale", -4),
            ("adjustment", -2),
        ]
        assert ledger()[-1].reason == "lost"

    def test_keeps_historical_time_number_buyer_and_price(self, bring, in_tenant):
        bring(row("536365", "85123A", 6, "2.55", buyer="17850", country="EIRE"))

        order = queries.order(Order.objects.get(number="536365").id)
        (line,) = order.lines.all()
        assert order.placed_at.replace(tzinfo=None) == START
        assert (order.customer.code, order.country, order.customer.country) == ("17850", "EIRE", "EIRE")
        assert (order.source, line.code, line.unit_price, line.total_minor) == (
            "import",
            "85123A",
            Decimal("2.55"),
            1530,
        )

    def test_keeps_exact_duplicates_and_codes_that_differ_in_case_apart(self, bring, in_tenant):
        bring(row("1", "15056bl"), row("1", "15056bl"), row("1", "15056BL"))

        assert OrderLine.objects.count() == 3
        assert {product.sku for product in catalog.products()} == {"15056bl", "15056BL"}

    def test_books_discount_postage_and_manual_lines_as_what_they_are(self, bring, in_tenant):
        bring(row("1", "POST", 1, "18.0"), row("1", "M", 2, "1.25"), row("1", "A"), row("C2", "D", -1, "27.5"))

        assert Counter(OrderLine.objects.values_list("kind", flat=True)) == {"postage": 1, "manual": 1, "product": 1}
        (given,) = OrderReturn.objects.all()
        assert (given.order, given.total_minor, given.lines.get().kind) == (None, 2750, "discount")

    def test_splits_an_invoice_of_two_buyers(self, bring, in_tenant):
        report = bring(row("1", "A", buyer="a"), row("1", "A", 2, buyer="b"))

        assert sorted(Order.objects.values_list("number", "customer__code")) == [("1", "a"), ("1-2", "b")]
        assert report.balances

    def test_writes_nothing_into_another_tenant(self, bring, other_tenant_id):
        bring(*generated(invoices=5))

        with tenant(other_tenant_id):
            assert everything()["lines"] == everything()["products"] == 0


class TestBooks:
    """What an import leaves in the other features' books."""

    def test_have_an_order_paid_delivered_and_invoiced_at_the_time_of_the_file(self, bring, in_tenant):
        bring(row("536365", "A", 6, "2.55"), row("536365", "POST", 1, "18.0"))

        order = queries.order(Order.objects.get().id)
        (payment,) = payments.payments_of(order.id)
        (entry,) = payments.entries_of(payment.id)
        (parcel,) = shipping.shipments_of_order(order.id)
        (invoice,) = invoicing.invoices_of_order(order.id)
        at = order.placed_at
        assert (order.payment_status, order.fulfilment_status, order.paid_minor) == ("paid", "delivered", 3330)
        assert (payment.provider, payment.status, payment.captured_minor) == ("elsewhere", "captured", 3330)
        assert {line.account.code: line.amount_minor for line in entry.lines.all()} == {
            "elsewhere": 3330,
            "receivables": -3330,
        }
        assert (parcel.status, parcel.delivered_at, entry.occurred_at, invoice.issued_at) == ("delivered", at, at, at)
        assert (invoice.number, invoice.reference, invoice.due_date) == ("PAST-2025-000001", "536365", None)
        assert [event.event_type for event in queries.timeline(order.id)] == [
            "OrderPlaced",
            "OrderPaid",
            "OrderShipped",
            "OrderDelivered",
        ]

    def test_have_what_came_back_refunded_and_credited(self, bring, in_tenant):
        bring(row("1", "A", 5, "1.00"), row("C2", "A", -2, "1.50", at="2025-12-02T00:00"))

        order = queries.order(Order.objects.get().id)
        (payment,) = payments.payments_of(order.id)
        _, note = invoicing.invoices_of_order(order.id)
        assert (order.status, order.payment_status, order.refunded_minor) == ("partly_returned", "partly_refunded", 300)
        assert (payment.refunded_minor, payments.open_operations(payment.id)) == (300, [])
        assert (note.number, note.reference, note.corrects_number) == ("PASTCN-2025-000001", "C2", "PAST-2025-000001")
        assert note.issued_at.isoformat() == "2025-12-02T00:00:00+00:00"

    def test_refund_beyond_the_payment_what_cost_less_than_is_given_back(self, bring, in_tenant):
        report = bring(row("1", "A", 2, "1.00"), row("C2", "A", -2, "1.50"), row("C3", "D", -1, "27.5"))

        refunds = [entry for entry in payments.entries() if entry.kind == "refund"]
        assert sorted((entry.payment_id is None, entry.lines.all()[0].amount_minor) for entry in refunds) == [
            (False, 200),
            (True, 100),
            (True, 2750),
        ]
        assert report.balances

    def test_take_news_of_what_they_know_as_no_news(self, bring, in_tenant, drain):
        bring(row("1", "A", 5, "1.00"), row("C2", "A", -4, "1.00"), row("C3", "A", -9, "1.00"))
        moment = timezone.now() - timedelta(days=1)
        before = reconcile(before=moment)

        drain()

        assert reconcile(before=moment) == before
        assert len(invoicing.invoices()) == 4
        assert payments.payments().get().refunded_minor == 500

    def test_give_back_what_returns_later_without_asking_anybody(self, bring, in_tenant, drain):
        bring(row("1", "A", 5, "1.00"))
        order = Order.objects.get()
        take_back(order, 2)
        drain()
        payment = payments.payment_of(order.id)

        assert payment_commands.work_on(payment_id=payment.id, now=timezone.now())
        drain()

        order.refresh_from_db()
        assert (payments.payment(payment.id).refunded_minor, order.refunded_minor) == (200, 200)
        assert reconcile(before=timezone.now() + timedelta(days=1)).holds

    def test_tell_apart_what_an_earlier_release_booked(self, bring, in_tenant, monkeypatch):
        monkeypatch.setattr(memory, "note_orders", lambda orders: None)
        bring(row("1", "A"), name="first.csv")
        monkeypatch.undo()

        report = bring(row("1", "A"), row("2", "A"), name="second.csv")

        assert (report.books.elsewhere_minor, report.books.booked_minor, report.balances) == (255, 510, True)
        assert "by an earlier release" in told(report)


class TestCreditNotes:
    def test_give_back_the_buyers_latest_purchase_at_that_price_first(self, bring, in_tenant):
        bring(
            row("1", "A", 5, "2.00", at="2025-12-01T00:00"),
            row("2", "A", 5, "1.00", at="2025-12-02T00:00"),
            row("3", "A", 5, "2.00", at="2025-12-03T00:00"),
            row("4", "A", 5, "2.00", at="2025-12-03T00:00", buyer="other"),
            row("C5", "A", -7, "2.00", at="2025-12-04T00:00"),
            row("6", "A", 5, "2.00", at="2025-12-05T00:00"),
        )

        returned = Order.objects.order_by("number").values_list("number", "status", "lines__returned_quantity")
        assert [(number, quantity) for number, _, quantity in returned if quantity] == [("1", 2), ("3", 5)]
        assert Order.objects.get(number="3").status == "returned"
        assert sorted(OrderReturn.objects.values_list("number", "total_minor")) == [("C5", 1000), ("C5-2", 400)]

    def test_become_credits_for_what_was_bought_before_the_file_begins(self, bring, in_tenant):
        report = bring(row("1", "A", 2), row("C2", "A", -5))

        numbers = OrderReturn.objects.order_by("number").values_list("number", "order__number", "lines__quantity")
        assert list(numbers) == [("C2", "1", 2), ("C2-2", None, 3)]
        assert report.balances

    def test_match_postage_only_at_its_own_price(self, bring, in_tenant):
        bring(row("1", "POST", 1, "18.0"), row("C2", "POST", -1, "5.75"), row("C3", "POST", -1, "18.0"))

        numbers = OrderReturn.objects.order_by("number").values_list("number", "order__number")
        assert list(numbers) == [("C2", None), ("C3", "1")]

    def test_of_an_unnamed_buyer_match_nothing(self, bring, in_tenant):
        bring(row("1", "A", 2, buyer=""), row("C2", "A", -1, buyer=""))

        assert OrderReturn.objects.get().order is None


class TestSecondStart:
    def test_changes_nothing(self, bring, in_tenant):
        rows = [*generated(invoices=8), *broken()]
        first = bring(*rows)
        before = everything()

        second = bring(*rows)

        assert everything() == before
        assert told(second) == told(first)

    def test_goes_on_wherever_the_first_one_was_killed(self, bring, in_tenant):
        """Once before each statement of an import of this file that makes something last: the end of a transaction, or
        what writes outside of one. To be killed before any other is to be killed before the next of those.
        """
        at = "2025-12-02T00:00"
        rows = [
            row("1", "A", 5),
            row("1", "POST", 1, "18.0", description="POSTAGE"),
            row("C2", "A", -7, at=at),
            row("3", "A", -2, "0.0", at=at, buyer=""),
            row("4", quantity="many"),
        ]
        bring(*rows)
        wanted = everything()

        statements, killed = 0, True
        while killed:
            statements += 1
            with tenant(uuid7()):
                killed = self.killed_before(statements, bring, rows)
                report = bring(*rows, into=require_tenant_id())
                assert report.balances, f"killed before statement {statements}"
                assert everything() == wanted, f"killed before statement {statements}"

        assert statements > 10

    def killed_before(self, statement, bring, rows):
        """True if the import was killed before that statement, False if it ran to its end."""
        countdown, database = iter(range(1, statement)), connections["business"]
        outside = len(database.savepoint_ids)

        def kill(execute, sql, params, many, context):
            # A server rolls back by itself what a killed client leaves open; here the test must be let do it.
            lasts = not sql.startswith(("ROLLBACK", "SELECT", "select", "SAVEPOINT"))
            if lasts and len(database.savepoint_ids) == outside and next(countdown, None) is None:
                raise _Killed
            return execute(sql, params, many, context)

        try:
            with database.execute_wrapper(kill):
                bring(*rows, into=require_tenant_id())
        except _Killed:
            return True
        return False

    def test_of_a_longer_file_brings_only_what_is_new(self, bring, in_tenant):
        bring(row("1", "A"), name="first.csv")

        report = bring(row("1", "A"), row("1", "B"), row("2", "A"), name="second.csv")

        assert (report.imported_count, OrderLine.objects.count()) == (3, 3)
        assert sorted(Order.objects.values_list("number", flat=True)) == ["1", "1+2", "2"]
        assert report.balances

    def test_rejects_another_line_with_the_same_identity(self, bring, in_tenant):
        bring(row("1", "A", 1), name="first.csv")

        report = bring(row("1", "A", 2), name="second.csv")

        assert [line.reason for line in report.rejected] == [
            "another line was imported before as this one of the invoice"
        ]
        assert report.balances
        assert OrderLine.objects.count() == 1


class TestRejectedLines:
    def test_are_told_by_number_and_still_balance(self, bring, in_tenant):
        report = bring(*broken(), row("570001", "A"))

        assert [line.line_number for line in report.rejected] == list(range(2, 13))
        assert report.balances
        assert report.imported_count == 1
        assert "line 2: Quantity 'two' is no whole number" in told(report)

    def test_include_a_whole_invoice_that_the_domain_refuses_until_it_no_longer_does(self, bring, in_tenant):
        bring(row("1", "A"), name="first.csv")
        product = OrderLine.objects.get().product
        product.currency = "EUR"
        product.save()

        refused = bring(row("2", "A"), name="second.csv")
        product.refresh_from_db()
        product.currency = "GBP"
        product.save()
        accepted = bring(row("2", "A"), name="second.csv")

        assert "invalid_order" in refused.rejected[0].reason
        assert refused.balances
        assert (accepted.imported_count, accepted.rejected) == (1, ())


class TestOtherSalesMeanwhile:
    def test_are_made_up_for_by_a_receipt(self, bring, in_tenant):
        taken = []

        def take_some(what, done, total):
            if done == 1 and not taken:
                taken.append(done)
                (level,) = stock.stock_levels()
                now = timezone.now()
                occasion = inventory.Occasion(actor=ADA, occurred_at=now, recorded_at=now, reason="sold elsewhere")
                inventory.adjust(product_id=level.product_id, quantity=-2, occasion=occasion)

        rows = [row("1", "A", 5), row("C9", "D", -1, "1.00"), row("2", "A", 3, at="2025-12-02T00:00")]
        report = bring(*rows, progress=take_some)

        assert taken
        assert report.balances
        receipts = [(movement.reason, movement.quantity) for movement in ledger() if movement.kind == "receipt"]
        assert receipts == [("opening stock for f.csv", 8), ("opening stock for invoice 2", 2)]


class _Killed(BaseException):
    """No handler catches it, as none catches SIGKILL."""
