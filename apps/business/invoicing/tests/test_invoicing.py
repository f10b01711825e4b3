import threading
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from io import BytesIO, StringIO
from uuid import uuid4

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, IntegrityError, close_old_connections
from django.utils import timezone
from pypdf import PdfReader

from apps.business.constraints import violated_constraint
from apps.business.inventory.tests.factories import StockLevelFactory
from apps.business.invoicing import commands, queries
from apps.business.invoicing.commands import SellerDetails, issuing
from apps.business.invoicing.earlier import invoice_earlier_orders
from apps.business.invoicing.errors import InvalidSeller, InvoiceNotFound
from apps.business.invoicing.events import CreditNoteIssued, InvoiceIssued
from apps.business.invoicing.models import Invoice, InvoiceCounter, InvoiceLine
from apps.business.invoicing.paper import pdf_of
from apps.business.money import rounded_half_even
from apps.business.orders import commands as orders
from apps.business.orders.tests.factories import ADA, CustomerFactory, line, place, postage
from apps.business.orders.tests.test_cancel_and_return import cancel, take_back
from apps.core.errors import PreconditionFailed
from apps.core.events import unit_of_work
from apps.core.tenancy import tenant
from apps.iam.facade import iam

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("in_tenant")]
NEW_YEAR = datetime(timezone.now().year + 1, 1, 1, tzinfo=UTC)


def invoice(order, now=None):
    return commands.invoice_order(order_id=order.id, actor=ADA, now=now or timezone.now())


def state(**changes):
    details = {"name": "Tea & Co", "address": "1 Quay\nHull", "tax_id": "GB123", "bank": "IBAN GB00", **changes}
    return commands.state_seller(details=SellerDetails(**details), actor=ADA, now=timezone.now())


def text_of(issued):
    reader = PdfReader(BytesIO(pdf_of(issued, queries.seller_on(issued))))
    return "\n".join(page.extract_text() for page in reader.pages)


def balance(order):
    return sum(-one.total_minor if one.is_credit else one.total_minor for one in queries.invoices_of_order(order.id))


