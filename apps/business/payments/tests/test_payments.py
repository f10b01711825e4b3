from uuid import uuid4

import pytest

from apps.business.payments import commands, queries
from apps.business.payments.errors import (
    InvalidPayment,
    OrderHasPayment,
    PaymentNotCapturable,
    PaymentNotFound,
    PaymentNotRefundable,
    PaymentNotVoidable,
    PaymentsNotSetUp,
)
from apps.business.payments.models import Operation, Payment
from apps.business.payments.providers.simulator import cards
from apps.business.payments.tests.conftest import ADA
from apps.core.tenancy import tenant

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("in_tenant")]


def names(published):
    return [type(event).__name__ for event in published]


class TestAuthorise:
    def test_writes_down_what_is_wanted_and_asks_afterwards(self, till, published):
        payment = till.authorise()

        assert payment.status == Payment.Status.AUTHORISING
        assert till.worked(payment).status == Payment.Status.AUTHORISED
        assert names(published) == ["PaymentStarted", "PaymentAuthorised"]

    @pytest.mark.parametrize(
        ("method", "code"), [(cards.DECLINED, "generic_decline"), (cards.NO_FUNDS, "insufficient_funds")]
    )
    def test_is_declined_with_the_reason_of_the_bank(self, till, published, method, code):
        payment = till.authorised(method=method)

        assert (payment.status, payment.decline_code) == ("declined", code)
        assert published[-1].code == code

    def test_a_card_that_does_not_exist_is_declined(self, till):
        payment = till.authorised(method="pm_none")

        assert (payment.status, payment.decline_code) == ("declined", "resource_missing")

    def test_repeated_with_the_same_card_is_the_same_payment_declined_or_not(self, till, published):
        payment = till.authorised(method=cards.DECLINED)

        again = till.authorise(method=cards.DECLINED, order_id=payment.order_id)

        assert again.id == payment.id
        assert names(published) == ["PaymentStarted", "PaymentDeclined"]

    def test_another_card_may_follow_a_declined_one_but_not_a_good_one(self, till):
        declined = till.authorised(method=cards.DECLINED)

        good = till.worked(till.authorise(order_id=declined.order_id))

        assert queries.payment_of(declined.order_id) == good
        with pytest.raises(OrderHasPayment):
            till.authorise(method=cards.TWICE, order_id=declined.order_id)
        with pytest.raises(OrderHasPayment):
            till.authorise(amount_minor=7, order_id=declined.order_id)

    def test_refuses_what_is_no_payment(self):
        with pytest.raises(InvalidPayment) as refused:
            commands.authorise(order_id=uuid4(), amount_minor=0, currency="XXX", method="", actor=ADA, now=None)

        assert set(refused.value.errors) == {"amount_minor", "currency", "method"}

    def test_needs_a_provider(self, till, settings):
        settings.PAYMENT_SIMULATOR = False

        with pytest.raises(PaymentsNotSetUp):
            till.authorise()

    def test_is_not_found_by_another_tenant(self, till, other_tenant_id):
        payment = till.authorise()

        with tenant(other_tenant_id), pytest.raises(PaymentNotFound):
            till.void(payment)


class TestCapture:
    def test_takes_the_money_and_books_the_charge_and_the_fee(self, till, published):
        payment = till.captured(1000)

        assert (payment.status, payment.captured_minor, payment.fee_minor) == ("captured", 1000, 34)
        assert till.balances() == {"provider": 966, "receivables": -1000, "fees": 34}
        assert names(published)[-1] == "PaymentCaptured"

    def test_may_take_less_and_releases_the_rest(self, till, published):
        payment = till.capture(till.authorised(1000), 600)

        assert (payment.status, payment.captured_minor) == ("captured", 600)
        assert (published[-1].amount_minor, published[-1].authorised_minor) == (600, 1000)

    def test_repeated_changes_nothing(self, till, published):
        payment = till.captured()
        before = list(published)

        till.capture(payment)

        assert list(published) == before

    def test_refuses_more_than_was_authorised_and_what_is_not(self, till):
        with pytest.raises(PaymentNotCapturable):
            till.capture(till.authorised(1000), 1001)
        with pytest.raises(PaymentNotCapturable):
            till.capture(till.authorise())
        with pytest.raises(PaymentNotCapturable):
            till.capture(till.captured(), 5)


