"""What the provider tells, written down: by its answer or its call, once or twice, soon or late, in any order.

A payment only moves forward, so that news which are none change nothing. Everything runs under the payment's lock.
"""

from __future__ import annotations

from datetime import datetime

from apps.business.payments import queries
from apps.business.payments.booking import Booking, account_of, book
from apps.business.payments.events import (
    PaymentAuthorised,
    PaymentCaptured,
    PaymentCaptureRefused,
    PaymentDeclined,
    PaymentRefunded,
    PaymentRefundRefused,
    PaymentVoided,
)
from apps.business.payments.models import LedgerEntry, Operation, Payment
from apps.business.payments.providers.port import (
    PAGE_CLOSED,
    PAGE_EXPIRED,
    PAGE_NOT_OPENED,
    PaymentNews,
    RefundNews,
    Refused,
)
from apps.business.payments.waking import wake_after_commit
from apps.core.events import UnitOfWork

_Kind, _State, _Status = Operation.Kind, Operation.State, Payment.Status
_Booked = LedgerEntry.Kind

# What was wanted, and what became of it: met, or never to be met. Anything else is still open.
_MET = {
    _Kind.AUTHORISE: {_Status.AUTHORISED, _Status.CAPTURED, _Status.PARTLY_REFUNDED, _Status.REFUNDED, _Status.VOIDED},
    _Kind.CAPTURE: {_Status.CAPTURED, _Status.PARTLY_REFUNDED, _Status.REFUNDED},
    _Kind.VOID: {_Status.VOIDED, _Status.DECLINED},
}
_MISSED = {
    _Kind.AUTHORISE: {_Status.DECLINED},
    _Kind.CAPTURE: {_Status.VOIDED, _Status.DECLINED},
    _Kind.VOID: {_Status.CAPTURED, _Status.PARTLY_REFUNDED, _Status.REFUNDED},
}


def note_payment(payment: Payment, news: PaymentNews, *, work: UnitOfWork, now: datetime) -> None:
    """Write down what has become of a payment. The caller holds its lock."""
    payment.reference = payment.reference or news.reference
    if news.state in ("authorised", "captured") and payment.status == _Status.AUTHORISING:
        payment.authorise()
        work.publish(PaymentAuthorised(**_named(payment, now), amount_minor=payment.amount_minor))
    if news.state == "declined" and payment.status == _Status.AUTHORISING:
        _decline(payment, _why(payment, news), news.message, work=work, now=now)
    if news.state == "captured" and payment.status == _Status.AUTHORISED:
        _capture(payment, news, work=work, now=now)
    if news.state == "voided" and payment.status in (_Status.AUTHORISING, _Status.AUTHORISED):
        payment.void()
        work.publish(PaymentVoided(**_named(payment, now), amount_minor=payment.amount_minor))
    _note_fee(payment, news, now)
    payment.save()
    _settle_operations(payment, news, now)


def note_refund(payment: Payment, operation: Operation, news: RefundNews, *, work: UnitOfWork, now: datetime) -> None:
    """Write down what has become of a refund. The caller holds the payment's lock."""
    operation.reference = operation.reference or news.reference
    if news.state == "refunded" and operation.is_open:
        _give_back(payment, operation, work=work, now=now)
    elif news.state == "failed":
        _refuse_refund(payment, operation, news.code, news.message, work=work, now=now)
    operation.save()


def note_refusal(payment: Payment, operation: Operation, refused: Refused, *, work: UnitOfWork, now: datetime) -> None:
    """The provider will not do it. The caller holds the payment's lock."""
    if not operation.is_open:
        return  # a call of the provider's said otherwise meanwhile
    if operation.kind == _Kind.REFUND:
        _refuse_refund(payment, operation, refused.code, refused.message, work=work, now=now)
    else:
        operation.settle(_State.FAILED, at=now, code=refused.code, message=refused.message)
    operation.save()
    if operation.kind == _Kind.AUTHORISE and payment.status == _Status.AUTHORISING:
        _decline(payment, refused.code, refused.message, work=work, now=now)
        payment.save()
        _settle_operations(payment, None, now)
    if operation.kind == _Kind.CAPTURE:
        told = {"code": refused.code[:100], "reason": refused.message[:500]}
        work.publish(PaymentCaptureRefused(**_named(payment, now), amount_minor=operation.amount_minor, **told))


