"""Whatever happens to stock and reservations in whatever order, it is as in a model of a few numbers."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, field
from uuid import UUID, uuid4

import pytest
from django.utils import timezone
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from apps.business.catalog.tests.factories import ProductFactory
from apps.business.inventory import commands, queries
from apps.business.inventory.errors import NothingReserved, StockShort
from apps.business.inventory.events import StockRanLow
from apps.business.inventory.models import Reservation
from apps.business.inventory.tests.conftest import ADA
from apps.business.inventory.tests.factories import WarehouseFactory
from apps.core.errors import DomainError
from apps.core.events import unit_of_work
from apps.core.tenancy import tenant

ALLOWED, LOW_AT = 3, 2
QUANTITY, PLACE, ORDER = st.integers(1, 5), st.integers(0, 1), st.integers(0, 1)


@dataclass
class Promise:
    held: list[int] = field(default_factory=lambda: [0, 0])
    waiting: int = 0


@dataclass
class Model:
    """A product in two warehouses, of which the first is asked first. Promises stand in the order they were made."""

    on_hand: list[int] = field(default_factory=lambda: [0, 0])
    promises: dict[int, Promise] = field(default_factory=dict)
    low: list[bool] = field(default_factory=lambda: [False, False])
    told: int = 0

    def available(self, place: int) -> int:
        return self.on_hand[place] - sum(promise.held[place] for promise in self.promises.values())

    @property
    def waiting(self) -> int:
        return sum(promise.waiting for promise in self.promises.values())

    def hand_out(self, wanted: int) -> list[int]:
        first = min(wanted, self.available(0))
        return [first, min(wanted - first, self.available(1))]

    def settle(self) -> None:
        """Who waits gets what there is; then it is looked whether anything ran low."""
        for promise in self.promises.values():
            for place, part in enumerate(self.hand_out(promise.waiting)):
                promise.held[place] += part
                promise.waiting -= part

    def look(self, places: tuple[int, ...] = (0, 1)) -> None:
        for place in places:
            low = self.available(place) <= LOW_AT
            self.told += low and not self.low[place]
            self.low[place] = low


class Stock(RuleBasedStateMachine):
    tenant_id: UUID
    published: list[object]

    @initialize()
    def begin(self) -> None:
        with tenant(self.tenant_id):
            self.product_id = ProductFactory().id
            self.places = [WarehouseFactory(priority=number).id for number in (1, 2)]
            for place in self.places:
                commands.set_threshold(product_id=self.product_id, warehouse_id=place, low_at=LOW_AT, actor=ADA)
            commands.allow_back_orders(product_id=self.product_id, at_most=ALLOWED, actor=ADA)
        self.orders = [uuid4() for _ in range(2)]
        self.model, self.already_told = Model(low=[True, True]), self.times_told()

    @rule(place=PLACE, quantity=QUANTITY)
    def receive(self, place: int, quantity: int) -> None:
        with self.may(legal=True):
            self.on_shelf(commands.receive, place, quantity)
        self.model.on_hand[place] += quantity

    @rule(place=PLACE, quantity=QUANTITY)
    def lose(self, place: int, quantity: int) -> None:
        legal = quantity <= self.model.available(place)
        with self.may(legal=legal):
            self.on_shelf(commands.adjust, place, -quantity)
        self.model.on_hand[place] -= quantity * legal

    @rule(source=PLACE, quantity=QUANTITY)
    def carry(self, source: int, quantity: int) -> None:
        legal = quantity <= self.model.available(source)
        with self.may(legal=legal):
            ends = {"from_warehouse_id": self.places[source], "to_warehouse_id": self.places[1 - source]}
            commands.transfer(product_id=self.product_id, **ends, quantity=quantity, occasion=self.occasion())
        self.model.on_hand[source] -= quantity * legal
        self.model.on_hand[1 - source] += quantity * legal

    @rule(quantity=QUANTITY)
    def sell(self, quantity: int) -> None:
        parts = self.model.hand_out(quantity)
        legal = sum(parts) == quantity
        with self.may(legal=legal):
            commands.take(quantities={self.product_id: quantity}, occasion=self.occasion())
        self.model.on_hand = [there - part * legal for there, part in zip(self.model.on_hand, parts, strict=True)]

    @rule(order=ORDER, quantity=QUANTITY)
    def reserve(self, order: int, quantity: int) -> None:
        model, parts = self.model, self.model.hand_out(quantity)
        missing = quantity - sum(parts)
        known = order in model.promises
        legal = known or missing == 0 or missing + model.waiting <= ALLOWED
        with self.may(legal=legal):
            wish = {"quantities": {self.product_id: quantity}, "expires_at": timezone.now()}
            commands.reserve(order_id=self.orders[order], **wish, occasion=self.occasion())
        if legal and not known:
            model.promises[order] = Promise(parts, missing)

    @rule(order=ORDER, in_time=st.booleans())
    def give_up(self, order: int, in_time: bool) -> None:
        with self.may(legal=True):
            made = queries.open_reservation(self.orders[order])
            if in_time or made is None:
                commands.release(order_id=self.orders[order], occasion=self.occasion())
            else:
                commands.expire(reservation_id=made.id, now=timezone.now())
        self.model.promises.pop(order, None)

    @rule(order=ORDER, quantity=QUANTITY)
    def take(self, order: int, quantity: int) -> None:
        model, promise = self.model, self.model.promises.get(order)
        legal = promise is not None and sum(promise.held) >= quantity
        with self.may(legal=legal):
            wish = {"quantities": {self.product_id: quantity}}
            commands.take_reserved(order_id=self.orders[order], **wish, occasion=self.occasion())
        if promise is None or not legal:
            return
        for place in (0, 1):
            part = min(quantity, promise.held[place])
            promise.held[place] -= part
            model.on_hand[place] -= part
            quantity -= part
        if not any(promise.held) and not promise.waiting:
            del model.promises[order]

    @invariant()
    def it_is_as_the_model_says(self) -> None:
        self.model.settle()
        self.model.look()
        with tenant(self.tenant_id):
            levels = {level.warehouse_id: level for level in queries.levels_of(self.product_id)}
            made = Reservation.objects.in_tenant().filter(order_id__in=self.orders, status=Reservation.Status.OPEN)
            promises = {self.orders.index(one.order_id): promised(one.id, self.places) for one in made}
        there = [levels[place] for place in self.places]
        assert [level.on_hand for level in there] == self.model.on_hand
        assert [level.available for level in there] == [self.model.available(place) for place in (0, 1)]
        assert promises == self.model.promises
        assert [level.is_low for level in there] == self.model.low
        assert self.times_told() - self.already_told == self.model.told

    @invariant()
    def the_ledger_adds_up(self) -> None:
        with tenant(self.tenant_id):
            movements = list(queries.movements(self.product_id))
        for place, on_hand in zip(self.places, self.model.on_hand, strict=True):
            assert sum(one.quantity for one in movements if one.warehouse_id == place) == on_hand

    def on_shelf(self, command, place: int, quantity: int) -> None:
        where = {"product_id": self.product_id, "warehouse_id": self.places[place]}
        command(**where, quantity=quantity, occasion=self.occasion())

    def occasion(self) -> commands.Occasion:
        now = timezone.now()
        return commands.Occasion(actor=ADA, occurred_at=now, recorded_at=now)

    def times_told(self) -> int:
        return sum(isinstance(event, StockRanLow) for event in self.published)

    @contextmanager
    def may(self, *, legal: bool):
        """The model must have known whether it is refused."""
        try:
            with tenant(self.tenant_id), unit_of_work(Reservation):
                yield
        except DomainError as refused:
            assert isinstance(refused, StockShort | NothingReserved)
            assert not legal, refused
        else:
            assert legal, "it should have been refused"


def promised(reservation_id: UUID, places: list[UUID]) -> Promise:
    held = {one.warehouse_id: one.quantity for one in queries.goods_of(reservation_id)}
    return Promise([held.get(place, 0) for place in places], held.get(None, 0))


@pytest.mark.django_db(databases=["default", "business"])
def test_no_history_parts_the_stock_from_its_model(tenant_id, published, monkeypatch):
    monkeypatch.setattr(Stock, "tenant_id", tenant_id, raising=False)
    monkeypatch.setattr(Stock, "published", published, raising=False)

    run_state_machine_as_test(
        Stock,
        settings=settings(
            max_examples=20,
            stateful_step_count=15,
            deadline=None,
            database=None,
            phases=[Phase.explicit, Phase.generate],
            suppress_health_check=list(HealthCheck),
        ),
    )