class TestVoid:
    def test_releases_what_was_authorised(self, till, published):
        payment = till.void(till.authorised())

        assert payment.status == Payment.Status.VOIDED
        assert till.void(payment).status == Payment.Status.VOIDED
        assert names(published).count("PaymentVoided") == 1

    def test_wanted_while_nobody_knows_waits_until_somebody_does(self, till):
        payment = till.authorised(method=cards.TIMEOUT)
        commands.void(payment_id=payment.id, actor=ADA, now=till.now)
        assert till.worked(payment).status == Payment.Status.AUTHORISING

        assert till.later(payment, minutes=1).status == Payment.Status.AUTHORISED
        assert till.later(payment, minutes=1).status == Payment.Status.VOIDED

    def test_of_a_declined_payment_is_done(self, till):
        payment = till.authorise(method=cards.DECLINED)
        commands.void(payment_id=payment.id, actor=ADA, now=till.now)

        assert till.worked(payment).status == Payment.Status.DECLINED
        assert queries.open_operations(payment.id) == []

    def test_refuses_what_was_captured(self, till):
        with pytest.raises(PaymentNotVoidable):
            till.void(till.captured())


class TestRefund:
    def test_gives_back_in_parts_until_nothing_is_left(self, till, published):
        payment = till.captured(1000)

        partly, wholly = till.refund(payment, 400, "a"), till.refund(payment, 600, "b")

        assert (partly.status, wholly.status) == ("partly_refunded", "refunded")
        assert [event.refunded_minor for event in published[-2:]] == [400, 1000]
        assert till.balances() == {"provider": -34, "receivables": 0, "fees": 34}

    def test_repeated_with_its_key_is_the_same_refund(self, till):
        payment = till.captured(1000)

        till.refund(payment, 400)

        assert till.refund(payment, 400).refunded_minor == 400
        with pytest.raises(PaymentNotRefundable):
            till.refund(payment, 401)

    def test_counts_what_is_on_its_way_back(self, till):
        payment = till.captured(1000)
        commands.refund(payment_id=payment.id, amount_minor=700, request_key="a", actor=ADA, now=till.now)

        with pytest.raises(PaymentNotRefundable) as refused:
            commands.refund(payment_id=payment.id, amount_minor=400, request_key="b", actor=ADA, now=till.now)

        assert refused.value.extra["left"] == 300

    def test_that_comes_back_from_the_bank_is_booked_back(self, till, published):
        payment = till.captured(1000, cards.REFUND_FAILS)
        assert till.refund(payment, 400).refunded_minor == 400

        till.hear()

        back = queries.payment(payment.id)
        assert (back.status, back.refunded_minor) == ("captured", 0)
        assert names(published)[-2:] == ["PaymentRefunded", "PaymentRefundRefused"]
        assert till.balances()["receivables"] == -1000


class TestAnAnswer:
    """Lost, late, twice or never: one effect."""

    def test_that_got_lost_is_asked_for_again_with_the_same_key(self, till, published):
        payment = till.authorised(method=cards.TIMEOUT)
        (operation,) = queries.operations_of(payment.id)
        assert (payment.status, operation.attempts, operation.state) == ("authorising", 1, "pending")

        payment = till.later(payment, minutes=1)

        assert payment.status == Payment.Status.AUTHORISED
        assert names(published) == ["PaymentStarted", "PaymentAuthorised"]

    def test_that_never_comes_is_told_by_a_call(self, till, published):
        payment = till.authorised(method=cards.SILENT)
        till.hear()
        assert queries.payment(payment.id).status == Payment.Status.AUTHORISED

        commands.capture(payment_id=payment.id, actor=ADA, now=till.now)
        till.worked(payment)
        till.hear()

        assert queries.payment(payment.id).captured_minor == 1000
        assert names(published) == ["PaymentStarted", "PaymentAuthorised", "PaymentCaptured"]
        assert till.balances()["receivables"] == -1000

    def test_that_is_told_twice_takes_effect_once(self, till, published):
        payment = till.refund(till.captured(method=cards.TWICE), 400)

        assert till.hear() == 6

        assert names(published).count("PaymentCaptured") == 1
        assert queries.payment(payment.id).refunded_minor == 400

    def test_that_is_not_decided_yet_is_looked_up_later(self, till):
        payment = till.authorised(method=cards.LATE)
        assert (payment.status, payment.reference[:3]) == ("authorising", "pi_")

        assert till.later(payment, minutes=2).status == Payment.Status.AUTHORISED

    def test_that_nobody_gives_for_too_long_is_left_to_a_person(self, till):
        payment = till.authorised(method=cards.SILENT)
        till.later(payment, hours=23)
        (operation,) = queries.operations_of(payment.id)
        assert operation.state == Operation.State.STUCK
        assert not commands.work_on(payment_id=payment.id, now=till.now)

        commands.ask_again(payment_id=payment.id, actor=ADA, now=till.now)

        assert commands.work_on(payment_id=payment.id, now=till.now)

    def test_is_asked_for_by_one_worker_at_a_time(self, till, monkeypatch):
        payment = till.authorise()
        from apps.business.payments.commands import working

        told = working._told

        def meanwhile(claimed):
            assert not commands.work_on(payment_id=payment.id, now=till.now)
            return told(claimed)

        monkeypatch.setattr(working, "_told", meanwhile)

        assert till.worked(payment).status == Payment.Status.AUTHORISED
