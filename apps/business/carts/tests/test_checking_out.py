"""From a cart to an order."""

import pytest
from django.utils import timezone

from apps.business.carts import commands, queries
from apps.business.carts.errors import CartNotFound, InvalidCheckout, TotalChanged
from apps.business.carts.models import Cart
from apps.business.carts.tests.factories import add, checkout, goods, open_shop, person
from apps.business.carts.visitors import Visitor
from apps.business.inventory import queries as inventory
from apps.business.inventory.errors import StockShort
from apps.business.orders import queries as orders
from apps.business.orders.tests.factories import address, way

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("in_tenant")]
IDA = commands.Buyer(name="Ida Vogel", email="ida@vogel.test")


@pytest.fixture(autouse=True)
def shop(in_tenant):
    return open_shop()


def cart_id(visitor):
    return queries.cart_of(visitor).id


def placed(published):
    return [event.order_id for event in published if type(event).__name__ == "OrderPlaced"]


def buy(visitor, *, of=None, **changes):
    return commands.check_out(
        cart_id=of or cart_id(visitor),
        visitor=visitor,
        buyer=IDA,
        checkout=checkout(**changes),
        currency="GBP",
        now=timezone.now(),
    )


class TestCheckOut:
    def test_places_the_order_of_what_lies_in_the_cart_and_empties_it(self):
        pot, method = goods(), way()
        guest = add(Visitor(), pot, 3)

        order = orders.order(buy(guest, shipping_method_id=method.id, agreed_total_minor=750 + 495))

        assert (order.total_minor, order.source, order.customer.name) == (750 + 495, "shop", "Ida Vogel")
        assert order.ships_to == address()
        assert inventory.on_hand([pot.id]) == {pot.id: 7}
        assert queries.cart_of(guest) is None

    def test_places_one_order_however_often_it_is_sent(self, published):
        guest = add(Visitor(), goods())
        cart = cart_id(guest)

        assert buy(guest, of=cart) == buy(guest, of=cart)
        assert len(placed(published)) == orders.customers().count() == 1

    def test_refuses_another_total_than_was_agreed_to_and_leaves_nothing_behind(self, published):
        guest = add(Visitor(), goods())

        with pytest.raises(TotalChanged) as refused:
            buy(guest, agreed_total_minor=1)

        assert refused.value.total_minor == 250
        assert len(placed(published)) == orders.customers().count() == 0
        assert orders.order(buy(guest, agreed_total_minor=250)).number == "SO-000001"

    def test_knows_a_person_again_and_never_a_guest(self):
        pot, somebody = goods(), person()
        bought = [buy(add(visitor, pot)) for visitor in (somebody, somebody, Visitor(), Visitor())]

        customers = [orders.order(order_id).customer_id for order_id in bought]
        assert customers[0] == customers[1]
        assert len(set(customers)) == 3
        assert queries.usual_address(somebody) == address()

    def test_refuses_an_empty_cart_too_little_stock_and_nothing_to_pay_with(self):
        somebody, pot = person(), goods(on_hand=1)
        commands.begin(visitor=somebody, currency="GBP", now=timezone.now())
        with pytest.raises(InvalidCheckout):
            buy(somebody)
        add(somebody, pot, 2)
        with pytest.raises(StockShort):
            buy(somebody)
        open_shop(sells_on_account=False)
        with pytest.raises(InvalidCheckout) as refused:
            buy(somebody)
        assert list(refused.value.errors) == ["payment_method"]

    def test_finds_nobody_elses_cart(self):
        guest = add(Visitor(), goods())

        for stranger in (person(), Visitor(), Visitor(token="x")):
            with pytest.raises(CartNotFound):
                buy(stranger, of=cart_id(guest))

    def test_is_over_for_a_cart_that_went_into_ones_own(self):
        guest, somebody = add(Visitor(), goods()), person()
        cart = cart_id(guest)
        commands.adopt(visitor=somebody, token=guest.token, currency="GBP", now=timezone.now())

        with pytest.raises(CartNotFound):
            buy(guest, of=cart)
        assert buy(somebody)
        assert set(Cart.objects.in_tenant().values_list("status", flat=True)) == {"merged", "ordered"}

    def test_says_beforehand_what_it_will_cost_and_writes_nothing(self, published):
        method = way(free_from_minor=500)
        guest = add(Visitor(), goods(), 2)
        contents = queries.contents_of(guest, currency="GBP", now=timezone.now())

        quoted = commands.quote(contents=contents, checkout=checkout(shipping_method_id=method.id), now=timezone.now())

        assert (quoted.order.total_minor, quoted.order.shipping_minor, placed(published)) == (500, 0, [])
        assert orders.order(buy(guest, shipping_method_id=method.id)).total_minor == quoted.order.total_minor
