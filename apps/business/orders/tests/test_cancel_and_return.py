from decimal import Decimal

import pytest
from django.utils import timezone

from apps.business.inventory import queries as inventory
from apps.business.inventory.events import StockChanged
from apps.business.inventory.tests.factories import StockLevelFactory
from apps.business.orders import commands, queries
from apps.business.orders.commands import NewCredit, ReturnedLine
from apps.business.orders.errors import (
    InvalidReturn,
    OrderAlreadyReturned,
    OrderIsCancelled,
    OrderNotFound,
    OrderNumberTaken,
)
from apps.business.orders.events import CreditGiven, OrderCancelled, OrderReturned
from apps.business.orders.models import Order
from apps.business.orders.tests.factories import ADA, CustomerFactory, line, place, postage
from apps.core.errors import PreconditionFailed
from apps.core.tenancy import tenant

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("in_tenant")]
NOW = timezone.now()


def cancel(order, **rest):
    return commands.cancel_order(order_id=order.id, reason="changed my mind", actor=ADA, now=NOW, **rest)


def take_back(order, quantity=1, **changes):
    (bought,) = [row for row in queries.lines_of(order.id) if row.product_id]
    wish = ReturnedLine(line_id=bought.id, quantity=quantity, **changes)
    return commands.return_order_lines(order_id=order.id, lines=[wish], reason="broken", actor=ADA, now=NOW)


class TestCancelOrder:
    def test_puts_the_goods_back_and_announces_it_once_however_often_it_is_called(self, published):
        level = StockLevelFactory()
        order = place(line(level.product_id, 3))

        cancel(order)
        cancel(order)

        kept = queries.order(order.id)
        assert (kept.status, kept.cancelled_at, kept.cancel_reason) == ("cancelled", NOW, "changed my mind")
        assert inventory.on_hand([level.product_id]) == {level.product_id: 10}
        assert published.beside(StockChanged)[1:] == [
            OrderCancelled(
                order_id=order.id,
                number=order.number,
                reason="changed my mind",
                occurred_at=NOW,
                placed_at=order.placed_at,
                currency="GBP",
                total_minor=765,
            )
        ]

    def test_refuses_once_goods_came_back(self):
        order = place()
        take_back(order)

        with pytest.raises(OrderAlreadyReturned):
            cancel(order)

    def test_refuses_another_version(self):
        with pytest.raises(PreconditionFailed):
            cancel(place(), expected_version=9)

    def test_does_not_find_an_order_of_another_tenant(self, other_tenant_id):
        order = place()

        with tenant(other_tenant_id), pytest.raises(OrderNotFound):
            cancel(order)


class TestReturnOrderLines:
    def test_puts_the_goods_back_and_announces_it(self, published):
        level = StockLevelFactory()
        order = place(line(level.product_id, 3), postage())

        returned = take_back(order, 2)

        (bought, _) = queries.lines_of(order.id)
        assert (returned.total_minor, bought.returned_quantity) == (510, 2)
        assert inventory.on_hand([level.product_id]) == {level.product_id: 9}
        assert queries.order(order.id).status == Order.Status.PARTLY_RETURNED
        (_, told) = published.beside(StockChanged)
        assert (type(told), told.everything) == (OrderReturned, False)

    def test_is_complete_when_all_goods_are_back(self):
        order = place()

        take_back(order, 2)
        take_back(order, 1)

        assert queries.order(order.id).status == Order.Status.RETURNED

    def test_gives_back_piece_by_piece_exactly_what_was_paid(self):
        level = StockLevelFactory()
        level.product.unit_price_e4 = 25_555
        level.product.save()
        order = place(line(level.product_id, 3))

        assert sum(take_back(order).total_minor for _ in range(3)) == order.total_minor == 767

    def test_gives_back_what_a_credit_note_says(self):
        assert take_back(place(), 2, unit_price=Decimal("1.005")).total_minor == 201

    def test_refuses_more_than_was_bought(self, published):
        order = place()
        take_back(order, 2)

        with pytest.raises(InvalidReturn):
            take_back(order, 2)
        assert len(published.beside(StockChanged)) == 2

    def test_refuses_the_same_line_named_twice_beyond_what_was_bought(self):
        order = place()
        wish = ReturnedLine(line_id=queries.lines_of(order.id)[0].id, quantity=2)

        with pytest.raises(InvalidReturn):
            commands.return_order_lines(order_id=order.id, lines=[wish, wish], reason="", actor=ADA, now=NOW)

    def test_refuses_a_line_of_another_order_and_nothing_at_all(self):
        order, other = place(), place()
        foreign = ReturnedLine(line_id=queries.lines_of(other.id)[0].id, quantity=1)

        for lines in ([foreign], []):
            with pytest.raises(InvalidReturn):
                commands.return_order_lines(order_id=order.id, lines=lines, reason="", actor=ADA, now=NOW)

    def test_refuses_a_cancelled_order(self):
        order = place()
        cancel(order)

        with pytest.raises(OrderIsCancelled):
            take_back(order)

    def test_does_not_find_an_order_of_another_tenant(self, other_tenant_id):
        order = place()
        lines = [ReturnedLine(line_id=queries.lines_of(order.id)[0].id, quantity=1)]

        with tenant(other_tenant_id), pytest.raises(OrderNotFound):
            commands.return_order_lines(order_id=order.id, lines=lines, reason="", actor=ADA, now=NOW)


class TestGiveCredit:
    def give(self, *lines, **changes):
        wish = NewCredit(**{"lines": lines, "currency": "GBP", "number": "C1", **changes})
        return commands.give_credit(credit=wish, actor=ADA, now=NOW)

    def test_books_goods_and_money_that_went_back(self, published):
        level, customer = StockLevelFactory(), CustomerFactory()

        given = self.give(line(level.product_id, 2), postage("3.00"), customer_id=customer.id)

        assert given.total_minor == 510 + 300
        assert inventory.on_hand([level.product_id]) == {level.product_id: 12}
        assert published.beside(StockChanged) == [
            CreditGiven(
                order_return_id=given.id,
                number="C1",
                customer_id=customer.id,
                reason="",
                occurred_at=NOW,
                currency="GBP",
                total_minor=810,
            )
        ]

    def test_refuses_the_same_number_twice(self, published):
        level = StockLevelFactory()
        self.give(line(level.product_id))

        with pytest.raises(OrderNumberTaken):
            self.give(line(level.product_id))
        assert len(published.beside(StockChanged)) == 1
        assert inventory.on_hand([level.product_id]) == {level.product_id: 11}

    def test_refuses_to_take_anything(self):
        with pytest.raises(InvalidReturn):
            self.give(postage(quantity=-1))

    def test_sees_no_goods_of_another_tenant(self, other_tenant_id):
        level = StockLevelFactory()

        with tenant(other_tenant_id), pytest.raises(Exception, match="no such product"):
            self.give(line(level.product_id))
