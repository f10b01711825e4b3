from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import transaction
from django.utils import timezone

from apps.business.inventory import queries as inventory
from apps.business.inventory.commands import Occasion, take_reserved
from apps.business.inventory.events import StockChanged
from apps.business.inventory.tests.factories import StockLevelFactory
from apps.business.orders import commands, queries
from apps.business.orders.errors import InvalidOrder, OrderNotDecided, OrderNotUnderReview
from apps.business.orders.events import OrderAllocated, OrderHeld, OrderPlaced, OrderRefused, OrderReleased
from apps.business.orders.models import Order, OrderSummary
from apps.business.orders.sagas import PLACE_ORDER, REVIEW_ORDER
from apps.business.orders.tests.factories import ADA, line, place
from apps.business.payments import commands as payments
from apps.business.payments import queries as payment_queries
from apps.business.payments.providers.simulator import cards
from apps.core.events import unit_of_work
from apps.core.history import SYSTEM, Actor
from apps.core.sagas import Arrival, Saga, Step, deciding
from apps.core.sagas import queries as sagas
from apps.core.sagas.errors import OwnDecision
from apps.core.sagas.models import Instance
from apps.core.sagas.runner import Runner
from apps.core.sagas.testing import SagaHarness

BEA = Actor(kind="user", id=uuid4(), name="Bea")
LIMIT = {"currency": "GBP", "above_minor": 500, "decide_within_days": 2}


class TestReviewOrder(SagaHarness):
    saga = REVIEW_ORDER

    @pytest.fixture(autouse=True)
    def _stock(self, in_tenant: UUID, db: None) -> None:
        commands.set_review_limit(**LIMIT, actor=SYSTEM)
        self.product_id = StockLevelFactory(on_hand=1000).product_id

    def start(self) -> UUID:
        return place(line(self.product_id, 3)).id

    def world(self) -> Mapping[str, int]:
        """What is on hand, and the orders that are agreed to or still open."""
        orders = Order.objects.in_tenant().exclude(status=Order.Status.REFUSED)
        return {"on hand": inventory.on_hand([self.product_id])[self.product_id], "orders": orders.count()}


@pytest.mark.timeout(900)  # eight steps, each with a process killed at every place
class TestPlaceOrder(SagaHarness):
    saga = PLACE_ORDER

    @pytest.fixture(autouse=True)
    def _shop(self, in_tenant: UUID, db: None, settings: Any, tmp_path: Any) -> None:
        use_simulator(settings, tmp_path)
        commands.set_review_limit(**LIMIT, actor=SYSTEM)
        self.product_id = StockLevelFactory(on_hand=1000).product_id

    def start(self) -> UUID:
        return place(line(self.product_id, 3), payment_method=cards.GOOD).id

    def world(self) -> Mapping[str, int]:
        """What is there and free, what is agreed to or still open, and what was taken or is held ready."""
        work_on_payments(self.now())
        orders = Order.objects.in_tenant().exclude(status__in=[Order.Status.REFUSED, Order.Status.CANCELLED])
        paid = list(payment_queries.payments())
        return {
            "on hand": inventory.on_hand([self.product_id])[self.product_id],
            "available": inventory.available([self.product_id])[self.product_id],
            "orders": orders.count(),
            "taken": sum(one.captured_minor - one.refunded_minor for one in paid),
            "held": len([one for one in paid if one.is_alive and not one.is_captured]),
        }

    def answer(self, step: Step, row: Instance) -> None:
        work_on_payments(self.now())
        if step.name == "ship":
            ship_all(row.key, self.now())
        if isinstance(step.waits_for, Arrival):
            hear(self.saga, row.key)
        else:
            super().answer(step, row)

    def now(self) -> datetime:
        return max(timezone.now(), getattr(self, "at", timezone.now())) + timedelta(seconds=1)

    def _settled(self, saga_id: UUID) -> Instance:
        """Payments have a worker of their own."""
        work_on_payments(self.now())
        return super()._settled(saga_id)


def use_simulator(settings: Any, folder: Any) -> None:
    settings.PAYMENT_SIMULATOR = True
    settings.PAYMENT_SIMULATOR_FILE = str(folder / "simulator.sqlite3")
    settings.PAYMENT_SIMULATOR_LATE_S = 0


