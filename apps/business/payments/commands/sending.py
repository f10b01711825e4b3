"""A buyer is sent to the provider's own page to pay, and comes back."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings

from apps.business.payments import queries
from apps.business.payments.commands import configuring
from apps.business.payments.commands.working import ask_of
from apps.business.payments.errors import PaymentPageUnavailable, PaymentsNotSetUp
from apps.business.payments.models import Operation, Payment
from apps.business.payments.providers.port import Errand, NoAnswer, Page, Refused
from apps.business.payments.waking import wake_after_commit
from apps.core.crypto.sealing import Unreadable
from apps.core.events import unit_of_work
from apps.core.history import SYSTEM


def page_for(*, payment_id: UUID, title: str, paid_url: str, cancelled_url: str, now: datetime) -> str:
    """Where the buyer pays; "" where there is nothing to pay there, any more or at all. Asks the provider.

    Safe to repeat: there is one page for a payment, until it is paid, given up, or `PAYMENT_PAGE_S` have passed since
    somebody came there; who comes later than that after the payment was wanted is too late.
    Raises PaymentNotFound, PaymentPageUnavailable.
    """
    payment, operation = queries.payment(payment_id), _waiting_for_buyer(payment_id, now)
    if operation is None or operation.pay_by is None:
        return ""
    errand = Errand(title=title, paid_url=paid_url, cancelled_url=cancelled_url, until=operation.pay_by)
    page = _page(payment, operation, errand)
    return page.url if _remember(operation, page) else ""


def look_now(*, payment_id: UUID, now: datetime) -> None:
    """The buyer came back from the provider's page: have a worker ask at once what became of it. Safe to repeat."""
    with unit_of_work(Payment, actor=SYSTEM):
        queries.lock_payment(payment_id)
        ask_page_at(payment_id, now)


def ask_page_at(payment_id: UUID, now: datetime) -> None:
    """Have a worker ask about the provider's page, if one is open. The payment's row is locked."""
    operation = queries.page_operation(payment_id)
    if operation is not None:
        operation.next_at = now
        operation.save(update_fields=["next_at"])
        wake_after_commit(payment_id)


def _waiting_for_buyer(payment_id: UUID, now: datetime) -> Operation | None:
    """What the buyer may still do, if anything. Until when is said once: a provider that is asked again with the same
    key wants to be asked the same.
    """
    with unit_of_work(Payment, actor=SYSTEM):
        payment = queries.lock_payment(payment_id)
        operation = queries.page_operation(payment_id)
        if operation is None or payment.status != Payment.Status.AUTHORISING or queries.is_given_up(payment_id):
            return None
        time_to_pay = timedelta(seconds=settings.PAYMENT_PAGE_S)
        if operation.pay_by is None and (operation.reference or now < operation.wanted_at + time_to_pay):
            operation.pay_by = now + time_to_pay
            operation.save(update_fields=["pay_by"])
        return operation


def _page(payment: Payment, operation: Operation, errand: Errand) -> Page:
    try:
        return configuring.provider_called(payment.provider).page(ask_of(payment, operation), errand)
    except (NoAnswer, Refused, PaymentsNotSetUp, Unreadable) as error:
        raise PaymentPageUnavailable("the payment provider has no page for it at the moment") from error


def _remember(operation: Operation, page: Page) -> bool:
    """False where the payment was decided meanwhile: then nobody is sent there."""
    with unit_of_work(Payment, actor=SYSTEM):
        queries.lock_payment(operation.payment_id)
        known = queries.page_operation(operation.payment_id)
        if known is not None and not known.reference:
            known.reference = page.reference
            known.save(update_fields=["reference"])
    return known is not None
