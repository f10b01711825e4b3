"""Calls of the provider's: verified, written down once, and taking effect like an answer."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from apps.business.payments import queries
from apps.business.payments.commands import configuring, payouts, settling
from apps.business.payments.errors import NoticeRefused, PaymentsNotSetUp
from apps.business.payments.models import Operation, Payment, ProviderNotice
from apps.business.payments.providers.port import News, Notice, PaymentNews, PayoutNews, RefundNews
from apps.core.crypto.sealing import Unreadable
from apps.core.events import UnitOfWork, unit_of_work
from apps.core.history import SYSTEM


def receive_notice(*, provider: str, body: bytes, headers: Mapping[str, str], now: datetime) -> bool:
    """Take a webhook call of the current tenant's provider; False when it had taken effect before, or is none of ours.

    Raises NoticeRefused, also for a provider that the tenant does not use: a stranger learns nothing.
    """
    notice = _verified(provider, body, headers, now)
    with unit_of_work(Payment, actor=SYSTEM) as work:
        payment = _payment(notice.news)
        if payment is None and not isinstance(notice.news, PayoutNews):
            return False
        if not _is_new(provider, notice, payment, now):
            return False
        _take_effect(notice.news, payment, work=work, now=now)
    return True


def _verified(provider: str, body: bytes, headers: Mapping[str, str], now: datetime) -> Notice:
    try:
        return configuring.provider_called(provider).read_notice(body, headers, now=now)
    except (PaymentsNotSetUp, Unreadable) as error:
        raise NoticeRefused("the signature is not the provider's") from error


def _payment(news: News | None) -> Payment | None:
    """The payment that the news are about, locked."""
    if not isinstance(news, PaymentNews | RefundNews):
        return None
    found: Payment | None = None
    if (payment_id := _uuid(news.payment_id)) is not None:
        found = Payment.objects.in_tenant().select_for_update().filter(id=payment_id).first()
    if found is None and isinstance(news, PaymentNews):
        found = queries.lock_payment_called(news.reference)
    return found


def _is_new(provider: str, notice: Notice, payment: Payment | None, now: datetime) -> bool:
    """Two calls of the same event at once: the second waits for the first, and is none then."""
    row = ProviderNotice(
        provider=provider,
        event_id=notice.event_id[:255],
        event_type=notice.event_type[:100],
        payment=payment,
        received_at=now,
    )
    ProviderNotice.objects.bulk_create([row], ignore_conflicts=True)
    return bool(ProviderNotice.objects.in_tenant().filter(id=row.id).exists())


def _take_effect(news: News | None, payment: Payment | None, *, work: UnitOfWork, now: datetime) -> None:
    if isinstance(news, PayoutNews):
        payouts.record_payout(
            reference=news.reference,
            amount_minor=news.amount_minor,
            currency=news.currency,
            actor=SYSTEM,
            now=now,
        )
    elif isinstance(news, PaymentNews) and payment is not None:
        settling.note_payment(payment, news, work=work, now=now)
    elif isinstance(news, RefundNews) and payment is not None:
        operation = _refund(payment, news)
        if operation is not None:
            settling.note_refund(payment, operation, news, work=work, now=now)


def _refund(payment: Payment, news: RefundNews) -> Operation | None:
    """The refund that we asked for with this key."""
    key = _uuid(news.key)
    rows = Operation.objects.in_tenant().filter(payment=payment, kind=Operation.Kind.REFUND, id=key)
    found: Operation | None = rows.first() if key else None
    return found


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