def _why(payment: Payment, news: PaymentNews) -> str:
    """A page that ended because somebody gave up says so, whoever is the first to tell of its end."""
    over = news.code in (PAGE_EXPIRED, PAGE_NOT_OPENED)
    return PAGE_CLOSED if over and queries.is_given_up(payment.id) else news.code


def _decline(payment: Payment, code: str, message: str, *, work: UnitOfWork, now: datetime) -> None:
    payment.decline(code=code, reason=message)
    told = {"code": payment.decline_code, "reason": payment.decline_reason}
    work.publish(PaymentDeclined(**_named(payment, now), amount_minor=payment.amount_minor, **told))


def _capture(payment: Payment, news: PaymentNews, *, work: UnitOfWork, now: datetime) -> None:
    payment.capture(news.amount_minor)
    _book(payment, _Booked.CHARGE, str(payment.id), payment.captured_minor, now)
    work.publish(
        PaymentCaptured(
            **_named(payment, now), amount_minor=payment.captured_minor, authorised_minor=payment.amount_minor
        )
    )


def _note_fee(payment: Payment, news: PaymentNews, now: datetime) -> None:
    """The provider may know its fee only some time after the capture."""
    if news.fee_minor > 0 and payment.is_captured and not payment.fee_minor:
        payment.fee_minor = news.fee_minor
        _book(payment, _Booked.FEE, str(payment.id), news.fee_minor, now)


def _settle_operations(payment: Payment, news: PaymentNews | None, now: datetime) -> None:
    """What was wanted of the payment is met, or cannot be any more; what waited for that is looked at now."""
    for operation in queries.open_operations(payment.id):
        if operation.kind == _Kind.REFUND:
            continue
        if payment.status in _MET[operation.kind]:
            operation.settle(_State.SUCCEEDED, at=now)
        elif payment.status in _MISSED[operation.kind]:
            told = {"code": news.code, "message": news.message} if news else {}
            operation.settle(_State.FAILED, at=now, **told)
        else:
            wake_after_commit(payment.id)
            continue
        operation.save()


def _give_back(payment: Payment, operation: Operation, *, work: UnitOfWork, now: datetime) -> None:
    payment.give_back(operation.amount_minor)
    payment.save()
    operation.settle(_State.SUCCEEDED, at=now)
    _book(payment, _Booked.REFUND, str(operation.id), operation.amount_minor, now)
    work.publish(PaymentRefunded(**_named(payment, now), **_refund(payment, operation), reason=operation.reason))


def _refuse_refund(
    payment: Payment, operation: Operation, code: str, message: str, *, work: UnitOfWork, now: datetime
) -> None:
    """Also long after it had succeeded: the buyer's bank may send it back."""
    if operation.state == _State.FAILED:
        return
    if operation.state == _State.SUCCEEDED:
        payment.give_back(-operation.amount_minor)
        payment.save()
        _book(payment, _Booked.REFUND_RETURNED, str(operation.id), operation.amount_minor, now)
    operation.settle(_State.FAILED, at=now, code=code, message=message)
    told = {"code": operation.code, "reason": operation.message}
    work.publish(PaymentRefundRefused(**_named(payment, now), **_refund(payment, operation), **told))


def _named(payment: Payment, now: datetime) -> dict[str, object]:
    return {
        "payment_id": payment.id,
        "order_id": payment.order_id,
        "currency": payment.currency,
        "occurred_at": now,
    }


def _refund(payment: Payment, operation: Operation) -> dict[str, int]:
    return {
        "amount_minor": operation.amount_minor,
        "refunded_minor": payment.refunded_minor,
        "captured_minor": payment.captured_minor,
    }


def _book(payment: Payment, kind: LedgerEntry.Kind, reference: str, amount_minor: int, now: datetime) -> None:
    book(
        Booking(
            kind=kind,
            reference=reference,
            amount_minor=amount_minor,
            currency=payment.currency,
            payment_id=payment.id,
            held_at=account_of(payment),
        ),
        now=now,
    )
