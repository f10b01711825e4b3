from __future__ import annotations

from decimal import Decimal

from django.db import models
from django.utils import timezone

from apps.business.money import price_of
from apps.business.rows import TenantPart, TenantRow
from apps.core.db.fields import TenantForeignKey
from apps.core.db.grants import APPEND_ONLY

# What numbers of papers begin with that were issued elsewhere, or stand for what was never invoiced: no company's own.
PAST_INVOICES, PAST_CREDITS = "PAST", "PASTCN"


class Seller(TenantPart):
    """Who invoices, as a company states it. Each statement is a row of its own, so that what is on an issued invoice
    stays as it was.
    """

    application_grants = APPEND_ONLY

    edition = models.PositiveIntegerField(help_text="Counts the statements, from 1.")
    name = models.CharField(max_length=200)
    address = models.CharField(max_length=500, help_text="Lines, as on an envelope.")
    tax_id = models.CharField(max_length=40, help_text="Such as a VAT number.")
    email = models.EmailField(blank=True, default="")
    bank = models.CharField(max_length=200, blank=True, default="", help_text="Where to pay to.")
    terms_days = models.PositiveSmallIntegerField(help_text="Within how many days to pay.")
    footer = models.CharField(max_length=300, blank=True, default="", help_text="Such as the register's entry.")
    invoice_series = models.CharField(max_length=12, help_text="What invoice numbers begin with.")
    credit_series = models.CharField(max_length=12, help_text="What numbers of credit notes begin with.")
    stated_at = models.DateTimeField(default=timezone.now)
    stated_by = models.UUIDField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(name="invoicing_seller_edition", fields=["tenant_id", "edition"])]


class Invoice(TenantPart):
    """An invoice or a credit note: written once, for one cause, and never edited.

    `cause_id` is the order that is invoiced or cancelled, or the return that is credited; with it a second delivery of
    the same news finds the paper that there is. What a credit note gives back is above zero.
    """

    class Kind(models.TextChoices):
        INVOICE = "invoice"
        CREDIT_NOTE = "credit_note"

    application_grants = APPEND_ONLY

    kind = models.CharField(max_length=16, choices=Kind)
    cause_id = models.UUIDField()
    series = models.CharField(max_length=12)
    year = models.PositiveSmallIntegerField(help_text="In which it was issued (UTC).")
    ordinal = models.BigIntegerField(help_text="Its place in series and year, from 1, without gaps.")
    number = models.CharField(max_length=40)
    reference = models.CharField(
        max_length=40, blank=True, default="", db_default="", help_text="Its number where it was issued first, if so."
    )
    order_id = models.UUIDField(null=True)
    order_number = models.CharField(max_length=32, blank=True, default="")
    corrects = TenantForeignKey("invoicing.Invoice", null=True, related_name="+", db_index=False)
    corrects_number = models.CharField(max_length=40, blank=True, default="", help_text="Of the invoice, if known.")
    issued_at = models.DateTimeField()
    supplied_at = models.DateTimeField(help_text="When it was ordered, cancelled or given back.")
    due_date = models.DateField(null=True)
    currency = models.CharField(max_length=3)
    total_minor = models.BigIntegerField(help_text="What is owed or credited, in minor units of `currency`.")
    tax_minor = models.BigIntegerField(help_text="The part of it that is tax.")
    prices_include_tax = models.BooleanField(help_text="Whether the lines' totals do; else their taxes are added.")
    reason = models.CharField(max_length=200, blank=True, default="")
    customer_id = models.UUIDField(null=True)
    buyer_name = models.CharField(max_length=200, blank=True, default="")
    buyer_code = models.CharField(max_length=64, blank=True, default="")
    buyer_email = models.CharField(max_length=254, blank=True, default="")
    buyer_country = models.CharField(max_length=100, blank=True, default="")
    buyer_address = models.CharField(
        max_length=1000, blank=True, default="", db_default="", help_text="Lines, as on an envelope."
    )
    seller_edition = models.PositiveIntegerField(help_text="Of that moment; 0: the company had not said who it is.")

    class Meta:
        constraints = [
            models.UniqueConstraint(name="invoicing_one_per_cause", fields=["tenant_id", "kind", "cause_id"]),
            models.UniqueConstraint(name="invoicing_ordinal", fields=["tenant_id", "series", "year", "ordinal"]),
        ]
        indexes = [
            models.Index(name="invoicing_newest", fields=["tenant_id", "-issued_at", "-id"]),
            models.Index(name="invoicing_of_order", fields=["tenant_id", "order_id"]),
            models.Index(name="invoicing_by_number", fields=["tenant_id", "number"]),
        ]

    @property
    def is_credit(self) -> bool:
        return self.kind == self.Kind.CREDIT_NOTE


class InvoiceLine(TenantPart):
    """One line of an invoice or credit note, as the order or the return had it."""

    application_grants = APPEND_ONLY

    invoice = TenantForeignKey("invoicing.Invoice", related_name="lines", db_index=False)
    ordinal = models.PositiveIntegerField()
    kind = models.CharField(max_length=16)
    code = models.CharField(max_length=64, blank=True, default="")
    description = models.CharField(max_length=200)
    quantity = models.BigIntegerField()
    unit_price_e4 = models.BigIntegerField()
    discount_minor = models.BigIntegerField()
    total_minor = models.BigIntegerField(help_text="Less the discount.")
    tax_minor = models.BigIntegerField()
    tax_rate_e4 = models.PositiveIntegerField(help_text="In 1/10,000: 1900 is 19 %.")

    class Meta:
        constraints = [
            models.UniqueConstraint(name="invoicing_line_ordinal", fields=["tenant_id", "invoice", "ordinal"])
        ]

    @property
    def unit_price(self) -> Decimal:
        """In major units."""
        return price_of(self.unit_price_e4)


class InvoiceCounter(TenantRow):
    """The last ordinal of a series and year. Its row lock keeps the numbers unique and without gaps."""

    series = models.CharField(max_length=12)
    year = models.PositiveSmallIntegerField()
    last_ordinal = models.BigIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(name="invoicing_one_counter", fields=["tenant_id", "series", "year"]),
        ]
