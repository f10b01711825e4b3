"""Writing the ledger. Every entry is balanced by construction here, and by the database whoever writes it.

A charge: the provider owes us what the customer owed. A fee: the provider keeps some of it. A refund: back to the
customer. A payout: from the provider to our bank account.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from apps.business.payments.models import LedgerAccount, LedgerEntry, LedgerLine
from apps.core.history import current_actor

_Code, _Kind = LedgerAccount.Code, LedgerEntry.Kind

# Kind of entry: what is debited, what is credited.
_SIDES = {
    _Kind.CHARGE: (_Code.PROVIDER, _Code.RECEIVABLES),
    _Kind.FEE: (_Code.FEES, _Code.PROVIDER),
    _Kind.REFUND: (_Code.RECEIVABLES, _Code.PROVIDER),
    _Kind.REFUND_RETURNED: (_Code.PROVIDER, _Code.RECEIVABLES),
    _Kind.PAYOUT: (_Code.BANK, _Code.PROVIDER),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Booking:
    """What is booked. `reference` tells it from every other of its kind."""

    kind: LedgerEntry.Kind
    reference: str
    amount_minor: int
    currency: str
    payment_id: UUID | None = None


def book(booking: Booking, *, now: datetime) -> LedgerEntry | None:
    """Write one entry with its two lines, in the caller's transaction. None when it was booked before. Four statements.

    Two who book the same at once wait for each other; the second one books nothing.
    """
    actor = current_actor()
    entry = LedgerEntry(
        kind=booking.kind,
        reference=booking.reference,
        currency=booking.currency,
        payment_id=booking.payment_id,
        occurred_at=now,
        recorded_at=now,
        actor_id=actor.id,
        actor_name=actor.name[:200],
    )
    LedgerEntry.objects.bulk_create([entry], ignore_conflicts=True)
    if not LedgerEntry.objects.in_tenant().filter(id=entry.id).exists():
        return None
    debited, credited = _SIDES[booking.kind]
    accounts = _accounts(booking.currency, debited, credited)
    sides = ((debited, booking.amount_minor), (credited, -booking.amount_minor))
    LedgerLine.objects.bulk_create(
        [LedgerLine(entry=entry, account=accounts[code], amount_minor=amount) for code, amount in sides]
    )
    return entry


def _accounts(currency: str, *codes: str) -> dict[str, LedgerAccount]:
    """The accounts, opened where they are not."""
    rows = LedgerAccount.objects.in_tenant().filter(currency=currency, code__in=codes)
    found = {account.code: account for account in rows}
    if len(found) < len(codes):
        # Somebody else may be opening them now: his rows serve as well.
        new = [LedgerAccount(code=code, currency=currency) for code in codes]
        LedgerAccount.objects.bulk_create(new, ignore_conflicts=True)
        found = {account.code: account for account in rows.all()}
    return found
