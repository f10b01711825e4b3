from __future__ import annotations

import random
from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from apps.business.inventory.tests.factories import StockLevelFactory
from apps.business.orders import commands, customer_history, queries
from apps.business.orders.handlers import CUSTOMER_HISTORY
from apps.business.orders.models import PurchaseHistory
from apps.business.orders.tests.factories import ADA, CustomerFactory, line, place
from apps.business.orders.tests.test_cancel_and_return import cancel, take_back

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("in_tenant")]
NOW = timezone.now()


def shown():
    columns = ("customer_id", "order_count", "spent_minor", "returned_minor", "first_ordered_at", "last_ordered_at")
    return {row[0]: row[1:] for row in PurchaseHistory.objects.in_tenant().values_list(*columns)}


def heard(published):
    """What the projection hears of, in the order in which it happened."""
    return [one for one in published.envelopes() if one.event_type in CUSTOMER_HISTORY.event_types]


class Shop:
    """Random purchases, and what the histories must be: counted from the outcomes, never from events."""

    def __init__(self, seed):
        self.chance = random.Random(seed)
        self.customers = [CustomerFactory().id for _ in range(2)]
        self.product = StockLevelFactory(on_hand=1000).product_id
        self.orders = []
        self.wanted = {}

    def live(self, steps):
        for step in range(steps):
            kept = [order for order in self.orders if order.customer_id and order.status == "placed"]
            self.chance.choice([self.buy, self.buy, self.cancel, self.bring_back, self.credit])(step, kept)

    def buy(self, step, kept):
        buyer, at = self.chance.choice([*self.customers, None]), NOW - timedelta(days=self.chance.randrange(90))
        order = place(line(self.product, self.chance.randrange(2, 6)), customer_id=buyer, placed_at=at)
        self.orders.append(order)
        if buyer:
            count, spent, returned, first, last = self.of(buyer)
            first, last = min(first or at, at), max(last or at, at)
            self.wanted[buyer] = (count + 1, spent + order.total_minor, returned, first, last)

    def cancel(self, step, kept):
        if kept:
            order = self.chance.choice(kept)
            cancel(order)
            order.status = "cancelled"
            count, spent, *rest = self.of(order.customer_id)
            self.wanted[order.customer_id] = (count - 1, spent - order.total_minor, *rest)

    def bring_back(self, step, kept):
        if kept:
            order = self.chance.choice(kept)
            self.give(order.customer_id, take_back(order, 1).total_minor)
            order.status = "partly_returned"

    def credit(self, step, kept):
        owed = commands.NewLine(kind="manual", description="Goodwill", unit_price=Decimal(5))
        wish = commands.NewCredit(lines=[owed], currency="GBP", customer_id=self.customers[0])
        self.give(self.customers[0], commands.give_credit(credit=wish, actor=ADA, now=NOW).total_minor)

    def give(self, buyer, amount):
        count, spent, returned, *rest = self.of(buyer)
        self.wanted[buyer] = (count, spent, returned + amount, *rest)

    def of(self, buyer):
        return self.wanted.get(buyer, (0, 0, 0, None, None))


class TestCustomerHistory:
    @pytest.mark.parametrize("seed", range(3))
    def test_is_what_was_bought_and_brought_back_one_by_one_and_together(self, published, seed):
        shop = Shop(seed)
        shop.live(14)
        events = heard(published)

        for envelope in events:
            customer_history.note(envelope.event())
        one_by_one = shown()
        PurchaseHistory.objects.in_tenant().delete()
        shop.chance.shuffle(events)
        customer_history.note_many(events)

        assert one_by_one == shown() == shop.wanted

    def test_is_kept_by_its_group(self, drain):
        customer = CustomerFactory().id
        first, second = place(customer_id=customer), place(customer_id=customer)
        cancel(second)
        drain()

        (history,) = queries.history_of_customer(customer)
        assert (history.order_count, history.average_minor, history.currency) == (1, first.total_minor, "GBP")

    def test_has_no_average_without_orders(self):
        assert PurchaseHistory(order_count=0, spent_minor=0).average_minor is None

    def test_of_a_customer_without_orders_is_empty(self):
        assert queries.history_of_customer(CustomerFactory().id) == []


class TestShown:
    def test_in_the_api_and_on_the_page_of_an_order(self, drain, api_client, browser):
        customer = CustomerFactory().id
        order = place(customer_id=customer)
        drain()

        (shown,) = api_client("viewer").get(f"/api/v1/customers/{customer}/history").json()["data"]
        page = browser("viewer").get(f"/orders/{order.id}/").content.decode()

        assert (shown["order_count"], shown["spent_minor"]) == (1, order.total_minor)
        assert "Customer history" in page

    def test_not_to_another_company(self, api_client, other_tenant_id):
        customer = CustomerFactory().id

        stranger = api_client("owner", tenant_id=other_tenant_id)
        assert stranger.get(f"/api/v1/customers/{customer}/history").status_code == 404
