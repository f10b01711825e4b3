"""Money that was taken and given back elsewhere: written down with its own time, and in the ledger."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from apps.business.constraints import violation_means
from apps.business.payments import queries
from apps.business.payments.booking import Booking, account_of, book_all
from apps.business.payments.errors import InvalidPayment, OrderHasPayment
from apps.business.payments.events import PaymentCaptured, PaymentRefunded
from apps.business.payments.models import ELSEWHERE, LedgerAccount, LedgerEntry, Operation, Payment
from apps.business.units import work_of
from apps.core.history import Actor

_Kind = LedgerEntry.Kind


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """What an order was paid with, wholly and at once."""

    order_id: UUID
    amount_minor: int
    currency: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class GivenBack:
    """What a buyer got back. `cause_id` tells it from every other: a return, say. Without `order_id` it was paid for
    before the records began.
    """

    cause_id: UUID
    order_id: UUID | None
    amount_minor: int
    currency: str
    at: datetime
    reason: str = ""


def record_taken(*, takings: Sequence[Taken], actor: Actor, now: datetime) -> list[Payment]:
    """Record what orders were paid with elsewhere, each as a captured payment. All in one currency, all or nothing.

    Five statements, however many. Raises InvalidPayment, OrderHasPayment.
    """
    if any(one.amount_minor <= 0 for one in takings):
        raise InvalidPayment(errors={"amount_minor": ["must be above zero"]})
    taken = OrderHasPayment("one of the orders has a payment already")
    with (
        violation_means("payments_one_per_method", lambda: taken),
        violation_means("payments_one_alive_per_order", lambda: taken),
        work_of(actor, Payment) as work,
    ):
        paid = [(_payment(one, actor, now), one) for one in takings]
        Payment.objects.bulk_create([payment for payment, _ in paid])
        book_all([_charge(payment, one) for payment, one in paid], now=now)
        work.publish_all([[_captured(payment, one)] for payment, one in paid])
    return [payment for payment, _ in paid]


def record_given_back(*, given: GivenBack, actor: Actor, now: datetime) -> Payment | None:
    """Record what was given back elsewhere: of the order's payment as much as is left of that, the rest of nothing that
    is known. Returns the payment, if there is one.

    Not safe to repeat: the second call breaks `payments_booked_once`. Raises InvalidPayment.
    """
    if given.amount_minor <= 0:
        raise InvalidPayment(errors={"amount_minor": ["must be above zero"]})
    with work_of(actor, Payment, reason=given.reason) as work:
        payment = queries.payment_of(given.order_id) if given.order_id else None
        payment = queries.lock_payment(payment.id) if payment else None
        part = min(given.amount_minor, payment.refundable_minor) if payment else 0
        bookings = []
        if payment and part:
            _give_back(payment, part, given, actor)
            bookings.append(_refund(given, part, payment))
            work.publish(_refunded(payment, part, given))
        if given.amount_minor > part:
            bookings.append(_refund(given, given.amount_minor - part, None))
        book_all(bookings, now=now)
    return payment


def _payment(one: Taken, actor: Actor, now: datetime) -> Payment:
    return Payment(
        order_id=one.order_id,
        provider=ELSEWHERE,
        method=ELSEWHERE,
        status=Payment.Status.CAPTURED,
        currency=one.currency,
        amount_minor=one.amount_minor,
        captured_minor=one.amount_minor,
        created_at=now,
        created_by=actor.id,
        updated_at=now,
        updated_by=actor.id,
    )


def _charge(payment: Payment, one: Taken) -> Booking:
    return Booking(
        kind=_Kind.CHARGE,
        reference=str(one.order_id),
        amount_minor=one.amount_minor,
        currency=one.currency,
        payment_id=payment.id,
        held_at=LedgerAccount.Code.ELSEWHERE,
        occurred_at=one.at,
    )


def _captured(payment: Payment, one: Taken) -> PaymentCaptured:
    return PaymentCaptured(
        payment_id=payment.id,
        order_id=one.order_id,
        amount_minor=one.amount_minor,
        authorised_minor=one.amount_minor,
        currency=one.currency,
        occurred_at=one.at,
    )


def _give_back(payment: Payment, part: int, given: GivenBack, actor: Actor) -> None:
    """With the operation that would have asked for it, so that it is not asked for again."""
    payment.give_back(part)
    payment.save()
    Operation(
        payment=payment,
        kind=Operation.Kind.REFUND,
        state=Operation.State.SUCCEEDED,
        amount_minor=part,
        request_key=queries.refund_key(given.cause_id),
        reason=given.reason[:200],
        next_at=given.at,
        wanted_at=given.at,
        settled_at=given.at,
        actor_id=actor.id,
        actor_name=actor.name[:200],
    ).save(force_insert=True)


def _refund(given: GivenBack, amount_minor: int, payment: Payment | None) -> Booking:
    return Booking(
        kind=_Kind.REFUND,
        reference=queries.references_of([given.cause_id])[0 if payment else 1],
        amount_minor=amount_minor,
        currency=given.currency,
        payment_id=payment.id if payment else None,
        held_at=account_of(payment) if payment else LedgerAccount.Code.ELSEWHERE,
        occurred_at=given.at,
    )


def _refunded(payment: Payment, part: int, given: GivenBack) -> PaymentRefunded:
    return PaymentRefunded(
        payment_id=payment.id,
        order_id=payment.order_id,
        amount_minor=part,
        refunded_minor=payment.refunded_minor,
        captured_minor=payment.captured_minor,
        currency=payment.currency,
        reason=given.reason,
        occurred_at=given.at,
    )
