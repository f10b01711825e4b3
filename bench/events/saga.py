"""Orders through the whole saga place-order: goods reserved, money authorised, placed, money taken, shipped.

One relay and one worker with two processes, as an embedded installation has them, and the embedded payment simulator.
Beside it what plain Django does for the same rows, asking nobody and able to undo nothing.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import UUID, uuid4

from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.utils import timezone

from apps.business.inventory.models import StockLevel
from apps.business.inventory.tests.factories import StockLevelFactory
from apps.business.orders import commands, queries
from apps.business.orders.models import FulfilmentStatus, Order, OrderLine, PaymentStatus
from apps.business.orders.sagas import PLACE_ORDER
from apps.business.payments.models import Payment
from apps.business.payments.providers.simulator import cards
from apps.core.db.ids import uuid7
from apps.core.events.tests.processes import running
from apps.core.history import SYSTEM
from apps.core.sagas.models import Instance
from apps.core.tenancy import tenant
from apps.core.testing.databases import forget_committed_rows
from bench.harness import Bench

ORDERS = 60
_PATIENCE_S = 120
_SHIPPING = len(PLACE_ORDER.steps) - 1


def measure(bench: Bench) -> None:
    forget_committed_rows()  # the orders of the parts before this one are made up: nobody could send an invoice
    rounds, bench.rounds = bench.rounds, 1
    with tenant(uuid7()), _platform():
        product = StockLevelFactory(on_hand=1_000_000).product_id
        _through_the_saga(product, 3)  # everything is warm
        bench.compare(
            f"{ORDERS} orders from the wish to the shipped parcel",
            "orders",
            {"plain ORM: the rows alone": lambda: _plain(product), "ours": lambda: _through_the_saga(product, ORDERS)},
            note="Ours: 8 steps, some 12 events and their effects on every read model, and an invoice, for each.",
        )
    bench.rounds = rounds


@contextmanager
def _platform() -> Iterator[None]:
    with tempfile.TemporaryDirectory() as folder:
        settings.PAYMENT_SIMULATOR = True
        settings.PAYMENT_SIMULATOR_FILE = str(Path(folder) / "payment-simulator.sqlite3")
        given = {"STATE_DIR": folder, "PAYMENT_SIMULATOR": "true"}
        worker = ("-m", "celery", "-A", "config.celery", "worker", "-c", "2", "--without-gossip", "--without-mingle")
        with running("-m", "apps.core.events.relay_process"), running(*worker, EVENTS_CONSUME="all", **given):
            yield


def _through_the_saga(product: UUID, count: int) -> int:
    wish = commands.NewOrder(
        lines=[commands.NewLine(product_id=product, quantity=2)], currency="GBP", payment_method=cards.GOOD
    )
    ids = [commands.place_order(order=wish, actor=SYSTEM, now=timezone.now()).id for _ in range(count)]
    waiting = Instance.objects.using("business").filter(key__in=ids, state="waiting", position=_SHIPPING)
    _until(lambda: waiting.count() == count)
    for order_id in ids:
        goods = {line.id: line.quantity for line in queries.lines_of(order_id)}
        commands.note_shipped(
            order_id=order_id, shipment_id=uuid7(), quantities=goods, actor=SYSTEM, now=timezone.now()
        )
    _until(lambda: Instance.objects.using("business").filter(key__in=ids, state="completed").count() == count)
    return count


def _until(condition: object) -> None:
    end = time.monotonic() + _PATIENCE_S
    while not condition():  # type: ignore[operator]
        if time.monotonic() > end:
            raise TimeoutError("the orders do not come to their end")
        time.sleep(0.05)  # who looks more often is measured too


def _plain(product: UUID) -> int:
    for _ in range(ORDERS):
        with transaction.atomic(using="business"):
            StockLevel.objects.filter(product_id=product).update(on_hand=F("on_hand") - 2)
            sums, number = {"total_minor": 510}, f"P-{uuid4().hex[:12]}"
            order = Order.objects.create(number=number, placed_at=timezone.now(), currency="GBP", **sums)
            goods = {"kind": "product", "product_id": product, "quantity": 2, "unit_price_e4": 25_500}
            OrderLine.objects.create(order=order, ordinal=1, **goods, **sums)
            payment = Payment.objects.create(
                order_id=order.id, provider="none", method="card", currency="GBP", amount_minor=510
            )
        with transaction.atomic(using="business"):
            payment.status, payment.captured_minor = Payment.Status.CAPTURED, 510
            payment.save()
            order.payment_status = PaymentStatus.PAID
            order.save()
        with transaction.atomic(using="business"):
            order.fulfilment_status = FulfilmentStatus.SHIPPED
            order.save()
    return ORDERS