def work_on_payments(now: datetime) -> None:
    """As the payments' worker would, until nothing is due. One order at a time: only the latest can be under way."""
    for payment in payment_queries.payments()[:1]:
        while payment_queries.open_operations(payment.id) and payments.work_on(payment_id=payment.id, now=now):
            pass


def hear(saga: Saga, order_id: UUID) -> None:
    """Hand what happened to the order and its payment to the saga, as the consumer would."""
    events = [*queries.timeline(order_id)]
    for payment in payment_queries.payments_of(order_id):
        events += payment_queries.timeline(payment.id)
    for envelope in events:
        if saga.awaits(type(envelope.event())):
            with transaction.atomic(using=saga.using):
                deciding.event_came(saga, envelope.event(), envelope)


def ship_all(order_id: UUID, now: datetime) -> None:
    quantities = {row.id: row.quantity for row in queries.lines_of(order_id) if row.product_id}
    occasion = Occasion(actor=SYSTEM, occurred_at=now, recorded_at=now, order_id=order_id)
    with unit_of_work(Order):
        take_reserved(order_id=order_id, occasion=occasion)
        commands.note_shipped(order_id=order_id, shipment_id=order_id, quantities=quantities, actor=SYSTEM, now=now)


class Checkout:
    """An order that is paid for at once, as its saga, the payments' worker and the consumers carry it on."""

    def __init__(self, settings: Any, tmp_path: Any) -> None:
        use_simulator(settings, tmp_path)
        self.product_id = StockLevelFactory(on_hand=10).product_id

    def placed(self, drain: Any, method: str = cards.GOOD) -> Order:
        order = place(line(self.product_id, 3), payment_method=method)
        assert order.status == Order.Status.PENDING
        for _ in range(3):
            self.carry_on(order, drain)
        return queries.order(order.id)

    def carry_on(self, order: Order, drain: Any) -> None:
        """One turn of everybody."""
        now = timezone.now() + timedelta(seconds=1)
        row = sagas.instance_of(PLACE_ORDER.name, order.id)
        assert row is not None
        Runner("business", clock=lambda: now).run(row.id)
        work_on_payments(now)
        drain()

    def stock(self) -> tuple[int, int]:
        """On hand, and free."""
        return tuple(count([self.product_id])[self.product_id] for count in (inventory.on_hand, inventory.available))


