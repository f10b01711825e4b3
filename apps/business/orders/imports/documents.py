"""The documents that invoices of a file become: each with its money, its parcel and its paper, as of its own time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from apps.business.invoicing import commands as invoicing
from apps.business.orders import commands
from apps.business.orders.imports import ledger
from apps.business.orders.models import ImportRun, OrderReturn
from apps.business.payments import commands as payments
from apps.business.shipping import commands as shipping
from apps.core.history import Actor


@dataclass(frozen=True, slots=True)
class Context:
    """What every invoice of a run shares."""

    run: ImportRun
    products: Mapping[str, UUID]
    customers: Mapping[str, UUID]
    actor: Actor
    now: datetime


@dataclass(frozen=True, slots=True)
class Sale:
    """An order that an invoice brought."""

    invoice_no: str
    order: commands.NewOrder


def record_sales(sales: Sequence[Sale], context: Context) -> None:
    """Orders that were placed, paid and delivered, with their invoices. About thirty statements, however many."""
    if not sales:
        return
    said = {"actor": context.actor, "now": context.now}
    past = commands.record_past_orders(orders=[sale.order for sale in sales], **said)
    shipping.record_delivered(parcels=[_parcel(one) for one in past if one.goods], **said)
    payments.record_taken(takings=[_taken(one) for one in past if one.order.total_minor > 0], **said)
    for one in past:
        if one.order.total_minor < 0:
            payments.record_given_back(given=_owed_to_buyer(one), **said)
    invoicing.record_invoices(orders=[(one.order, one.lines) for one in past], actor=context.actor)
    numbers = [sale.invoice_no for sale in sales]
    ledger.note_orders(zip(numbers, (one.order.id for one in past), strict=True))


def record_settled(returned: OrderReturn, invoice_no: str, context: Context) -> None:
    """What came back was refunded and credited. What is beyond the payment for it was paid before the records began."""
    if returned.total_minor > 0:
        payment = payments.record_given_back(given=_given_back(returned), actor=context.actor, now=context.now)
        if payment is not None:
            commands.note_payment(
                order_id=payment.order_id,
                authorised_minor=payment.amount_minor,
                captured_minor=payment.captured_minor,
                refunded_minor=payment.refunded_minor,
                actor=context.actor,
                now=returned.returned_at,
            )
    invoicing.record_credit_note(order_return_id=returned.id, actor=context.actor)
    ledger.note_return(invoice_no, returned.id)


def _parcel(past: commands.PastOrder) -> shipping.PastParcel:
    return shipping.PastParcel(
        shipment_id=past.shipment_id,
        order_id=past.order.id,
        order_number=past.order.number,
        arrived_at=past.order.placed_at,
        lines=past.goods,
    )


def _taken(past: commands.PastOrder) -> payments.Taken:
    order = past.order
    return payments.Taken(
        order_id=order.id, amount_minor=order.total_minor, currency=order.currency, at=order.placed_at
    )


def _owed_to_buyer(past: commands.PastOrder) -> payments.GivenBack:
    """An order below zero, such as a bad debt that was written off."""
    order = past.order
    return payments.GivenBack(
        cause_id=order.id,
        order_id=None,
        amount_minor=-order.total_minor,
        currency=order.currency,
        at=order.placed_at,
    )


def _given_back(returned: OrderReturn) -> payments.GivenBack:
    return payments.GivenBack(
        cause_id=returned.id,
        order_id=returned.order_id,
        amount_minor=returned.total_minor,
        currency=returned.currency,
        at=returned.returned_at,
        reason=returned.reason,
    )
