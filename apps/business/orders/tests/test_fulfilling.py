"""An order's money comes in and goes back, its goods leave and arrive; its row is what its events say."""

from __future__ import annotations

from uuid import uuid4

import pytest
from django.utils import timezone

from apps.business.inventory.tests.factories import StockLevelFactory
from apps.business.orders import commands, queries
from apps.business.orders.errors import InvalidShipment, OrderAlreadyShipped, OrderIsCancelled, ShipmentNotFound
from apps.business.orders.models import OrderSummary
from apps.business.orders.tests.factories import ADA, line, place, postage
from apps.business.orders.tests.test_cancel_and_return import cancel

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("in_tenant")]


@pytest.fixture
def order():
    """Three pieces of one thing, one of another, and postage."""
    return place(line(StockLevelFactory().product_id, 3), line(StockLevelFactory().product_id, 1), postage())


def ship(order, *quantities, shipment_id=None, now=None):
    """So many of each line of goods."""
    goods = [row for row in queries.lines_of(order.id) if row.product_id]
    chosen = {row.id: count for row, count in zip(goods, quantities, strict=False) if count}
    return commands.note_shipped(
        order_id=order.id,
        shipment_id=shipment_id or uuid4(),
        quantities=chosen,
        carrier="DHL",
        tracking_number="00340",
        actor=ADA,
        now=now or timezone.now(),
    )


def deliver(order, shipment_id):
    return commands.note_delivered(order_id=order.id, shipment_id=shipment_id, actor=ADA, now=timezone.now())


def pay(order, authorised=0, captured=0, refunded=0):
    return commands.note_payment(
        order_id=order.id,
        authorised_minor=authorised,
        captured_minor=captured,
        refunded_minor=refunded,
        actor=ADA,
        now=timezone.now(),
    )


class TestShipping:
    def test_in_parts_is_told_step_by_step(self, order):
        first, second = uuid4(), uuid4()
        told = [ship(order, 2, shipment_id=first), deliver(order, first), ship(order, 1, 1, shipment_id=second)]
        told.append(deliver(order, second))

        assert [state.fulfilment_status for state in told] == [
            "partly_shipped",
            "partly_shipped",
            "shipped",
            "delivered",
        ]
        assert [row.shipped_quantity for row in queries.lines_of(order.id)] == [3, 1, 0]

    def test_once_however_often_it_is_told(self, order, published):
        parcel = uuid4()
        for _ in range(2):
            ship(order, 1, shipment_id=parcel)
            deliver(order, parcel)

        assert [type(event).__name__ for event in published] == ["OrderShipped", "OrderDelivered"]

    @pytest.mark.parametrize("quantities", [(), (4,), (0, -1)])
    def test_more_than_is_owed_is_refused(self, order, quantities):
        with pytest.raises(InvalidShipment):
            ship(order, *quantities)

    def test_of_what_was_cancelled_is_refused(self, order):
        cancel(order)

        with pytest.raises(OrderIsCancelled):
            ship(order, 1)

    def test_ends_the_time_in_which_it_can_be_cancelled(self, order):
        ship(order, 1)

        with pytest.raises(OrderAlreadyShipped):
            cancel(order)

    def test_of_a_parcel_that_nobody_sent_has_not_arrived(self, order):
        with pytest.raises(ShipmentNotFound):
            deliver(order, uuid4())


class TestPayment:
    def test_is_told_from_the_first_word_of_the_bank_to_the_last_refund(self, order):
        total = order.total_minor
        told = [
            pay(order),
            pay(order, authorised=total),
            pay(order, authorised=total, captured=total),
            pay(order, authorised=total, captured=total, refunded=100),
            pay(order, authorised=total, captured=total, refunded=total),
        ]

        words = ["unpaid", "authorised", "paid", "partly_refunded", "refunded"]
        assert [state.payment_status for state in told] == words

    def test_that_was_let_go_leaves_it_unpaid(self, order):
        pay(order, authorised=order.total_minor)

        assert pay(order).payment_status == "unpaid"

    def test_is_told_once_and_late_news_change_nothing(self, order, published):
        total = order.total_minor
        for captured in (total, total, 0):
            pay(order, authorised=total, captured=captured)

        told = [type(event).__name__ for event in published]
        assert told == ["OrderPaymentAuthorised", "OrderPaid"]

    def test_that_went_back_and_came_back_is_ours_again(self, drain, order):
        total, said = order.total_minor, []
        for refunded in (total, 100, 0):
            pay(order, authorised=total, captured=total, refunded=refunded)
            drain()
            said.append(OrderSummary.objects.in_tenant().get(id=order.id).payment_status)

        assert said == ["refunded", "partly_refunded", "paid"]
        assert queries.order(order.id).payment_status == "paid"

    def test_shows_in_the_list(self, drain, order):
        parcel = uuid4()
        pay(order, authorised=order.total_minor, captured=order.total_minor)
        ship(order, 3, 1, shipment_id=parcel)
        deliver(order, parcel)
        drain()

        listed = OrderSummary.objects.in_tenant().get(id=order.id)
        assert (listed.status, listed.payment_status, listed.fulfilment_status) == ("placed", "paid", "delivered")
