from datetime import timedelta
from uuid import uuid4

import pytest
from django.utils import timezone

from apps.business.catalog.tests.factories import ProductFactory
from apps.business.inventory import commands, queries
from apps.business.inventory.errors import InvalidMovement, NothingReserved, Shortage, StockShort
from apps.business.inventory.events import (
    BackOrderFilled,
    ReservationExpired,
    ReservationReleased,
    ReservedGoodsPart,
    StockChanged,
    StockReserved,
)
from apps.business.inventory.models import Reservation
from apps.business.inventory.tests.factories import StockLevelFactory, WarehouseFactory
from apps.core.events import unit_of_work
from apps.core.tenancy import tenant

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("in_tenant")]


@pytest.fixture
def reserve(occasion):
    def make(quantities, order_id=None, **options):
        options = {"order_id": order_id or uuid4(), "occasion": occasion(), **options}
        return commands.reserve(quantities=quantities, **options)

    return make


def held(order_id):
    """What is open for an order: how many by warehouse, None for those that are back-ordered."""
    reservation = queries.open_reservation(order_id)
    goods = queries.goods_of(reservation.id) if reservation else []
    return {line.warehouse_id: line.quantity for line in goods}


def stock(product_id):
    """(on hand, reserved) by warehouse."""
    return {level.warehouse_id: (level.on_hand, level.reserved) for level in queries.levels_of(product_id)}


def two_warehouses(near=3, far=10, **product):
    """A product in two warehouses, of which the first is asked first."""
    product = ProductFactory(**product)
    first = StockLevelFactory(product=product, warehouse=WarehouseFactory(priority=1), on_hand=near)
    second = StockLevelFactory(product=product, warehouse=WarehouseFactory(priority=2), on_hand=far)
    return product, first.warehouse_id, second.warehouse_id


class TestReserve:
    def test_promises_goods_that_nobody_else_can_have_then(self, reserve, occasion, published):
        level, order_id = StockLevelFactory(), uuid4()

        reservation = reserve({level.product_id: 7}, order_id)

        assert queries.available([level.product_id]) == {level.product_id: 3}
        with pytest.raises(StockShort) as refused, unit_of_work(Reservation):
            commands.take(quantities={level.product_id: 4}, occasion=occasion())
        assert refused.value.shortages == (Shortage(level.product_id, level.product.sku, 4, 3),)
        part = ReservedGoodsPart(
            product_id=level.product_id, quantity=7, warehouse_id=queries.levels_of(level.product_id)[0].warehouse_id
        )
        assert published.beside(StockChanged) == [
            StockReserved(reservation_id=reservation.id, order_id=order_id, goods=[part])
        ]

    def test_goes_to_the_warehouses_by_priority_and_to_several_where_one_has_too_few(self, reserve):
        product, near, far = two_warehouses(near=3, far=10)
        small, large = uuid4(), uuid4()

        reserve({product.id: 2}, small)
        reserve({product.id: 4}, large)

        assert held(small) == {near: 2}
        assert held(large) == {near: 1, far: 3}
        assert stock(product.id) == {near: (3, 3), far: (10, 3)}

    def test_refuses_naming_every_short_product_and_promises_nothing(self, reserve, published):
        enough, short = StockLevelFactory(), StockLevelFactory(on_hand=1)
        never_had = ProductFactory()

        with pytest.raises(StockShort) as refused:
            reserve({enough.product_id: 1, short.product_id: 2, never_had.id: 3})

        assert {shortage.product_id for shortage in refused.value.shortages} == {short.product_id, never_had.id}
        assert queries.available([enough.product_id]) == {enough.product_id: 10}
        assert published == []

    def test_refuses_less_than_one(self, reserve):
        with pytest.raises(InvalidMovement):
            reserve({StockLevelFactory().product_id: 0})

    def test_keeps_an_open_reservation_as_it_is_when_repeated(self, reserve, published):
        level, order_id = StockLevelFactory(), uuid4()

        first = reserve({level.product_id: 2}, order_id)
        second = reserve({level.product_id: 2}, order_id)

        assert (first.id, len(published.beside(StockChanged))) == (second.id, 1)
        assert queries.available([level.product_id]) == {level.product_id: 8}

    def test_sees_no_stock_of_another_tenant(self, reserve, other_tenant_id):
        level = StockLevelFactory()

        with tenant(other_tenant_id), pytest.raises(StockShort):
            reserve({level.product_id: 1})

    def test_costs_the_same_however_many_products(self, occasion, django_assert_num_queries):
        levels = [StockLevelFactory() for _ in range(5)]

        with unit_of_work(Reservation), django_assert_num_queries(9, using="business"):
            commands.reserve(
                order_id=uuid4(), quantities={level.product_id: 1 for level in levels}, occasion=occasion()
            )


class TestRelease:
    def test_makes_the_goods_available_again_and_repeats_without_effect(self, reserve, occasion, published):
        level, order_id = StockLevelFactory(), uuid4()
        reservation = reserve({level.product_id: 7}, order_id)

        for _ in range(2):
            commands.release(order_id=order_id, occasion=occasion())

        assert queries.available([level.product_id]) == {level.product_id: 10}
        assert published.beside(StockChanged, StockReserved) == [
            ReservationReleased(reservation_id=reservation.id, order_id=order_id)
        ]

    def test_lets_the_order_reserve_anew(self, reserve, occasion):
        level, order_id = StockLevelFactory(), uuid4()
        reserve({level.product_id: 7}, order_id)
        commands.release(order_id=order_id, occasion=occasion())

        reserve({level.product_id: 2}, order_id)

        assert sum(held(order_id).values()) == 2

    def test_hands_the_goods_to_who_waits_for_them(self, reserve, occasion):
        level, first, second = StockLevelFactory(), uuid4(), uuid4()
        commands.allow_back_orders(product_id=level.product_id, at_most=5, actor=occasion().actor)
        reserve({level.product_id: 10}, first)
        reserve({level.product_id: 4}, second)

        commands.release(order_id=first, occasion=occasion())

        assert list(held(second).values()) == [4]
        assert None not in held(second)
        assert queries.available([level.product_id]) == {level.product_id: 6}


