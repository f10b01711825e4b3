"""Writing the ledger. Every entry is balanced by construction here, and by the database whoever writes it.

A charge: the provider owes us what the customer owed. A fee: the provider keeps some of it. A refund: back to the
customer. A payout: from the provider to our bank account. For money that no provider of ours holds, `held_at` is
elsewhere.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from apps.business.payments.models import ELSEWHERE, LedgerAccount, LedgerEntry, LedgerLine, Payment
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
    held_at: LedgerAccount.Code = _Code.PROVIDER
    occurred_at: datetime | None = None

    @property
    def sides(self) -> tuple[LedgerAccount.Code, LedgerAccount.Code]:
        """What is debited, what is credited."""
        debited, credited = (self.held_at if code == _Code.PROVIDER else code for code in _SIDES[self.kind])
        return debited, credited


def account_of(payment: Payment) -> LedgerAccount.Code:
    """Where the money of a payment is."""
    return _Code.ELSEWHERE if payment.provider == ELSEWHERE else _Code.PROVIDER


def book(booking: Booking, *, now: datetime) -> LedgerEntry | None:
    """Write one entry with its two lines, in the caller's transaction. None when it was booked before. Four statements.

    Two who book the same at once wait for each other; the second one books nothing.
    """
    entry = _entry(booking, now)
    LedgerEntry.objects.bulk_create([entry], ignore_conflicts=True)
    if not LedgerEntry.objects.in_tenant().filter(id=entry.id).exists():
        return None
    LedgerLine.objects.bulk_create(_lines(entry, booking, _accounts(booking.currency, *booking.sides)))
    return entry


def book_all(bookings: Sequence[Booking], *, now: datetime) -> None:
    """Write many entries of one currency that nobody booked before, in the caller's transaction. Three statements.

    Breaks `payments_booked_once` where one was.
    """
    if not bookings:
        return
    accounts = _accounts(bookings[0].currency, *{code for booking in bookings for code in booking.sides})
    entries = [_entry(booking, now) for booking in bookings]
    LedgerEntry.objects.bulk_create(entries)
    pairs = zip(entries, bookings, strict=True)
    LedgerLine.objects.bulk_create([line for entry, booking in pairs for line in _lines(entry, booking, accounts)])


def _entry(booking: Booking, now: datetime) -> LedgerEntry:
    actor = current_actor()
    return LedgerEntry(
        kind=booking.kind,
        reference=booking.reference,
        currency=booking.currency,
        payment_id=booking.payment_id,
        occurred_at=booking.occurred_at or now,
        recorded_at=now,
        actor_id=actor.id,
        actor_name=actor.name[:200],
    )


def _lines(entry: LedgerEntry, booking: Booking, accounts: Mapping[str, LedgerAccount]) -> list[LedgerLine]:
    debited, credited = booking.sides
    sides = ((debited, booking.amount_minor), (credited, -booking.amount_minor))
    return [LedgerLine(entry=entry, account=accounts[code], amount_minor=amount) for code, amount in sides]


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
