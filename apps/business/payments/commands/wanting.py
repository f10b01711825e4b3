"""What is wanted of the provider, written down in the caller's transaction. Every command is safe to repeat."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from apps.business.constraints import violation_means
from apps.business.currencies import is_currency
from apps.business.payments import queries
from apps.business.payments.commands import configuring
from apps.business.payments.commands.sending import ask_page_at
from apps.business.payments.errors import (
    InvalidPayment,
    NothingIsStuck,
    OrderHasPayment,
    PaymentNotCapturable,
    PaymentNotRefundable,
    PaymentNotVoidable,
)
from apps.business.payments.events import PaymentStarted
from apps.business.payments.models import Operation, Payment
from apps.business.payments.waking import wake_after_commit
from apps.business.units import work_of
from apps.core.api.presentation import money_text
from apps.core.errors import Overtaken
from apps.core.events import repeated_when_overtaken
from apps.core.history import Actor

_MOST_MINOR = 10**15
_Kind, _State, _Status = Operation.Kind, Operation.State, Payment.Status


@repeated_when_overtaken()
def authorise(*, order_id: UUID, amount_minor: int, currency: str, method: str, actor: Actor, now: datetime) -> Payment:
    """Have the provider reserve an amount for an order. `method` is the provider's token of the buyer's card.

    Repeated with the same card it is the same payment, declined or not; with another card, once the one before was
    declined or voided, a new one. Raises InvalidPayment, PaymentsNotSetUp, OrderHasPayment.
    """
    _check(amount_minor, currency, method)
    # Somebody else is as fast: looked at again, it is a repetition or another payment.
    overtaken = Overtaken(f"order {order_id} got a payment at the same moment")
    with (
        violation_means("payments_one_alive_per_order", lambda: overtaken),
        violation_means("payments_one_per_method", lambda: overtaken),
        work_of(actor, Payment) as work,
    ):
        known = _known(order_id, amount_minor, currency, method)
        if known is not None:
            return known
        payment = Payment(
            order_id=order_id,
            provider=configuring.provider_name(),
            method=method,
            currency=currency,
            amount_minor=amount_minor,
        )
        payment.save()
        _want(payment, _Kind.AUTHORISE, amount_minor, actor=actor, now=now)
        work.publish(
            PaymentStarted(
                payment_id=payment.id,
                order_id=order_id,
                amount_minor=amount_minor,
                currency=currency,
                provider=payment.provider,
                occurred_at=now,
            )
        )
    return payment


def capture(*, payment_id: UUID, amount_minor: int | None = None, actor: Actor, now: datetime) -> Payment:
    """Have the provider take what was authorised, or less: then the rest is released. Once for a payment.

    Raises PaymentNotFound, PaymentNotCapturable.
    """
    with work_of(actor, Payment):
        payment = queries.lock_payment(payment_id)
        wanted = payment.amount_minor if amount_minor is None else amount_minor
        if payment.captured_minor == wanted:
            return payment
        pending = queries.open_operations(payment_id)
        if any(one.kind == _Kind.CAPTURE and one.amount_minor == wanted for one in pending):
            return payment
        if payment.status != _Status.AUTHORISED or pending:
            raise PaymentNotCapturable(_why_not(payment, pending, "captured"))
        if not 0 < wanted <= payment.amount_minor:
            most = money_text(payment.amount_minor, payment.currency)
            raise PaymentNotCapturable(f"between nothing and {most}, which was authorised, can be captured")
        _want(payment, _Kind.CAPTURE, wanted, actor=actor, now=now)
    return payment


def void(*, payment_id: UUID, reason: str = "", actor: Actor, now: datetime) -> Payment:
    """Have the provider release what was authorised; while that is not known yet, as soon as it is. A page on which
    nobody has paid is closed.

    A declined payment stays as it is. Raises PaymentNotFound, PaymentNotVoidable.
    """
    with work_of(actor, Payment, reason=reason):
        payment, pending = queries.lock_payment(payment_id), queries.open_operations(payment_id)
        if not payment.is_alive or any(one.kind == _Kind.VOID for one in pending):
            return payment
        if payment.is_captured or any(one.kind == _Kind.CAPTURE for one in pending):
            raise PaymentNotVoidable(_why_not(payment, pending, "voided"))
        _want(payment, _Kind.VOID, payment.amount_minor, reason=reason, actor=actor, now=now)
        ask_page_at(payment_id, now)
    return payment


def refund(
    *, payment_id: UUID, amount_minor: int, request_key: str, reason: str = "", actor: Actor, now: datetime
) -> Payment:
    """Have the provider give an amount back. Repeated with the same `request_key` it is the same refund.

    Raises PaymentNotFound, PaymentNotRefundable, InvalidPayment.
    """
    if not 0 < len(request_key) <= 200 or not 0 < amount_minor <= _MOST_MINOR:
        raise InvalidPayment(errors={"amount_minor": ["a refund gives something back, and has a key"]})
    with work_of(actor, Payment, reason=reason):
        payment = queries.lock_payment(payment_id)
        if _is_wanted(payment, amount_minor, request_key):
            return payment
        left = payment.refundable_minor - queries.on_its_way_back_minor(payment_id)
        if amount_minor > left:
            raise PaymentNotRefundable(f"only {money_text(left, payment.currency)} can be given back", left=left)
        _want(payment, _Kind.REFUND, amount_minor, request_key=request_key, reason=reason, actor=actor, now=now)
    return payment


def ask_again(*, payment_id: UUID, actor: Actor, now: datetime) -> Payment:
    """Ask the provider once more what nobody answered for too long. Raises PaymentNotFound, NothingIsStuck."""
    with work_of(actor, Payment):
        payment = queries.lock_payment(payment_id)
        stuck = [one for one in queries.open_operations(payment_id) if one.state == _State.STUCK]
        if not stuck:
            raise NothingIsStuck
        for operation in stuck:
            operation.state, operation.wanted_at, operation.next_at = _State.PENDING, now, now
            operation.save(update_fields=["state", "wanted_at", "next_at"])
        wake_after_commit(payment_id)
    return payment


def _want(
    payment: Payment,
    kind: Operation.Kind,
    amount_minor: int,
    *,
    request_key: str | None = None,
    reason: str = "",
    actor: Actor,
    now: datetime,
) -> None:
    """The payment's row is locked: nobody else wants anything of it now."""
    operation = Operation(
        payment=payment,
        kind=kind,
        amount_minor=amount_minor,
        reason=reason[:200],
        wanted_at=now,
        next_at=now,
        actor_id=actor.id,
        actor_name=actor.name[:200],
    )
    operation.request_key = request_key or str(operation.id)
    operation.save(force_insert=True)
    wake_after_commit(payment.id)


