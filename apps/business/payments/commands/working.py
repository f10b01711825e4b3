"""Asking the provider: one operation of a payment at a time, outside of any transaction.

Whoever dies while asking lets the lease run out, and it is asked again with the same key: the provider does it once.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from prometheus_client import Counter

from apps.business.payments import queries
from apps.business.payments.commands import configuring, settling
from apps.business.payments.errors import PaymentsNotSetUp
from apps.business.payments.models import Operation, Payment
from apps.business.payments.providers.port import PAGE, PAGE_NOT_OPENED, Ask, NoAnswer, PaymentNews, RefundNews, Refused
from apps.core.crypto.sealing import Unreadable
from apps.core.events import unit_of_work
from apps.core.events.retry import retry_delay_s
from apps.core.history import SYSTEM
from apps.core.observability import get_logger

_logger = get_logger(__name__)
_asked = Counter("payments_asked_total", "Questions to payment providers.", ["kind", "outcome"])
_Kind, _State = Operation.Kind, Operation.State
Told = PaymentNews | RefundNews | Refused | NoAnswer


@dataclass(frozen=True, slots=True)
class _Claimed:
    """What is to be asked now, as it was when it was taken."""

    payment: Payment
    operation: Operation
    at: datetime
    is_given_up: bool

    @property
    def waits_for_buyer(self) -> bool:
        """Whether the buyer is to pay on the provider's page."""
        return self.operation.kind == _Kind.AUTHORISE and self.payment.method == PAGE

    @property
    def is_abandoned(self) -> bool:
        """Whether the buyer never was there, and will not come in time or may not any more."""
        operation = self.operation
        if not self.waits_for_buyer or operation.reference:
            return False
        come_by = operation.pay_by or operation.wanted_at + timedelta(seconds=settings.PAYMENT_PAGE_S)
        return self.is_given_up or self.at >= come_by


def ask_of(payment: Payment, operation: Operation) -> Ask:
    """What an operation asks."""
    return Ask(
        key=str(operation.id),
        payment_id=str(payment.id),
        order_id=str(payment.order_id),
        method=payment.method,
        currency=payment.currency,
        amount_minor=operation.amount_minor,
        reference=payment.reference,
        operation_reference=operation.reference,
    )


def work_on(*, payment_id: UUID, now: datetime) -> bool:
    """Ask the provider what is due for a payment and write the answer down; False when nothing was due.

    Safe to run twice, or twice at once. Raises PaymentNotFound.
    """
    claimed = _claim(payment_id, now)
    if claimed is None:
        return False
    told = _told(claimed)
    outcome = type(told).__name__ if isinstance(told, Exception) else told.state
    _asked.labels(claimed.operation.kind, outcome).inc()
    _logger.info("payments.asked", payment_id=str(payment_id), operation_id=str(claimed.operation.id), outcome=outcome)
    _write_down(claimed, told, now)
    return True


def _claim(payment_id: UUID, now: datetime) -> _Claimed | None:
    """Take the oldest open operation of a payment, if it is due: a later one waits for it."""
    with unit_of_work(Payment, actor=SYSTEM):
        payment = queries.lock_payment(payment_id)
        operations = queries.open_operations(payment_id)
        operation = next(iter(operations), None)
        if operation is None or operation.state == _State.STUCK or operation.next_at > now:
            return None
        operation.take(until=now + timedelta(seconds=settings.PAYMENT_LEASE_S))
        operation.save(update_fields=["attempts", "next_at"])
        return _Claimed(payment, operation, now, any(one.kind == _Kind.VOID for one in operations))


def _told(claimed: _Claimed) -> Told:
    ask = ask_of(claimed.payment, claimed.operation)
    try:
        provider = configuring.provider_called(claimed.payment.provider)
        if claimed.is_abandoned:
            return PaymentNews(
                payment_id=ask.payment_id,
                reference="",
                state="declined",
                currency=ask.currency,
                code=PAGE_NOT_OPENED,
                message="The buyer never came to the provider's page.",
            )
        if claimed.waits_for_buyer and claimed.is_given_up:
            return provider.close_page(ask)
        if claimed.operation.kind == _Kind.AUTHORISE:
            return provider.authorise(ask)
        if claimed.operation.kind == _Kind.CAPTURE:
            return provider.capture(ask)
        if claimed.operation.kind == _Kind.VOID:
            return provider.void(ask)
        return provider.refund(ask)
    except (NoAnswer, Refused) as told:
        return told
    except (PaymentsNotSetUp, Unreadable) as error:  # somebody changes the keys: until then nobody can be asked
        return NoAnswer(str(error) or "the provider's key cannot be read")


def _write_down(claimed: _Claimed, told: Told, now: datetime) -> None:
    with unit_of_work(Payment, actor=SYSTEM) as work:
        payment = queries.lock_payment(claimed.payment.id)
        operation = queries.operation(claimed.operation.id)
        if isinstance(told, PaymentNews):
            settling.note_payment(payment, told, work=work, now=now)
            operation = queries.operation(operation.id)
        elif isinstance(told, RefundNews):
            settling.note_refund(payment, operation, told, work=work, now=now)
        elif isinstance(told, Refused):
            settling.note_refusal(payment, operation, told, work=work, now=now)
        if operation.state == _State.PENDING:
            _ask_later(operation, told, now)


def _ask_later(operation: Operation, told: Told, now: datetime) -> None:
    """Nothing is decided: ask again, or leave it to a person."""
    if isinstance(told, NoAnswer):
        operation.message = str(told)[:500]
        base_s, cap_s = settings.PAYMENT_RETRY_BASE_S, settings.PAYMENT_RETRY_CAP_S
        delay_s = retry_delay_s(operation.attempts - 1, base_s=base_s, cap_s=cap_s)
    else:
        delay_s = settings.PAYMENT_POLL_S
    operation.next_at = now + timedelta(seconds=delay_s)
    if now - operation.wanted_at >= timedelta(seconds=settings.PAYMENT_ASK_FOR_S):
        operation.state = _State.STUCK
    operation.save(update_fields=["message", "next_at", "state"])