class TestInvoiceOrder:
    def test_says_what_the_order_says_to_the_minor_unit(self):
        product = StockLevelFactory().product_id
        order = place(line(product, 3), postage(), customer_id=CustomerFactory(name="Ida Vogel").id)

        issued = queries.invoice(invoice(order).id)

        assert (issued.total_minor, issued.currency) == (order.total_minor, order.currency)
        assert [row.total_minor for row in issued.lines.all()] == [row.total_minor for row in order.lines.all()]
        assert (issued.buyer_name, issued.order_number) == ("Ida Vogel", order.number)

    def test_is_safe_to_repeat(self, published):
        order = place()

        first, second = invoice(order), invoice(order)

        assert first == second
        assert [type(event) for event in published if type(event).__module__.endswith("invoicing.events")] == [
            InvoiceIssued
        ]

    def test_numbers_are_dense_in_each_year(self):
        numbers = [invoice(place()).number for _ in range(2)]
        numbers += [invoice(place(), NEW_YEAR).number for _ in range(2)]

        year = timezone.now().year
        assert numbers == [f"INV-{y}-{ordinal:06}" for y in (year, NEW_YEAR.year) for ordinal in (1, 2)]

    def test_what_is_rolled_back_takes_no_number(self, monkeypatch):
        order = place()
        monkeypatch.setattr(issuing, "_announced", lambda paper: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            invoice(order)
        monkeypatch.undo()

        assert invoice(order).ordinal == 1

    def test_an_imported_order_brings_its_own(self, drain):
        place(line(StockLevelFactory().product_id, unit_price=Decimal(1)), source="import", number="536365")

        drain()

        assert list(queries.invoices()) == []

    def test_is_to_be_paid_within_the_terms_of_that_moment(self):
        before = invoice(place(), datetime(2026, 3, 1, tzinfo=UTC))
        state(terms_days=14)
        after = invoice(place(), datetime(2026, 3, 1, tzinfo=UTC))

        assert (before.due_date, after.due_date) == (date(2026, 3, 31), date(2026, 3, 15))

    def test_cannot_be_edited_or_deleted(self):
        invoice(place())

        for spoil in (
            lambda: Invoice.objects.update(total_minor=1),
            lambda: InvoiceLine.objects.all()._raw_delete("business"),
        ):
            with pytest.raises(DatabaseError, match="permission denied"), unit_of_work(Invoice):
                spoil()

    @pytest.mark.parametrize(
        ("changes", "constraint"),
        [({"ordinal": 99}, "invoicing_one_per_cause"), ({"cause_id": uuid4()}, "invoicing_ordinal")],
    )
    def test_is_the_only_one_for_its_cause_and_with_its_number(self, changes, constraint):
        again = queries.invoice(invoice(place()).id)
        again.id = again.pk = uuid4()
        for name, value in changes.items():
            setattr(again, name, value)

        with pytest.raises(IntegrityError) as refused, unit_of_work(Invoice):
            again.save(force_insert=True)
        assert violated_constraint(refused.value) == constraint

    def test_shows_nothing_to_another_tenant(self, other_tenant_id):
        issued = invoice(place())

        with tenant(other_tenant_id):
            assert list(queries.invoices()) == []
            with pytest.raises(InvoiceNotFound):
                queries.invoice(issued.id)


class TestEarlierOrders:
    """Those that were placed before the installation learnt to invoice."""

    @pytest.fixture
    def earlier(self, drain, monkeypatch):
        """An order that is kept, one of which something came back, and a cancelled one."""
        tomorrow = timezone.now() + timedelta(days=1)
        at = datetime(2025, 5, 6, tzinfo=UTC)
        monkeypatch.setattr(queries, "invoicing_began_at", lambda: tomorrow)
        orders_placed = [place(placed_at=at), place(placed_at=at), place(placed_at=at)]
        take_back(orders_placed[1], 1)
        cancel(orders_placed[2])
        drain()
        return orders_placed

    def test_are_not_invoiced_by_themselves_but_what_becomes_of_them_is_credited(self, earlier):
        issued = list(queries.invoices())

        assert [one.kind for one in issued] == ["credit_note"] * 2
        assert {one.corrects_number for one in issued} == {earlier[1].number, earlier[2].number}

    def test_are_invoiced_on_command_with_their_own_dates_in_a_series_of_their_own(self, earlier):
        recorded = invoice_earlier_orders(actor=ADA)

        invoices = [one for one in queries.invoices() if not one.is_credit]
        assert (recorded, len(invoices)) == (3, 3)
        assert {one.issued_at.date() for one in invoices} == {date(2025, 5, 6)}
        assert sorted(one.number for one in invoices) == [f"PAST-2025-00000{n}" for n in (1, 2, 3)]
        assert {one.reference for one in invoices} == {""}

    def test_are_invoiced_once(self, earlier):
        invoice_earlier_orders(actor=ADA)

        assert invoice_earlier_orders(actor=ADA) == 0

    def test_are_left_alone_where_they_are_older_than_wanted(self, earlier):
        assert invoice_earlier_orders(actor=ADA, since=datetime(2025, 5, 7, tzinfo=UTC)) == 0

    def test_imported_by_an_earlier_release_keep_the_files_number(self):
        goods = line(StockLevelFactory().product_id, 2, unit_price=Decimal(1))
        order = place(goods, source="import", number="536365", placed_at=datetime(2010, 12, 1, tzinfo=UTC))

        invoice_earlier_orders(actor=ADA)

        (paper,) = queries.invoices_of_order(order.id)
        assert (paper.number, paper.reference) == ("PAST-2010-000001", "536365")

    def test_by_the_command(self, caller, tenant_id):
        caller("owner")
        out = StringIO()
        call_command("invoice_earlier_orders", tenant=iam.tenant(tenant_id).slug, since=date(2020, 1, 1), stdout=out)

        assert out.getvalue() == "0 invoices and credit notes were recorded\n"
        with pytest.raises(CommandError, match="there is no tenant nobody"):
            call_command("invoice_earlier_orders", tenant="nobody")

    def test_no_company_numbers_its_own_papers_like_those_of_the_past(self):
        with pytest.raises(InvalidSeller, match="papers of the past"):
            state(invoice_series="PAST")


class TestCreditNotes:
    def test_invoices_less_credit_notes_are_what_the_orders_are_worth(self, drain):
        kept, returned, cancelled = place(), place(), place()
        take_back(returned, 1)
        take_back(returned, 1)
        cancel(cancelled)

        drain()

        worth = [765, 765 - 2 * 255, 0]
        assert [balance(order) for order in (kept, returned, cancelled)] == worth

    def test_names_the_invoice_that_it_is_for(self, drain, published):
        order = place()
        cancel(order)
        drain()

        issued, credit = queries.invoices_of_order(order.id)

        assert (credit.corrects_id, credit.corrects_number) == (issued.id, issued.number)
        assert credit.number.startswith("CN-")
        assert [event.corrects_number for event in published if isinstance(event, CreditNoteIssued)] == [issued.number]

    def test_one_for_an_imported_order_names_the_orders_own_number(self, drain):
        order = place(line(StockLevelFactory().product_id, 2, unit_price=Decimal(1)), source="import", number="536365")
        cancel(order)
        drain()

        (credit,) = queries.invoices_of_order(order.id)

        assert (credit.corrects_id, credit.corrects_number) == (None, "536365")

    def test_goods_of_an_unknown_purchase_are_credited_without_an_order(self, drain):
        owed = orders.NewLine(kind="manual", description="Goodwill", unit_price=Decimal(5))
        wish = orders.NewCredit(lines=[owed], currency="GBP", reason="broken")
        given = orders.give_credit(credit=wish, actor=ADA, now=timezone.now())
        numbered = orders.NewCredit(lines=[owed], currency="GBP", number="C536379")
        orders.give_credit(credit=numbered, actor=ADA, now=timezone.now())

        drain()

        (credit,) = queries.invoices()
        assert (credit.total_minor, credit.order_id, credit.cause_id) == (500, None, given.id)

    def test_news_that_comes_twice_makes_one(self, drain):
        order = place()
        take_back(order, 1)
        drain()
        (returned,) = order.returns.all()

        again = commands.credit_return(order_return_id=returned.id, actor=ADA, now=timezone.now())

        assert again.ordinal == 1
        assert len(queries.invoices_of_order(order.id)) == 2


@pytest.mark.parametrize("included", [False, True], ids=["on top", "included"])
class TestTaxes:
    def test_stand_on_the_paper_and_the_total_is_the_orders(self, included, drain):
        orders.add_tax_rate(country="", tax_class="standard", rate_e4=1900, valid_from=date(2020, 1, 1), actor=ADA)
        orders.set_prices_include_tax(prices_include_tax=included, actor=ADA)
        order = place(line(StockLevelFactory().product_id, 3), postage("5.00"))
        take_back(order, 1)
        drain()

        issued, credit = (queries.invoice(one.id) for one in queries.invoices_of_order(order.id))

        assert (issued.total_minor, issued.tax_minor) == (order.total_minor, order.tax_minor)
        added = 0 if included else issued.tax_minor
        assert sum(row.total_minor for row in issued.lines.all()) + added == issued.total_minor
        assert credit.total_minor == order.returns.get().total_minor
        assert credit.tax_minor == rounded_half_even(credit.total_minor * 1900, 11900)
        assert ("Includes" if included else "Plus") + " 19 % tax on" in text_of(issued)


class TestSeller:
    def test_what_is_issued_keeps_the_seller_of_its_moment(self):
        state()
        issued = invoice(place())
        state(name="Coffee & Co")

        assert "Tea & Co" in text_of(issued)
        assert "Coffee & Co" in text_of(invoice(place()))

    def test_what_was_issued_before_bears_the_first_that_is_stated(self):
        issued = invoice(place())
        state()
        state(name="Coffee & Co")

        assert queries.seller_on(issued).name == "Tea & Co"

    def test_is_safe_to_repeat(self):
        assert (state().edition, state().edition, state(terms_days=7).edition) == (1, 1, 2)

    @pytest.mark.parametrize(
        "wrong",
        [{"name": ""}, {"tax_id": ""}, {"credit_series": "INV"}, {"invoice_series": "a b"}, {"terms_days": 400}],
        ids=str,
    )
    def test_refuses_what_no_invoice_may_say(self, wrong):
        with pytest.raises(InvalidSeller) as refused:
            state(**wrong)

        assert set(refused.value.errors) >= set(wrong)

    def test_refuses_to_overwrite_what_somebody_else_said_meanwhile(self):
        state()

        with pytest.raises(PreconditionFailed):
            commands.state_seller(
                details=SellerDetails(name="B", address="B", tax_id="B"),
                actor=ADA,
                now=timezone.now(),
                expected_edition=0,
            )


class TestPdf:
    def test_bears_everything_in_any_of_its_scripts(self):
        state(name="Чай и Ко", address="Οδός 1\nΑθήνα")
        issued = invoice(place(customer_id=CustomerFactory(name="Łucja Größe").id))

        text = text_of(issued)

        for words in ("Чай и Ко", "Οδός 1", "Łucja Größe", issued.number, "£7.65", "GB123", "IBAN GB00"):
            assert words in text

    def test_is_the_same_bytes_each_time(self):
        state()
        issued = queries.invoice(invoice(place()).id)

        assert pdf_of(issued, queries.seller_on(issued)) == pdf_of(issued, queries.seller_on(issued))

    def test_says_in_its_properties_what_it_is(self):
        state()
        issued = invoice(place())

        reader = PdfReader(BytesIO(pdf_of(issued, queries.seller_on(issued))))

        assert (reader.metadata.title, reader.metadata.author) == (f"Invoice {issued.number}", "Tea & Co")
        assert reader.trailer["/Root"]["/Lang"] == "en"

    def test_goes_on_over_as_many_pages_as_it_takes(self):
        product = StockLevelFactory(on_hand=60).product_id
        issued = invoice(place(*[line(product, 1) for _ in range(60)]))

        reader = PdfReader(BytesIO(pdf_of(issued, None)))

        assert len(reader.pages) > 1
        assert all("Description" in page.extract_text() for page in reader.pages)
        assert f"page 2 of {len(reader.pages)}" in reader.pages[1].extract_text()


@pytest.mark.django_db(transaction=True, databases="__all__")
def test_many_at_once_leave_no_gap_and_double_nothing(tenant_id):
    with tenant(tenant_id):
        placed = [place() for _ in range(6)]
    failures = []

    def issue_all(chosen):
        try:
            with tenant(tenant_id):
                for order in chosen:
                    invoice(order)
        except Exception as error:
            failures.append(error)
        finally:
            close_old_connections()

    workers = [threading.Thread(target=issue_all, args=(placed[::way],)) for way in (1, -1, 1)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()

    with tenant(tenant_id):
        ordinals = sorted(Invoice.objects.in_tenant().values_list("ordinal", flat=True))
        assert (failures, ordinals) == ([], [1, 2, 3, 4, 5, 6])
        assert InvoiceCounter.objects.in_tenant().get().last_ordinal == 6
