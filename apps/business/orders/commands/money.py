"""Where an order and its payment meet."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from apps.business.orders import queries
from apps.business.orders.commands.fulfilling import note_payment
from apps.business.payments import commands as payments
from apps.business.payments import queries as payment_queries
from apps.core.history import SYSTEM


def note_payment_of(*, order_id: UUID, now: datetime) -> None:
    """Let an order say how its payment stands now. Safe to repeat; a payment of something else is nobody's here."""
    payment = payment_queries.payment_of(order_id)
    if payment is None or not queries.numbers([order_id]):
        return
    is_held = payment.is_captured or payment.status == payment.Status.AUTHORISED
    note_payment(
        order_id=order_id,
        authorised_minor=payment.amount_minor if is_held else 0,
        captured_minor=payment.captured_minor,
        refunded_minor=payment.refunded_minor,
        actor=SYSTEM,
        now=now,
    )


def give_back(*, order_id: UUID, amount_minor: int, key: UUID, now: datetime) -> None:
    """Give back what was paid of an amount, once for each key; nothing where nothing was taken."""
    payment, request_key = payment_queries.payment_of(order_id), payment_queries.refund_key(key)
    if payment and payment_queries.was_wanted(payment.id, request_key):
        return
    left = payment.refundable_minor - payment_queries.on_its_way_back_minor(payment.id) if payment else 0
    if payment is None or min(amount_minor, left) <= 0:
        return
    payments.refund(
        payment_id=payment.id,
        amount_minor=min(amount_minor, left),
        request_key=request_key,
        reason="goods will not come, or came back",
        actor=SYSTEM,
        now=now,
    )
