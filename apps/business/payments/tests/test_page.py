"""A buyer pays on the provider's own page: the simulator's here, over its HTTP and its own form."""

from datetime import timedelta

import pytest
import time_machine
from django.test import Client

from apps.business.payments import commands, queries
from apps.business.payments.checks import check_time_to_pay
from apps.business.payments.errors import PaymentPageUnavailable
from apps.business.payments.models import Operation
from apps.business.payments.providers.port import PAGE
from apps.business.payments.providers.simulator import cards
from apps.business.payments.tests.conftest import ADA

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("in_tenant")]
BACK = {"title": "Tea: order 7", "paid_url": "http://testserver/paid", "cancelled_url": "http://testserver/"}
ALMOST, MINUTE = timedelta(minutes=30), timedelta(minutes=1)


@pytest.fixture
def payment(till):
    """Wanted, and asked about once: nobody was sent anywhere."""
    return till.worked(till.authorise(method=PAGE))


@pytest.fixture
def page_of(till, payment):
    return lambda: commands.page_for(payment_id=payment.id, **BACK, now=till.now)


@pytest.fixture
def back(till, payment):
    """The buyer has come back, and a worker has looked."""

    def look():
        commands.look_now(payment_id=payment.id, now=till.now)
        return till.worked(payment)

    return look


def pay(url, card=cards.GOOD):
    return Client().post(url, {"card": card})


class TestPage:
    def test_is_one_for_a_payment_and_shows_what_is_to_be_paid(self, page_of, payment):
        first, second = page_of(), page_of()

        shown = Client().get(first).content.decode()
        assert (payment.status, first) == ("authorising", second)
        assert ("£10.00" in shown, "Tea: order 7" in shown) == (True, True)

    def test_leads_back_once_it_is_paid_and_the_provider_is_asked(self, page_of, back, till, published):
        there = page_of()
        before = back().status

        answers = [pay(there) for _ in range(2)]
        paid, again = back(), back()

        assert [answer["Location"] for answer in answers] == [BACK["paid_url"]] * 2
        assert (before, paid.status, again.status) == ("authorising", "authorised", "authorised")
        assert [type(event).__name__ for event in published].count("PaymentAuthorised") == 1
        assert till.capture(paid).status == "captured"
        assert page_of() == ""

    def test_takes_another_card_where_one_is_declined(self, page_of, back, till):
        there = page_of()

        declined = pay(there, cards.NO_FUNDS)
        till.hear()
        between = back().status
        pay(there)

        assert (declined.status_code, "insufficient funds" in declined.content.decode()) == (402, True)
        assert (between, back().status) == ("authorising", "authorised")

    def test_is_known_to_be_paid_before_the_buyer_is_back(self, page_of, back, till, payment, published):
        pay(page_of())

        till.hear()
        told = queries.payment(payment.id).status

        assert (told, back().status, till.hear()) == ("authorised", "authorised", 0)
        assert [type(event).__name__ for event in published].count("PaymentAuthorised") == 1

    def test_that_nobody_opens_is_given_up(self, page_of, till, payment):
        waiting = till.later(payment, minutes=30).status
        till.now += MINUTE
        too_late = page_of()

        assert (waiting, too_late) == ("authorising", "")
        given_up = till.worked(payment)
        assert (given_up.status, given_up.decline_code) == ("declined", "page_not_opened")

    def test_is_open_for_as_long_whoever_comes_late(self, page_of, till, payment):
        till.now += ALMOST
        there = page_of()
        till.now += ALMOST

        assert page_of() == there
        assert till.worked(payment).status == "authorising"

    def test_on_which_nobody_pays_is_over_after_a_while(self, page_of, till, payment):
        there = page_of()

        with time_machine.travel(till.now + ALMOST + MINUTE, tick=False):
            given_up = till.later(payment, minutes=31)
            over = pay(there)

        assert (given_up.status, given_up.decline_code) == ("declined", "page_expired")
        assert "This page is over" in over.content.decode()

    def test_is_the_same_where_nobody_noted_it_the_first_time(self, page_of, till, payment):
        """Whoever asked died before: a provider that is asked something else with the same key refuses."""
        till.now += ALMOST
        there = page_of()
        Operation.objects.in_tenant().update(reference="")
        till.now += MINUTE

        assert till.worked(payment).status == "authorising"
        assert page_of() == there

    def test_that_somebody_gives_up_is_closed_at_once(self, page_of, till, payment, published):
        there = page_of()

        commands.void(payment_id=payment.id, actor=ADA, now=till.now)
        nowhere, given_up = page_of(), till.worked(payment)

        assert (nowhere, given_up.status, given_up.decline_code) == ("", "declined", "page_closed")
        assert "This page is over" in pay(there).content.decode()
        assert till.hear() == 1
        assert [type(event).__name__ for event in published].count("PaymentDeclined") == 1

    def test_that_nobody_opened_is_given_up_without_asking_anybody(self, page_of, till, payment):
        given_up = till.void(payment)

        assert (given_up.status, given_up.decline_code, page_of()) == ("declined", "page_closed", "")

    def test_on_which_somebody_paid_before_it_was_given_up_gives_the_money_back(
        self, page_of, till, payment, published
    ):
        pay(page_of())

        given_up = till.void(payment)

        assert given_up.status == "voided"
        told = [type(event).__name__ for event in published if type(event).__name__.startswith("Payment")]
        assert told == ["PaymentAuthorised", "PaymentVoided"]

    def test_cannot_be_shorter_than_the_provider_allows(self, page_of, settings):
        settings.PAYMENT_PAGE_S = 1800

        assert [error.id for error in check_time_to_pay()] == ["payments.E001"]

    def test_is_unavailable_while_nobody_can_be_asked(self, page_of, settings):
        settings.PAYMENT_SIMULATOR = False

        with pytest.raises(PaymentPageUnavailable):
            page_of()

    def test_of_another_payment_or_none_is_not_there(self, till, payment):
        by_card = till.authorise(method=cards.LATE)

        assert commands.page_for(payment_id=by_card.id, **BACK, now=till.now) == ""
        assert Client().get(f"/pay/{payment.id}/cs_simulated_0").status_code == 404
