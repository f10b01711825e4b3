import threading
from io import BytesIO
from uuid import uuid4

import pytest
from django.db import close_old_connections
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pypdf import PdfReader

from apps.business.inventory import commands as inventory
from apps.business.inventory import queries as stock
from apps.business.inventory.tests.factories import StockLevelFactory
from apps.business.orders import queries as orders
from apps.business.orders.errors import OrderIsCancelled
from apps.business.orders.tests.factories import ADA, CustomerFactory, line, place, postage
from apps.business.orders.tests.test_cancel_and_return import cancel, take_back
from apps.business.shipping import commands, queries
from apps.business.shipping.errors import InvalidShipment, ShipmentHasMovedOn, ShipmentNotFound
from apps.business.shipping.events import ShipmentDelivered, ShipmentShipped
from apps.business.shipping.models import ShipmentLine
from apps.business.shipping.paper import packing_slip_of
from apps.core.tenancy import tenant

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("in_tenant")]


def line_of(order):
    return orders.lines_of(order.id)[0].id


def ship(order, quantity=1, **changes):
    lines = {line_of(order): quantity}
    return commands.ship(**{"order_id": order.id, "lines": lines, "actor": ADA, "now": timezone.now(), **changes})


def pack(order, quantity=1, **changes):
    return commands.pack(order_id=order.id, lines={line_of(order): quantity}, actor=ADA, **changes)


def send(shipment):
    return commands.send(shipment_id=shipment.id, actor=ADA, now=timezone.now())


def deliver(shipment):
    return commands.deliver(shipment_id=shipment.id, actor=ADA, now=timezone.now())


def fulfilment_of(order):
    return orders.order(order.id).fulfilment_status


def sent_of(order):
    return sum(row.quantity for row in ShipmentLine.objects.in_tenant().filter(shipment__order_id=order.id))


def ready_of(order):
    """How much of each line is owed, and how much of that can leave now."""
    return [(line.quantity, line.ready) for line in queries.owed(order.id)]


def moment():
    return inventory.Occasion(actor=ADA, occurred_at=timezone.now(), recorded_at=timezone.now())


class TestShip:
    def test_tells_the_order_parcel_by_parcel(self):
        order = place()
        states = []
        for quantity in (1, 2):
            states.append((ship(order, quantity).number, fulfilment_of(order)))

        assert states == [(f"{order.number}-1", "partly_shipped"), (f"{order.number}-2", "shipped")]
        assert queries.owed(order.id) == []

    def test_announces_what_is_on_its_way(self, published):
        order = place()
        parcel = ship(order, 2, carrier="DHL", tracking_number="JD01", tracking_link="https://track.example/JD01")

        (told,) = [event for event in published if isinstance(event, ShipmentShipped)]
        assert (told.shipment_id, told.carrier, told.tracking_number) == (parcel.id, "DHL", "JD01")
        assert [part.quantity for part in told.lines] == [2]

    def test_is_safe_to_repeat_with_the_same_id(self, published):
        order, shipment_id = place(), uuid4()

        first, second = ship(order, 3, shipment_id=shipment_id), ship(order, 3, shipment_id=shipment_id)

        assert first == second
        assert len([event for event in published if isinstance(event, ShipmentShipped)]) == 1

    @pytest.mark.parametrize("quantity", [0, -1, 4])
    def test_refuses_more_than_is_owed_or_nothing(self, quantity):
        order = place()

        with pytest.raises(InvalidShipment):
            ship(order, quantity)

        assert sent_of(order) == 0

    def test_refuses_what_is_packed_already(self):
        order = place()
        pack(order, 2)

        with pytest.raises(InvalidShipment):
            ship(order, 2)

    def test_refuses_what_came_back_and_what_cannot_be_sent(self):
        order = place(line(StockLevelFactory().product_id, 3), postage())
        take_back(order, 2)

        for lines in ({line_of(order): 2}, {orders.lines_of(order.id)[1].id: 1}, {uuid4(): 1}, {}):
            with pytest.raises(InvalidShipment):
                ship(order, lines=lines)

    def test_refuses_a_cancelled_order_and_a_link_that_is_none(self):
        order, other = place(), place()
        waiting = pack(order)
        cancel(order)

        with pytest.raises(OrderIsCancelled):
            ship(order)
        with pytest.raises(OrderIsCancelled):
            send(waiting)
        with pytest.raises(InvalidShipment):
            ship(other, tracking_link="javascript:alert(1)")

    def test_does_not_find_what_another_tenant_ships(self, other_tenant_id):
        parcel = ship(place())

        with tenant(other_tenant_id):
            assert list(queries.shipments()) == []
            with pytest.raises(ShipmentNotFound):
                deliver(parcel)

    @settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
    @given(st.lists(st.tuples(st.sampled_from(["pack", "ship", "unpack", "return"]), st.integers(1, 4)), max_size=8))
    def test_never_more_than_was_ordered_whatever_is_tried(self, tries):
        order, packed = place(line(StockLevelFactory().product_id, 6)), []
        for deed, quantity in tries:
            try:
                if deed == "pack":
                    packed.append(pack(order, quantity))
                elif deed == "ship":
                    ship(order, quantity)
                elif deed == "return":
                    take_back(order, quantity)
                elif packed:
                    commands.unpack(shipment_id=packed.pop().id, actor=ADA)
            except Exception as refused:
                assert type(refused).__name__ in {"InvalidShipment", "InvalidReturn"}
            assert sent_of(order) <= 6
            assert orders.lines_of(order.id)[0].shipped_quantity <= 6