class TestTakeReserved:
    def test_makes_a_sale_of_it_when_the_goods_leave(self, reserve, occasion):
        product, near, far = two_warehouses(near=3, far=10)
        order_id = uuid4()
        reserve({product.id: 4}, order_id)

        for _ in range(2):  # a repetition changes nothing
            commands.take_reserved(order_id=order_id, occasion=occasion(order_id=order_id))

        assert stock(product.id) == {near: (0, 0), far: (9, 0)}
        ledger = {(m.warehouse_id, m.kind, m.quantity, m.order_id) for m in queries.movements(product.id)}
        assert ledger == {(near, "sale", -3, order_id), (far, "sale", -1, order_id)}
        assert queries.open_reservation(order_id) is None

    def test_takes_a_part_and_keeps_the_rest(self, reserve, occasion):
        product, near, far = two_warehouses(near=3, far=10)
        order_id = uuid4()
        reserve({product.id: 5}, order_id)

        commands.take_reserved(order_id=order_id, quantities={product.id: 4}, occasion=occasion())

        assert held(order_id) == {far: 1}
        assert stock(product.id) == {near: (0, 0), far: (9, 1)}

    def test_refuses_more_than_is_reserved_although_there_is_more(self, reserve, occasion):
        level, order_id = StockLevelFactory(), uuid4()
        reserve({level.product_id: 2}, order_id)

        with pytest.raises(StockShort):
            commands.take_reserved(order_id=order_id, quantities={level.product_id: 3}, occasion=occasion())

        assert sum(held(order_id).values()) == 2

    def test_refuses_what_was_never_reserved_or_was_given_up(self, reserve, occasion):
        level, order_id = StockLevelFactory(), uuid4()
        reserve({level.product_id: 2}, order_id)
        commands.release(order_id=order_id, occasion=occasion())

        for unknown in (order_id, uuid4()):
            with pytest.raises(NothingReserved):
                commands.take_reserved(order_id=unknown, occasion=occasion())

    def test_what_comes_back_goes_where_it_was_taken_from(self, reserve, occasion):
        product, near, far = two_warehouses(near=3, far=10)
        order_id = uuid4()
        reserve({product.id: 4}, order_id)
        commands.take_reserved(order_id=order_id, occasion=occasion(order_id=order_id))

        with unit_of_work(Reservation):
            commands.put_back(quantities={product.id: 4}, occasion=occasion(order_id=order_id))

        assert stock(product.id).items() >= {near: (3, 0), far: (10, 0)}.items()


class TestBackOrders:
    @pytest.fixture
    def product(self, occasion):
        """None is there, and five may be waited for."""
        product = ProductFactory()
        commands.allow_back_orders(product_id=product.id, at_most=5, actor=occasion().actor)
        return product

    def test_are_promised_up_to_what_the_product_allows(self, product, reserve):
        order_id = uuid4()
        reserve({product.id: 3}, order_id)

        with pytest.raises(StockShort) as refused:
            reserve({product.id: 3})

        assert held(order_id) == {None: 3}
        assert refused.value.shortages[0].available == 2

    def test_are_filled_by_receipts_the_oldest_first(self, product, reserve, occasion, published):
        first, second = uuid4(), uuid4()
        reservation = reserve({product.id: 2}, first)
        reserve({product.id: 3}, second)

        commands.receive(product_id=product.id, quantity=4, occasion=occasion())

        (level,) = queries.levels_of(product.id)
        assert held(first) == {level.warehouse_id: 2}
        assert held(second) == {level.warehouse_id: 2, None: 1}
        assert (level.on_hand, level.reserved) == (4, 4)
        filled = [event for event in published if isinstance(event, BackOrderFilled)]
        assert [(event.order_id, event.quantity) for event in filled] == [(first, 2), (second, 2)]
        assert filled[0].reservation_id == reservation.id

    def test_leave_when_they_have_come(self, product, reserve, occasion):
        order_id = uuid4()
        reserve({product.id: 3}, order_id)
        commands.receive(product_id=product.id, quantity=2, occasion=occasion())

        commands.take_reserved(order_id=order_id, occasion=occasion())
        assert held(order_id) == {None: 1}
        commands.receive(product_id=product.id, quantity=2, occasion=occasion())
        commands.take_reserved(order_id=order_id, occasion=occasion())

        assert queries.open_reservation(order_id) is None
        assert queries.on_hand([product.id]) == {product.id: 1}


class TestExpire:
    def test_gives_up_what_was_not_taken_in_time_once(self, reserve, published):
        level, now, order_id = StockLevelFactory(), timezone.now(), uuid4()
        reservation = reserve({level.product_id: 4}, order_id, expires_at=now)

        outcomes = [commands.expire(reservation_id=reservation.id, now=now) for _ in range(2)]

        assert outcomes == [True, False]
        assert queries.available([level.product_id]) == {level.product_id: 10}
        assert published.beside(StockChanged, StockReserved) == [
            ReservationExpired(reservation_id=reservation.id, order_id=order_id)
        ]

    def test_leaves_alone_what_has_time_left_or_no_end(self, reserve):
        level, now = StockLevelFactory(), timezone.now()
        kept = [reserve({level.product_id: 1}, expires_at=end) for end in (None, now + timedelta(seconds=1))]

        assert [commands.expire(reservation_id=one.id, now=now) for one in kept] == [False, False]
