"""What a buyer has still to do about the money for an order, and giving it up."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from apps.business.payments import commands as payment_commands
from apps.business.payments import queries as payments
from apps.core.history import Actor


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """`waits`: the buyer is to pay on the provider's page, as soon as the goods are set aside, and until `pay_by` once
    they were there. `problem` says why nothing was paid, in the provider's word for it.
    """

    waits: bool = False
    is_given_up: bool = False
    pay_by: datetime | None = None
    problem: str = ""
    payment_id: UUID | None = None


def standing_of(order: Any) -> Standing:
    """Four statements at most."""
    if order.payment_method != payments.PAGE:
        return Standing()
    payment = payments.payment_of(order.id)
    if payment is None:
        return Standing(waits=order.status == order.Status.PENDING)
    operation, is_given_up = payments.page_operation(payment.id), payments.is_given_up(payment.id)
    return Standing(
        waits=operation is not None and not is_given_up,
        is_given_up=is_given_up,
        pay_by=operation.pay_by if operation else None,
        problem=payment.decline_code,
        payment_id=payment.id,
    )


def give_up(order: Any, *, actor: Actor, now: datetime) -> None:
    """The buyer will not pay: its goods are free as soon as the provider's page is closed. Safe to repeat.

    Without effect once the money was asked for otherwise; what was paid meanwhile is released.
    """
    standing = standing_of(order)
    if standing.waits and standing.payment_id is not None:
        reason = f"the buyer gave up order {order.number}"
        payment_commands.void(payment_id=standing.payment_id, reason=reason, actor=actor, now=now)
