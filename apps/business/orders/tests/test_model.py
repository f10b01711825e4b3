"""Whatever happens to an order in whatever order: its row is the fold of its events, and both are what a model says
that knows a few numbers only.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4

import pytest
from django import conf
from django.utils import timezone
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from apps.business.inventory import queries as inventory
from apps.business.inventory.tests.factories import StockLevelFactory
from apps.business.orders import commands, queries
from apps.business.orders.commands.changing import kept
from apps.business.orders.models import Order
from apps.business.orders.tests.factories import ADA, line, place, postage
from apps.core.errors import DomainError
from apps.core.tenancy import tenant

BOUGHT, OTHER, STOCK = 3, 2, 10
SHIPMENTS = [uuid4() for _ in range(3)]
MONEY = st.sampled_from([0, 1, 500, 1_000])


@dataclass
class Model:
    """An order, as simply as it can be said."""

    total: int
    status: str = "placed"
    shipped: list[int] = field(default_factory=lambda: [0, 0])
    returned: list[int] = field(default_factory=lambda: [0, 0])
    parcels: dict[UUID, bool] = field(default_factory=dict)
    held: int = 0
    paid: int = 0
    refunded: int = 0

    def owed(self, place: int) -> int:
        return (BOUGHT, OTHER)[place] - max(self.shipped[place], self.returned[place])

    def fulfilment(self) -> str:
        if not self.parcels:
            return "unfulfilled"
        if self.owed(0) or self.owed(1):
            return "partly_shipped"
        return "delivered" if all(self.parcels.values()) else "shipped"

    def payment(self) -> str:
        if self.refunded:
            return "refunded" if self.refunded >= self.paid else "partly_refunded"
        if self.paid >= self.total:
            return "paid"
        return "authorised" if self.paid or self.held else "unpaid"


class AnOrder(RuleBasedStateMachine):
    tenant_id: UUID

    @initialize()
    def begin(self) -> None:
        with tenant(self.tenant_id):
            self.products = [StockLevelFactory(on_hand=STOCK).product_id for _ in range(2)]
            order = place(line(self.products[0], BOUGHT), line(self.products[1], OTHER), postage())
            self.id, self.lines = order.id, [row.id for row in queries.lines_of(order.id)]
            self.model = Model(order.total_minor)

    @rule()
    def cancel(self) -> None:
        model = self.model
        allowed = model.status == "cancelled" or (model.status == "placed" and not model.parcels)
        if self.tried(commands.cancel_order, reason="no", legal=allowed):
            model.status = "cancelled"

    @rule(parcel=st.sampled_from(SHIPMENTS), first=st.integers(0, 2), second=st.integers(0, 2))
    def ship(self, parcel: UUID, first: int, second: int) -> None:
        model, wish = self.model, [first, second]
        known = parcel in model.parcels
        fits = any(wish) and all(wish[place] <= model.owed(place) for place in (0, 1))
        legal = known or (fits and model.status != "cancelled")
        quantities = {self.lines[place]: wish[place] for place in (0, 1) if wish[place]}
        if self.tried(commands.note_shipped, shipment_id=parcel, quantities=quantities, legal=legal) and not known:
            model.parcels[parcel] = False
            model.shipped = [model.shipped[place] + wish[place] for place in (0, 1)]

    @rule(parcel=st.sampled_from(SHIPMENTS))
    def deliver(self, parcel: UUID) -> None:
        if self.tried(commands.note_delivered, shipment_id=parcel, legal=parcel in self.model.parcels):
            self.model.parcels[parcel] = True

    @rule(place=st.integers(0, 1), quantity=st.integers(1, 3))
    def take_back(self, place: int, quantity: int) -> None:
        model, bought = self.model, (BOUGHT, OTHER)
        legal = model.status != "cancelled" and model.returned[place] + quantity <= bought[place]
        wish = [commands.ReturnedLine(line_id=self.lines[place], quantity=quantity)]
        if self.tried(commands.return_order_lines, lines=wish, reason="broken", legal=legal):
            model.returned[place] += quantity
            model.status = "returned" if tuple(model.returned) == bought else "partly_returned"

    @rule(held=MONEY, paid=MONEY, refunded=MONEY)
    def pay(self, held: int, paid: int, refunded: int) -> None:
        model = self.model
        sums = {"authorised_minor": held, "captured_minor": paid, "refunded_minor": refunded}
        self.tried(commands.note_payment, **sums, legal=True)
        if held and not model.paid:
            model.held = held
        elif not held and not paid:
            model.held = 0
        if paid >= model.paid:
            model.paid, model.refunded = paid, refunded
        model.refunded = max(model.refunded, refunded)  # late news

    def tried(self, command: Any, *, legal: bool, **wish: Any) -> bool:
        """Run it; the model must have known whether it is refused."""
        with tenant(self.tenant_id):
            try:
                command(order_id=self.id, actor=ADA, now=timezone.now(), **wish)
            except DomainError as refused:
                assert not legal, refused
                return False
        assert legal, f"{command.__name__} should have been refused"
        return True

    @invariant()
    def the_row_is_the_fold_of_the_events(self) -> None:
        with tenant(self.tenant_id):
            row, state = Order.objects.get(id=self.id), queries.order_as_of(self.id).state
            lines = queries.lines_of(self.id)
        assert {name: getattr(row, name) for name in kept(state)} == kept(state)
        assert [(one.shipped_quantity, one.returned_quantity) for one in lines] == [
            (one.shipped_quantity, one.returned_quantity) for one in state.lines
        ]

    @invariant()
    def both_are_what_the_model_says(self) -> None:
        with tenant(self.tenant_id):
            row, lines = Order.objects.get(id=self.id), queries.lines_of(self.id)[:2]
        model = self.model
        words = (row.status, row.fulfilment_status, row.payment_status)
        assert words == (model.status, model.fulfilment(), model.payment())
        assert [one.shipped_quantity for one in lines] == model.shipped
        assert [one.returned_quantity for one in lines] == model.returned

    @invariant()
    def what_is_not_sold_is_on_the_shelf(self) -> None:
        with tenant(self.tenant_id):
            there = inventory.on_hand(self.products)
        back = (BOUGHT, OTHER) if self.model.status == "cancelled" else self.model.returned
        assert [there[product] for product in self.products] == [STOCK - BOUGHT + back[0], STOCK - OTHER + back[1]]


@pytest.mark.django_db(databases=["default", "business"])
def test_no_history_parts_an_order_from_its_events(tenant_id, monkeypatch):
    monkeypatch.setattr(conf.settings, "EVENTS_SNAPSHOT_EVERY", 2)  # the first steps read events alone, later ones both
    monkeypatch.setattr(AnOrder, "tenant_id", tenant_id, raising=False)

    run_state_machine_as_test(
        AnOrder,
        settings=settings(
            max_examples=15,
            stateful_step_count=15,
            deadline=None,
            database=None,
            phases=[Phase.explicit, Phase.generate],
            suppress_health_check=list(HealthCheck),
        ),
    )