def _known(order_id: UUID, amount_minor: int, currency: str, method: str) -> Payment | None:
    """The payment that this is a repetition of. Raises OrderHasPayment where it is another one."""
    for payment in queries.payments_of(order_id):
        if payment.method == method and (payment.amount_minor, payment.currency) == (amount_minor, currency):
            return payment
        if payment.method == method or payment.is_alive:
            raise OrderHasPayment(f"order {order_id} has another payment, {payment.id}", payment_id=str(payment.id))
    return None


def _is_wanted(payment: Payment, amount_minor: int, request_key: str) -> bool:
    for operation in queries.operations_of(payment.id):
        if (operation.kind, operation.request_key) == (_Kind.REFUND, request_key):
            if operation.amount_minor != amount_minor:
                raise PaymentNotRefundable("a refund with this key was asked for before, of another amount")
            return True
    return False


def _why_not(payment: Payment, pending: list[Operation], done: str) -> str:
    if pending:
        return f"the provider is being asked to {pending[0].kind} this payment"
    return f"this payment is {payment.get_status_display().lower()}, so it cannot be {done}"


def _check(amount_minor: int, currency: str, method: str) -> None:
    errors = {}
    if not 0 < amount_minor <= _MOST_MINOR:
        errors["amount_minor"] = ["must be above zero, and no fortune"]
    if not is_currency(currency):
        errors["currency"] = [f"{currency!r} is no currency (ISO 4217)"]
    if not 0 < len(method) <= 255:
        errors["method"] = ["the provider's token of a payment method is needed"]
    if errors:
        raise InvalidPayment(errors=errors)
