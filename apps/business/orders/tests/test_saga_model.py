"""Whatever buyers, reviewers, the provider, the clock and the warehouse do, and in whatever order news arrive: orders
that are paid for at once, their goods, their money and their sagas come to what a model says that knows a few words.

Between two steps the workers may lag behind, so that the model knows of some goods only that they are held or free by
now. Once all is quiet it knows everything.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.utils import timezone
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from apps.business.catalog.tests.factories import ProductFactory
from apps.business.inventory import commands as inventory
from apps.business.inventory import queries as stock
from apps.business.inventory.errors import StockShort
from apps.business.orders import commands, queries
from apps.business.orders.sagas import PLACE_ORDER
from apps.business.orders.tests.factories import ADA, line, place
from apps.business.orders.tests.test_sagas import BEA, LIMIT, use_simulator
from apps.business.payments import commands as payments
from apps.business.payments import queries as payment_queries
from apps.business.payments import simulation
from apps.business.payments.providers import registry, signing
from apps.business.payments.providers.simulator import cards
from apps.business.reconciliation.reconciling import reconcile, told
from apps.business.shipping import commands as shipping
from apps.core.db.ids import uuid7
from apps.core.errors import DomainError
from apps.core.events import log
from apps.core.events.testing import Published, drainer
from apps.core.history import SYSTEM
from apps.core.sagas import queries as sagas
from apps.core.sagas import repairing
from apps.core.sagas.models import Instance
from apps.core.sagas.runner import Runner
from apps.core.tenancy import tenant

HISTORIES = int(os.environ.get("SAGA_HISTORIES", "4"))
STOCK, MOST_ORDERS = 6, 5
PIVOT = next(place for place, step in enumerate(PLACE_ORDER.steps) if step.pivot)
QUANTITY, WHICH, CARD = st.sampled_from([2, 1, 3]), st.integers(0, MOST_ORDERS - 1), st.sampled_from(list(cards.CARDS))
RESERVED_FOR = timedelta(minutes=30)
State = Instance.State


@dataclass
class Wish:
    """An order, as the model knows it. `stage`: new, short, in_review, denied, paying, or cancelled by its buyer.

    `turned_back`: its time ran out or somebody called its saga off, before its money was taken for good; then
    `was_placed` says whether it had been agreed to.
    """

    id: UUID
    quantity: int
    card: str
    stage: str = "new"
    shipped: int = 0
    turned_back: bool = False
    was_placed: bool = False

    @property
    def is_reviewed(self) -> bool:
        return self.quantity > 1  # of two pieces on it is worth more than the limit

    @property
    def left(self) -> int:
        return self.quantity - self.shipped

    @property
    def comes_to_nothing(self) -> bool:
        return self.stage in ("short", "denied") or self.turned_back or self.is_declined

    @property
    def is_declined(self) -> bool:
        return self.stage == "paying" and bool(cards.CARDS[self.card].decline_code)

    def held(self) -> tuple[int, int]:
        """How much is reserved for it: at least and at most, while its saga may lag behind."""
        if self.stage in ("new", "short", "cancelled"):
            return 0, 0
        return (0, self.left) if self.comes_to_nothing else (self.left, self.left)

    def end(self) -> tuple[str, str]:
        """What the order is, and its saga, once all is quiet."""
        if self.stage == "cancelled":
            return "cancelled", State.COMPENSATED if self.turned_back else State.COMPLETED
        if self.comes_to_nothing:
            return "cancelled" if self.was_placed else "refused", State.COMPENSATED
        if self.stage == "in_review":
            return "under_review", State.WAITING
        return "placed", State.COMPLETED if self.shipped else State.WAITING

    def keeps_money(self) -> bool:
        """Whether its money is ours once all is quiet. What nobody takes back is not given back."""
        if self.stage == "cancelled" or self.was_placed:
            return cards.CARDS[self.card].refund_fails
        return self.stage == "paying" and not self.comes_to_nothing


@dataclass
class Rival:
    """Goods that somebody else reserved for a while."""

    order_id: UUID
    quantity: int
    until: datetime


class OrdersOnTheirWay(RuleBasedStateMachine):
    @initialize(orders=st.lists(st.tuples(QUANTITY, CARD), min_size=2, max_size=2), turns=st.sampled_from([2, 3, 1]))
    def begin(self, orders: list[tuple[int, str]], turns: int) -> None:
        """Two orders that have come so far: by chance alone few histories get to where there is much to lose."""
        self.tenant_id, self.now, self.days = uuid7(), timezone.now() + timedelta(hours=1), 0
        self.wishes, self.rivals = list[Wish](), list[Rival]()
        published = Published()
        self.stop_listening, self.drain = log.listen(published.note), drainer(published)
        with tenant(self.tenant_id):
            commands.set_review_limit(**LIMIT, actor=SYSTEM)
            self.product_id = ProductFactory().id
            inventory.receive(product_id=self.product_id, quantity=STOCK, occasion=self.occasion())
        for quantity, card in orders:
            self.order(quantity, card)
        for _ in range(turns):
            for which in range(len(orders)):
                self.decide(which, approved=True)
            self.everybody_works()

    @precondition(lambda self: len(self.wishes) < MOST_ORDERS)
    @rule(quantity=QUANTITY, card=CARD)
    def order(self, quantity: int, card: str) -> None:
        with tenant(self.tenant_id):
            placed = place(line(self.product_id, quantity), payment_method=card, now=self.now)
        self.wishes.append(Wish(placed.id, quantity, card))

    @rule(which=WHICH, runs=st.booleans(), asks=st.booleans(), hears=st.booleans())
    def somebody_works(self, which: int, runs: bool, asks: bool, hears: bool) -> None:
        """Of the runner of sagas, the payments' worker and the consumers. Answers of the provider's may get lost."""
        if runs:
            self.turn(self.wish(which))
        if asks:
            self.now += timedelta(seconds=5)
            self.provider_is_asked(self.wish(which))
        if hears:
            self.drain()

    @rule(which=st.integers(0, 9), again=st.booleans())
    def provider_calls(self, which: int, again: bool) -> None:
        """With any news, not the oldest perhaps; `again`: and once more some other time."""
        store = registry.simulator().store
        with store.session() as session:
            due = [row for row in session.due_notices(float("inf")) if row[1] == str(self.tenant_id)]
        if not due:
            return
        id_, _, body = due[which % len(due)]
        signed = {signing.HEADER: signing.signature(registry.simulator_secret(), body.encode(), at=self.now)}
        with tenant(self.tenant_id):
            payments.receive_notice(provider="simulator", body=body.encode(), headers=signed, now=self.now)
        if not again:
            with store.session() as session:
                session.forget_notice(id_)

    @rule(does=st.sampled_from(["ship", "approve", "cancel", "deny", "call off"]), which=WHICH, quantity=QUANTITY)
    def somebody_acts(self, does: str, which: int, quantity: int) -> None:
        """One rule, so that no history is without any of it."""
        match does:
            case "ship":
                self.ship(which, quantity)
            case "cancel":
                self.cancel(which)
            case "call off":
                self.call_off(which)
            case _:
                self.decide(which, approved=does == "approve")

    def decide(self, which: int, approved: bool) -> None:
        wish = self.wish(which, "in_review")
        waits = wish.stage == "in_review" and self.saga(wish).state == State.WAITING
        wanted = {"approved": approved, "reason": "", "actor": BEA}
        if self.tried(commands.review_order, order_id=wish.id, **wanted, legal=waits):
            wish.stage = "paying" if approved else "denied"

    def cancel(self, which: int) -> None:
        """What is paid and has not left can be cancelled; while the money is being taken nothing can."""
        wish = self.wish(which, "paying")
        with tenant(self.tenant_id):
            known = queries.order(wish.id)
        is_paid = known.payment_status in ("paid", "refunded")
        legal = wish.stage == "cancelled" or known.status == "cancelled"
        legal = legal or (known.status == "placed" and is_paid and not wish.shipped)
        wanted = {"reason": "no", "actor": ADA}
        if self.tried(commands.cancel_order, order_id=wish.id, **wanted, legal=legal) and known.status == "placed":
            wish.stage = "cancelled"

    def ship(self, which: int, quantity: int) -> None:
        """Nothing leaves before its money is taken for good: so no order needs a person to decide."""
        wish = self.wish(which, "paying")
        with tenant(self.tenant_id):
            agreed = queries.order(wish.id).status == "placed"
            (goods,) = queries.lines_of(wish.id)
        row, wanted = self.saga(wish), {"lines": {goods.id: quantity}, "actor": SYSTEM}
        legal = agreed and row.position > PIVOT and quantity <= wish.left
        if self.tried(shipping.ship, order_id=wish.id, **wanted, legal=legal):
            wish.shipped += quantity

    def call_off(self, which: int) -> None:
        """Somebody who looks after sagas: possible until the money is taken for good."""
        wish = self.wish(which, "paying")
        row = self.saga(wish)
        before = row.failure_code == "cancelled"
        legal = before or (row.state in (State.RUNNING, State.WAITING) and row.position <= PIVOT)
        wanted = {"saga_id": row.id, "using": "business", "reason": "no", "actor": BEA}
        if self.tried(repairing.cancel, **wanted, legal=legal) and not before:
            self.turns_back(wish)

    @precondition(lambda self: self.days < 2)
    @rule()
    def days_pass(self) -> None:
        """Whoever has not paid by now will not get anything; nobody waits so long for a parcel that it is too long."""
        self.now, self.days = self.now + timedelta(days=4), self.days + 1
        for wish in self.wishes:
            row = self.saga(wish)
            if row.state in (State.RUNNING, State.WAITING) and row.position <= PIVOT:
                self.turns_back(wish)

    @rule(quantity=QUANTITY)
    def rival_reserves(self, quantity: int) -> None:
        least, most = self.free()
        rival, wanted = Rival(uuid4(), quantity, self.now + RESERVED_FOR), {self.product_id: quantity}
        with tenant(self.tenant_id):
            try:
                occasion = self.occasion()
                inventory.reserve(order_id=rival.order_id, quantities=wanted, expires_at=rival.until, occasion=occasion)
            except StockShort:
                assert quantity > least
                return
        assert quantity <= most
        self.rivals.append(rival)

    @rule()
    def reservations_run_out(self) -> None:
        """Those that were made for a while. What is set aside for an order is not."""
        self.now += RESERVED_FOR / 2
        with tenant(self.tenant_id):
            for order_id in [*(one.order_id for one in self.rivals), *(wish.id for wish in self.wishes)]:
                reserved = stock.open_reservation(order_id)
                if reserved:
                    inventory.expire(reservation_id=reserved.id, now=self.now)
        self.rivals = [rival for rival in self.rivals if rival.until > self.now]

    @rule()
    def a_while_passes(self) -> None:
        self.everybody_works()

    def become_quiet(self) -> None:
        """Everybody does what is to be done, until nobody has anything to do."""
        assert any(not self.everybody_works() for _ in range(60)), "it never becomes quiet"

    @invariant()
    def goods_are_where_the_model_says(self) -> None:
        with tenant(self.tenant_id):
            (level,) = stock.levels_of(self.product_id)
        least, most = self.free()
        assert level.on_hand == STOCK - sum(wish.shipped for wish in self.wishes)
        assert max(least, 0) <= level.available <= most

    def teardown(self) -> None:
        self.become_quiet()
        self.stop_listening()
        for wish in self.wishes:
            self.has_come_to_its_end(wish)
        self.everything_agrees()

    def everybody_works(self) -> bool:
        """One turn; whether anything was done."""
        self.now += timedelta(minutes=16)  # longer than any pause before something is tried again
        done = [self.turn(wish) for wish in self.wishes]
        done += [self.provider_is_asked(wish) for wish in self.wishes]
        return bool(sum([*done, simulation.hand_over_notices(clock=lambda: self.now), self.drain()]))

    def provider_is_asked(self, wish: Wish) -> bool:
        """One question about each payment, if one is due; whether it was."""
        with tenant(self.tenant_id):
            paid = payment_queries.payments_of(wish.id)
            return any(payments.work_on(payment_id=one.id, now=self.now) for one in paid)

    def turn(self, wish: Wish) -> bool:
        """Its saga goes as far as it can, if it is due; whether it was."""
        self.now += timedelta(seconds=1)
        free, row = self.free(), self.saga(wish)
        if row.due_at is None or row.due_at > self.now:
            return False
        with tenant(self.tenant_id):
            Runner("business", clock=lambda: self.now).run(row.id)
        if wish.stage == "new" and not wish.turned_back:
            self.goods_were_set_aside(wish, free, is_short=self.saga(wish).failure_code == "stock_short")
        return True

    def goods_were_set_aside(self, wish: Wish, free: tuple[int, int], *, is_short: bool) -> None:
        least, most = free
        assert wish.quantity > least if is_short else wish.quantity <= most
        wish.stage = "short" if is_short else "in_review" if wish.is_reviewed else "paying"

    def turns_back(self, wish: Wish) -> None:
        with tenant(self.tenant_id):
            wish.was_placed = queries.order(wish.id).status in ("placed", "cancelled")
        wish.turned_back = True

    def has_come_to_its_end(self, wish: Wish) -> None:
        with tenant(self.tenant_id):
            order, row = queries.order(wish.id), self.saga(wish)
            reserved = stock.open_reservation(wish.id)
            held = sum(one.quantity for one in stock.goods_of(reserved.id)) if reserved else 0
            paid = payment_queries.payments_of(wish.id)
        assert (order.status, row.state) == wish.end(), (wish, row.failure)
        assert held == (0 if wish.comes_to_nothing else wish.held()[0]), wish
        kept = sum(one.captured_minor - one.refunded_minor for one in paid)
        assert kept == order.paid_minor - order.refunded_minor == wish.keeps_money() * order.total_minor, wish
        assert not [one for one in paid if one.is_alive and not one.is_captured], wish

    def everything_agrees(self) -> None:
        """The provider's own books, the ledger, the orders, their parcels, invoices and events."""
        with tenant(self.tenant_id):
            found = reconcile(before=timezone.now() + timedelta(days=1))
            booked = {one.code: one.balance_minor for one in payment_queries.trial_balance()}
            kept = sum(one.captured_minor - one.refunded_minor for one in payment_queries.payments())
        assert found.holds, told(found)
        assert sum(booked.values()) == 0
        assert kept == self.provider_kept()

    def provider_kept(self) -> int:
        with registry.simulator().store.session() as session:
            things = session.things(str(self.tenant_id))
        taken = sum(one["amount_received"] for one in things if one["object"] == "payment_intent")
        return taken - sum(one["amount"] for one in things if one["object"] == "refund" if one["status"] == "succeeded")

    def free(self) -> tuple[int, int]:
        """How much nobody has reserved: at least and at most."""
        held = [wish.held() for wish in self.wishes]
        there = STOCK - sum(wish.shipped for wish in self.wishes) - sum(rival.quantity for rival in self.rivals)
        return there - sum(most for _, most in held), there - sum(least for least, _ in held)

    def wish(self, which: int, *stages: str) -> Wish:
        """One of the orders, preferably in one of these stages: that is where something can come of it."""
        likely = [one for one in self.wishes if one.stage in stages and not one.comes_to_nothing] or self.wishes
        return likely[which % len(likely)]

    def saga(self, wish: Wish) -> Instance:
        with tenant(self.tenant_id):
            found = sagas.instance_of(PLACE_ORDER.name, wish.id)
        assert found is not None
        return found

    def occasion(self) -> inventory.Occasion:
        return inventory.Occasion(actor=ADA, occurred_at=self.now, recorded_at=self.now)

    def tried(self, command: Callable[..., Any], *, legal: bool, **wish: Any) -> bool:
        """Run it; the model must have known whether it is refused."""
        with tenant(self.tenant_id):
            try:
                command(**wish, now=self.now)
            except DomainError as refused:
                assert not legal, refused
                return False
        assert legal, f"{command.__name__} should have been refused"
        return True


