"""What the provider has paid out to the company's bank account."""

from __future__ import annotations

from datetime import datetime

from apps.business.currencies import is_currency
from apps.business.payments.booking import Booking, book
from apps.business.payments.errors import InvalidPayment, PayoutDiffers
from apps.business.payments.events import PayoutRecorded
from apps.business.payments.models import LedgerEntry, LedgerLine
from apps.business.units import work_of
from apps.core.history import Actor

_MOST_MINOR = 10**15


def record_payout(*, reference: str, amount_minor: int, currency: str, actor: Actor, now: datetime) -> LedgerEntry:
    """Book a payout, once for a `reference`: that of the provider or the bank statement.

    Raises InvalidPayment, PayoutDiffers.
    """
    _check(reference, amount_minor, currency)
    with work_of(actor, LedgerEntry) as work:
        booking = Booking(
            kind=LedgerEntry.Kind.PAYOUT, reference=reference, amount_minor=amount_minor, currency=currency
        )
        entry = book(booking, now=now)
        if entry is None:
            return _noted(booking)
        work.publish(
            PayoutRecorded(
                ledger_entry_id=entry.id,
                amount_minor=amount_minor,
                currency=currency,
                reference=reference,
                occurred_at=now,
            )
        )
    return entry


def _noted(booking: Booking) -> LedgerEntry:
    entry: LedgerEntry = LedgerEntry.objects.in_tenant().get(kind=booking.kind, reference=booking.reference)
    debits = LedgerLine.objects.in_tenant().filter(entry=entry, amount_minor=booking.amount_minor)
    if entry.currency != booking.currency or not debits.exists():
        raise PayoutDiffers
    return entry


def _check(reference: str, amount_minor: int, currency: str) -> None:
    errors = {}
    if not 0 < len(reference) <= 200:
        errors["reference"] = ["a reference of at most 200 characters is needed"]
    if not 0 < amount_minor <= _MOST_MINOR:
        errors["amount_minor"] = ["must be above zero, and no fortune"]
    if not is_currency(currency):
        errors["currency"] = [f"{currency!r} is no currency (ISO 4217)"]
    if errors:
        raise InvalidPayment(errors=errors)