class TestReservedGoods:
    def test_leave_the_stock_with_their_parcel(self):
        product = StockLevelFactory(on_hand=10).product_id
        order = place(line(product, 3))
        inventory.reserve(order_id=order.id, quantities={product: 3}, occasion=moment())
        before = stock.on_hand([product])[product]

        ship(order, 2)

        assert (before, stock.on_hand([product])[product]) == (7, 5)

    def test_of_an_order_that_reserved_nothing_left_when_it_was_placed(self):
        product = StockLevelFactory(on_hand=10).product_id
        ship(place(line(product, 3)), 3)

        assert stock.on_hand([product])[product] == 7


class TestGoodsThatSomeoneWaitsFor:
    def test_go_into_a_parcel_once_they_have_come_in(self):
        product, occasion = StockLevelFactory(on_hand=3).product_id, moment()
        inventory.allow_back_orders(product_id=product, at_most=9, actor=ADA)
        order = place(line(product, 3), line(product, 2))
        first, second = (row.id for row in orders.lines_of(order.id))

        before = ready_of(order)
        with pytest.raises(InvalidShipment, match=r"^lines.* can leave now; 2 must come in first"):
            commands.pack(order_id=order.id, lines={second: 1}, actor=ADA)
        commands.pack(order_id=order.id, lines={first: 2}, actor=ADA)
        packed = ready_of(order)
        ship(order, lines={first: 1})
        sent = ready_of(order)
        inventory.receive(product_id=product, quantity=1, occasion=occasion)
        commands.pack(order_id=order.id, lines={second: 1}, actor=ADA)

        assert (before, packed) == ([(3, 3), (2, 0)], [(1, 1), (2, 0)])
        assert (sent, ready_of(order)) == ([(2, 0)], [(1, 0)])


class TestAParcel:
    def test_waits_until_it_is_sent(self):
        order = place()
        parcel = pack(order, 3)
        before = (parcel.status, fulfilment_of(order))

        send(parcel)

        assert before == ("ready", "unfulfilled")
        assert (send(parcel).status, fulfilment_of(order)) == ("shipped", "shipped")

    def test_can_be_unpacked_until_then(self):
        order = place()
        parcel = pack(order, 3)
        commands.unpack(shipment_id=parcel.id, actor=ADA)

        with pytest.raises(ShipmentHasMovedOn):
            commands.unpack(shipment_id=ship(order, 3).id, actor=ADA)

    def test_arrives_and_the_order_is_told_once(self, published):
        order = place()
        parcel = ship(order, 3)

        deliver(parcel)
        deliver(parcel)

        assert fulfilment_of(order) == "delivered"
        assert len([event for event in published if isinstance(event, ShipmentDelivered)]) == 1

    def test_that_was_lost_may_turn_up_and_come_back(self):
        parcel, now = ship(place()), timezone.now()

        states = [
            commands.lose(shipment_id=parcel.id, actor=ADA, now=now).status,
            deliver(parcel).status,
            commands.take_back(shipment_id=parcel.id, actor=ADA, now=now).status,
        ]

        assert states == ["lost", "delivered", "returned"]

    def test_that_has_not_left_does_not_arrive(self):
        with pytest.raises(ShipmentHasMovedOn):
            deliver(pack(place()))

    def test_has_a_slip_that_says_what_is_in_it(self):
        order = place(customer_id=CustomerFactory(name="Łucja Größe").id)
        parcel = ship(order, 2, carrier="DHL")

        slip = packing_slip_of(parcel, orders.order(order.id))

        text = PdfReader(BytesIO(slip)).pages[0].extract_text()
        assert all(words in text for words in ("Łucja Größe", parcel.number, "DHL", orders.lines_of(order.id)[0].code))
        assert slip == packing_slip_of(parcel, orders.order(order.id))


class TestOrdersToShip:
    def test_lists_those_of_which_goods_are_owed(self, drain):
        partly, whole, gone, cancelled = place(), place(), place(), place()
        ship(partly, 1)
        ship(gone, 3)
        cancel(cancelled)

        drain()

        assert [row.id for row in queries.orders_to_ship()] == [partly.id, whole.id]


@pytest.mark.django_db(transaction=True, databases="__all__")
def test_two_who_ship_at_once_never_send_more_than_was_ordered(tenant_id):
    with tenant(tenant_id):
        order = place(line(StockLevelFactory().product_id, 5))
        line_id = line_of(order)
    outcomes = []

    def ship_some():
        try:
            with tenant(tenant_id):
                commands.ship(order_id=order.id, lines={line_id: 2}, actor=ADA, now=timezone.now())
            outcomes.append("shipped")
        except Exception as refused:
            outcomes.append(type(refused).__name__)
        finally:
            close_old_connections()

    workers = [threading.Thread(target=ship_some) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()

    assert sorted(outcomes) == ["InvalidShipment", "InvalidShipment", "shipped", "shipped"]
    with tenant(tenant_id):
        assert sent_of(order) == 4