@pytest.mark.django_db
class TestAnOrderPaidForAtOnce:
    @pytest.fixture
    def checkout(self, in_tenant: UUID, settings: Any, tmp_path: Any) -> Checkout:
        return Checkout(settings, tmp_path)

    def test_is_placed_and_paid_with_its_goods_reserved(self, drain: Any, checkout: Checkout) -> None:
        order = checkout.placed(drain)

        assert (order.status, order.payment_status, checkout.stock()) == ("placed", "paid", (10, 7))
        listed = OrderSummary.objects.in_tenant().get(id=order.id)
        assert (listed.status, listed.payment_status) == ("placed", "paid")

    def test_is_refused_and_its_goods_are_free_when_the_card_is_declined(self, drain: Any, checkout: Checkout) -> None:
        order = checkout.placed(drain, cards.DECLINED)

        assert (order.status, order.payment_status, checkout.stock()) == ("refused", "unpaid", (10, 10))

    def test_is_done_once_its_goods_are_on_their_way(self, drain: Any, checkout: Checkout) -> None:
        order = checkout.placed(drain)
        ship_all(order.id, timezone.now())
        checkout.carry_on(order, drain)
        checkout.carry_on(order, drain)

        row = sagas.instance_of(PLACE_ORDER.name, order.id)
        assert row is not None and row.state == Instance.State.COMPLETED
        assert (queries.order(order.id).fulfilment_status, checkout.stock()) == ("shipped", (7, 7))

    def test_sends_nothing_before_its_money_is_taken_for_good(
        self, drain: Any, checkout: Checkout, caller: Any, browser: Any
    ) -> None:
        clerk, desk = caller("clerk").client(), browser("clerk")
        order = place(line(checkout.product_id, 3), payment_method=cards.GOOD)
        checkout.carry_on(order, drain)
        row = sagas.instance_of(PLACE_ORDER.name, order.id)
        Runner("business", clock=lambda: timezone.now() + timedelta(seconds=1)).run(row.id)
        drain()
        before_it_is_paid = clerk.get("/api/v1/orders-to-ship").json()["data"]
        work_on_payments(timezone.now() + timedelta(seconds=1))
        drain()  # it is placed and paid, and its saga has not heard of that
        (goods,) = queries.lines_of(order.id)
        wish = {"lines": [{"line_id": str(goods.id), "quantity": 1}]}
        path = f"/api/v1/orders/{order.id}/shipments"

        refused = clerk.post(path, wish)
        packed = clerk.post(path, {**wish, "send": False}).json()["data"]
        shown = [desk.get(page).content.decode() for page in (f"/orders/{order.id}/", f"/shipments/{packed['id']}/")]
        checkout.carry_on(order, drain)
        sent = clerk.post(f"/api/v1/shipments/{packed['id']}/progress", {"status": "shipped"})

        assert (before_it_is_paid, queries.order(order.id).payment_status) == ([], "paid")
        assert [row["id"] for row in clerk.get("/api/v1/orders-to-ship").json()["data"]] == [str(order.id)]
        assert (refused.status_code, refused.json()["code"]) == (409, "order_not_paid_yet")
        assert "pack the parcel, and send it once the order is paid" in refused.json()["detail"]
        assert all("leave once it is paid" in page and 'value="ship' not in page for page in shown)
        assert sent.json()["data"]["status"] == "shipped"
        assert 'value="ship"' in desk.get(f"/orders/{order.id}/").content.decode()

    def test_gives_goods_and_money_back_when_it_is_cancelled(self, drain: Any, checkout: Checkout) -> None:
        order = checkout.placed(drain)
        commands.cancel_order(order_id=order.id, reason="no", actor=ADA, now=timezone.now())
        drain()
        checkout.carry_on(order, drain)

        cancelled = queries.order(order.id)
        assert (cancelled.status, cancelled.payment_status, checkout.stock()) == ("cancelled", "refunded", (10, 10))

    def test_is_not_placed_where_nobody_takes_payments(self, in_tenant: UUID, settings: Any) -> None:
        settings.PAYMENT_SIMULATOR = False

        with pytest.raises(InvalidOrder):
            place(payment_method=cards.GOOD)


@pytest.fixture
def order(in_tenant: UUID, db: None) -> Order:
    """One under review, its goods reserved."""
    commands.set_review_limit(**LIMIT, actor=SYSTEM)
    placed = place(line(StockLevelFactory(on_hand=10).product_id, 3))
    assert placed.status == Order.Status.HELD
    return carried_on(placed)


def carried_on(order: Order, *, after: timedelta = timedelta(0)) -> Order:
    """As a worker would find it a moment later."""
    at = timezone.now() + timedelta(seconds=1) + after
    Runner("business", clock=lambda: at).run(saga_of(order).id)
    return queries.order(order.id)


def saga_of(order: Order) -> Instance:
    found = sagas.instance_of(REVIEW_ORDER.name, order.id)
    assert found is not None
    return found


def on_hand(order: Order) -> int:
    (row,) = queries.lines_of(order.id)
    return inventory.on_hand([row.product_id])[row.product_id]


def review(order: Order, *, approved: bool, actor: Actor = BEA) -> Order:
    commands.review_order(order_id=order.id, approved=approved, reason="", actor=actor, now=timezone.now())
    return carried_on(order, after=timedelta(seconds=1))