def deny(history: OrdersOnTheirWay) -> None:
    history.decide(0, approved=False)


def ask_for_the_money(history: OrdersOnTheirWay) -> None:
    """It is placed, and the provider has not been heard of the capture."""
    history.decide(0, approved=True)
    history.everybody_works()
    history.turn(history.wishes[0])


def call_off_once_placed(history: OrdersOnTheirWay) -> None:
    ask_for_the_money(history)
    history.call_off(0)


def cancel_too_early_and_then(history: OrdersOnTheirWay) -> None:
    ask_for_the_money(history)
    history.cancel(0)
    history.become_quiet()
    history.cancel(0)


def ship_too_early_and_call_off(history: OrdersOnTheirWay) -> None:
    """The order knows of its money before its saga does."""
    ask_for_the_money(history)
    history.ship(0, 1)
    history.provider_is_asked(history.wishes[0])
    history.drain()
    history.ship(0, 1)
    history.call_off(0)


def let_time_run_out(history: OrdersOnTheirWay) -> None:
    ask_for_the_money(history)
    history.days_pass()


@pytest.mark.django_db(databases=["default", "business"])
@pytest.mark.parametrize(
    "goes",
    [
        deny,
        call_off_once_placed,
        cancel_too_early_and_then,
        ship_too_early_and_call_off,
        let_time_run_out,
    ],
)
def test_the_histories_that_chance_seldom_finds(goes, settings, tmp_path):
    use_simulator(settings, tmp_path)
    history = OrdersOnTheirWay()
    history.begin(orders=[(2, cards.GOOD)], turns=0)
    history.turn(history.wishes[0])

    goes(history)

    history.goods_are_where_the_model_says()
    history.teardown()


@pytest.mark.django_db(databases=["default", "business"])
def test_no_history_parts_orders_from_their_model(settings, tmp_path):
    use_simulator(settings, tmp_path)

    run_state_machine_as_test(OrdersOnTheirWay, settings=_EXAMPLES)


_EXAMPLES = settings(
    max_examples=HISTORIES,
    stateful_step_count=20,
    deadline=None,
    database=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
