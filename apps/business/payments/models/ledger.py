"""The ledger: double entry, debits above zero and credits below. The database holds every entry to a sum of zero
(`payments_entry_balances` in the migration) and lets the application only add to it.
"""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from apps.business.payments.models.payment import Payment
from apps.business.rows import TenantPart
from apps.core.db.fields import TenantForeignKey


class LedgerAccount(TenantPart):
    """Where money is, or is owed, in one currency."""

    class Code(models.TextChoices):
        PROVIDER = "provider", "Balance at the provider"
        RECEIVABLES = "receivables", "Owed by customers"
        FEES = "fees", "Fees of the provider"
        BANK = "bank", "Bank account"
        ELSEWHERE = "elsewhere", "Taken elsewhere"

    application_grants = ("SELECT", "INSERT")

    code = models.CharField(max_length=16, choices=Code)
    currency = models.CharField(max_length=3, help_text="ISO 4217.")

    class Meta:
        constraints = [
            models.UniqueConstraint(name="payments_account_once", fields=["tenant_id", "currency", "code"]),
        ]


class LedgerEntry(TenantPart):
    """One thing that happened to money. `reference` says what, so that it is booked once however often it is told."""

    class Kind(models.TextChoices):
        CHARGE = "charge"
        FEE = "fee"
        REFUND = "refund"
        REFUND_RETURNED = "refund_returned", "Refund came back"
        PAYOUT = "payout"

    application_grants = ("SELECT", "INSERT")

    kind = models.CharField(max_length=16, choices=Kind)
    reference = models.CharField(max_length=255)
    currency = models.CharField(max_length=3, help_text="ISO 4217.")
    payment = TenantForeignKey(Payment, null=True, related_name="entries", db_index=False)
    occurred_at = models.DateTimeField()
    recorded_at = models.DateTimeField()
    actor_id = models.UUIDField(null=True)
    actor_name = models.CharField(max_length=200, blank=True, default="")

    class Meta:
        indexes = [
            models.Index(name="payments_entries_newest", fields=["tenant_id", "-recorded_at", "-id"]),
            models.Index(name="payments_entries_of_payment", fields=["tenant_id", "payment", "id"]),
        ]
        constraints = [
            models.UniqueConstraint(name="payments_booked_once", fields=["tenant_id", "kind", "reference"]),
        ]


class LedgerLine(TenantPart):
    """A debit (above zero) or a credit (below) of one account."""

    application_grants = ("SELECT", "INSERT")

    entry = TenantForeignKey(LedgerEntry, related_name="lines", db_index=False)
    account = TenantForeignKey(LedgerAccount, related_name="+", db_index=False)
    amount_minor = models.BigIntegerField()

    class Meta:
        indexes = [
            models.Index(name="payments_lines_of_entry", fields=["tenant_id", "entry"]),
            models.Index(name="payments_lines_of_account", fields=["tenant_id", "account"], include=["amount_minor"]),
        ]
        constraints = [
            models.CheckConstraint(name="payments_line_moves", condition=~Q(amount_minor=0)),
        ]

    @property
    def credit_minor(self) -> int:
        """How people write a credit: above zero."""
        return -self.amount_minor