@pytest.mark.django_db
class TestAnOrderAboveTheLimit:
    def test_waits_with_its_goods_reserved(self, order):
        assert (order.status, on_hand(order)) == (Order.Status.UNDER_REVIEW, 7)
        assert saga_of(order).deadline_at - saga_of(order).started_at == timedelta(days=2)

    def test_is_placed_once_somebody_else_agrees(self, order, published):
        placed = review(order, approved=True)

        assert (placed.status, on_hand(order)) == (Order.Status.PLACED, 7)
        assert [type(event) for event in published.beside(StockChanged)] == [OrderPlaced]

    def test_is_refused_and_its_goods_are_back_when_somebody_denies(self, order, published):
        refused = review(order, approved=False)

        assert (refused.status, on_hand(order)) == (Order.Status.REFUSED, 10)
        assert [type(event) for event in published.beside(StockChanged)] == [OrderReleased, OrderRefused]

    def test_is_refused_when_nobody_decides_in_time(self, order):
        refused = carried_on(order, after=timedelta(days=2))

        assert (refused.status, on_hand(order)) == (Order.Status.REFUSED, 10)

    def test_is_refused_when_there_is_too_little_in_stock(self, in_tenant):
        commands.set_review_limit(**LIMIT, actor=SYSTEM)
        order = carried_on(place(line(StockLevelFactory(on_hand=2).product_id, 3)))

        assert order.status == Order.Status.REFUSED
        assert saga_of(order).failure_code == "stock_short"

    def test_is_not_reviewed_by_whoever_placed_it(self, order):
        with pytest.raises(OwnDecision):
            review(order, approved=True, actor=ADA)

    def test_is_decided_once(self, order):
        review(order, approved=True)

        with pytest.raises(OrderNotUnderReview):
            review(order, approved=False)

    def test_is_neither_cancelled_nor_returned_before(self, order):
        with pytest.raises(OrderNotDecided):
            commands.cancel_order(order_id=order.id, reason="x", actor=BEA, now=timezone.now())

    def test_is_in_the_list_all_the_way(self, in_tenant, published, drain):
        commands.set_review_limit(**LIMIT, actor=SYSTEM)
        order = place(line(StockLevelFactory(on_hand=10).product_id, 3))
        drain()
        held = OrderSummary.objects.get(id=order.id).status
        carried_on(order)
        review(order, approved=True)
        drain()

        told = [type(event) for event in published if type(event).__name__.startswith("Order")]
        assert told == [OrderHeld, OrderAllocated, OrderPlaced]
        assert (held, OrderSummary.objects.get(id=order.id).status) == ("held", "placed")


@pytest.mark.django_db
class TestALimit:
    def test_lets_pass_what_is_not_above_it(self, in_tenant):
        commands.set_review_limit(currency="GBP", above_minor=765, decide_within_days=2, actor=SYSTEM)

        assert place(line(StockLevelFactory().product_id, 3)).status == Order.Status.PLACED

    def test_is_set_and_removed_by_api(self, api_client):
        client, path = api_client("manager"), "/api/v1/order-review-limits"

        answer = client.put(f"{path}/GBP", {"above_minor": 100}, content_type="application/json")
        listed = client.get(path).json()["data"]
        refused = client.put(f"{path}/XXQ", {"above_minor": -1}, content_type="application/json")
        removed, again = client.delete(f"{path}/GBP"), client.delete(f"{path}/GBP")

        assert answer.status_code == 200, answer.content
        assert listed == [{"currency": "GBP", "above_minor": 100, "decide_within_days": 3}]
        assert (refused.status_code, removed.status_code, again.status_code) == (422, 204, 404)

    def test_is_set_and_removed_on_its_page(self, browser, in_tenant):
        client = browser("manager")

        client.post("/orders/review-limits/", {"currency": "GBP", "above_minor": 5, "decide_within_days": 3})
        assert "£0.05" in client.get("/orders/review-limits/").content.decode()
        client.post("/orders/review-limits/GBP/removal")
        assert queries.review_limit("GBP") is None
        assert client.post("/orders/review-limits/", {"currency": "pounds"}).status_code == 422


@pytest.mark.django_db
class TestReviewing:
    def test_by_api(self, api_client, order):
        answer = api_client("manager").post(f"/api/v1/orders/{order.id}/review", {"approved": True})

        assert answer.status_code == 200, answer.content
        assert carried_on(order, after=timedelta(seconds=1)).status == Order.Status.PLACED

    def test_on_the_orders_page(self, browser, order):
        client = browser("manager")

        assert "This order is under review" in client.get(f"/orders/{order.id}/").content.decode()
        client.post(f"/orders/{order.id}/review", {"decision": "refuse", "reason": "unknown buyer"})

        assert carried_on(order, after=timedelta(seconds=1)).status == Order.Status.REFUSED
        assert saga_of(order).failure == "unknown buyer"
