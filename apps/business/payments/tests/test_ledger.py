"""The ledger: what the commands book, and what the database refuses whoever writes it."""

from uuid import uuid4

import pytest
from django.db import IntegrityError, connections
from django.db.utils import ProgrammingError
from django.utils import timezone

from apps.business.payments import commands, queries
from apps.business.payments.booking import Booking, book
from apps.business.payments.errors import InvalidPayment, PayoutDiffers
from apps.business.payments.events import PayoutRecorded
from apps.business.payments.models import LedgerAccount, LedgerEntry, LedgerLine
from apps.business.payments.tests.conftest import ADA, NOON
from apps.core.events import unit_of_work
from apps.core.tenancy import no_tenant, tenant


def write(*amounts, currencies=("GBP", "GBP"), at_the_end=lambda: None):
    """An entry in pounds with these lines, past all commands."""
    with unit_of_work(LedgerEntry):
        entry = LedgerEntry(kind="charge", reference=str(uuid4()), currency="GBP")
        entry.occurred_at = entry.recorded_at = timezone.now()
        entry.save()
        codes = (LedgerAccount.Code.BANK, LedgerAccount.Code.PROVIDER)
        for code, currency, amount in zip(codes, currencies, amounts, strict=False):
            account, _ = LedgerAccount.objects.in_tenant().get_or_create(code=code, currency=currency)
            LedgerLine(entry=entry, account=account, amount_minor=amount).save()
        at_the_end()


def payout(reference="po_1", amount_minor=500, currency="GBP"):
    return commands.record_payout(
        reference=reference, amount_minor=amount_minor, currency=currency, actor=ADA, now=NOON
    )


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("in_tenant")
class TestTheDatabase:
    @pytest.mark.parametrize("amounts", [(5, -4), (5,), (), (-5, -5)])
    def test_refuses_an_entry_whose_lines_do_not_sum_to_zero(self, amounts):
        with pytest.raises(IntegrityError, match="does not balance"):
            write(*amounts)

        assert not LedgerEntry.objects.in_tenant().exists()

    def test_refuses_an_account_in_another_currency(self):
        with pytest.raises(IntegrityError, match="does not balance"):
            write(5, -5, currencies=("GBP", "EUR"))

    def test_takes_one_that_balances(self):
        write(5, -5)

        assert sum(balance.balance_minor for balance in queries.trial_balance()) == 0

    def test_is_not_fooled_by_who_is_current_when_the_transaction_ends(self, tenant_id, other_tenant_id):
        """The check sees the entry's lines in any scope, and leaves the scope as it was."""

        def elsewhere():
            with tenant(other_tenant_id), connections["business"].cursor() as cursor:
                cursor.execute("set constraints all immediate")
                cursor.execute("select current_setting('app.tenant_id')")
                assert cursor.fetchone()[0] == str(other_tenant_id)

        write(5, -5, at_the_end=elsewhere)
        with pytest.raises(IntegrityError, match="does not balance"):
            write(5, -4, at_the_end=elsewhere)
        assert queries.entries().count() == 1

    @pytest.mark.parametrize("statement", ["update {} set tenant_id = tenant_id", "delete from {}"])
    @pytest.mark.parametrize("table", ["payments_ledgeraccount", "payments_ledgerentry", "payments_ledgerline"])
    def test_lets_the_application_only_add(self, statement, table):
        write(5, -5)

        with pytest.raises(ProgrammingError, match="permission denied"), connections["business"].cursor() as cursor:
            cursor.execute(statement.format(table))

    def test_shows_nothing_to_others(self, other_tenant_id):
        write(5, -5)

        with tenant(other_tenant_id):
            assert queries.trial_balance() == []
        with no_tenant():
            assert not LedgerLine.objects.exists()


@pytest.mark.django_db
@pytest.mark.usefixtures("in_tenant")
class TestPayouts:
    def test_are_booked_once_for_a_reference_and_announced(self, till, published):
        first, again = payout(), payout()

        assert first.id == again.id
        assert till.balances() == {"provider": -500, "bank": 500}
        assert [type(event) for event in published] == [PayoutRecorded]

    def test_refuse_another_amount_under_the_same_reference(self):
        payout()

        with pytest.raises(PayoutDiffers):
            payout(amount_minor=501)
        with pytest.raises(PayoutDiffers):
            payout(currency="EUR")

    def test_refuse_what_is_none(self):
        with pytest.raises(InvalidPayment) as refused:
            payout(reference="", amount_minor=-1, currency="pounds")

        assert set(refused.value.errors) == {"reference", "amount_minor", "currency"}


@pytest.mark.django_db
@pytest.mark.usefixtures("in_tenant")
class TestBook:
    def test_books_the_same_thing_once(self):
        booking = Booking(kind=LedgerEntry.Kind.CHARGE, reference="x", amount_minor=5, currency="GBP")

        assert book(booking, now=NOON) is not None
        assert book(booking, now=NOON) is None
        assert queries.entries().count() == 1
