from __future__ import annotations

from django.db import models
from django.db.models import Q

from apps.business.rows import TenantPart
from apps.core.db.models import TenantScoped


class ImportRun(TenantScoped):
    """The import of one file, known by its checksum: a second start of the same file goes on with the same run."""

    checksum = models.CharField(max_length=64, help_text="SHA-256 of the file as it lies on disk.")
    file_name = models.CharField(max_length=255)
    currency = models.CharField(max_length=3)
    time_zone = models.CharField(max_length=64)
    opening_booked_at = models.DateTimeField(null=True, help_text="When the opening receipts were booked, once.")
    finished_at = models.DateTimeField(null=True)

    class Meta(TenantScoped.Meta):
        constraints = [models.UniqueConstraint(name="orders_import_file", fields=["tenant_id", "checksum"])]


class ImportedDocument(TenantPart):
    """An order or a return that an invoice of a file became, written in its transaction."""

    class Kind(models.TextChoices):
        ORDER = "order"
        RETURN = "return"

    application_grants = ("SELECT", "INSERT")

    invoice_no = models.CharField(max_length=32)
    kind = models.CharField(max_length=16, choices=Kind)
    document_id = models.UUIDField()

    class Meta:
        constraints = [
            models.UniqueConstraint(name="orders_imported_document", fields=["tenant_id", "document_id"]),
        ]
        indexes = [models.Index(name="orders_documents_of_invoice", fields=["tenant_id", "invoice_no"])]


class ImportedLine(TenantPart):
    """What became of one line of an invoice file. Written in the transaction of what it became."""

    class Outcome(models.TextChoices):
        IMPORTED = "imported"
        REJECTED = "rejected"

    application_grants = ("SELECT", "INSERT")

    run_id = models.UUIDField()
    line_number = models.PositiveIntegerField(help_text="In the file, the heading being line 1.")
    invoice_no = models.CharField(max_length=32, blank=True, default="")
    ordinal = models.PositiveIntegerField(default=0, help_text="Its place in the invoice, from 1.")
    fingerprint = models.CharField(max_length=32, help_text="Of the line's content: two runs may bring the same line.")
    outcome = models.CharField(max_length=16, choices=Outcome)
    became = models.CharField(max_length=16, blank=True, default="", help_text="order, return, credit or adjustment")
    reason = models.CharField(max_length=200, blank=True, default="", help_text="Why it was rejected.")
    exact_e4 = models.BigIntegerField(help_text="Quantity times price, exactly, in 1/10,000 major units.")
    booked_minor = models.BigIntegerField(default=0, help_text="What was booked for it, in minor units.")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                name="orders_rejected_once",
                fields=["tenant_id", "run_id", "line_number"],
                condition=Q(outcome="rejected"),
            ),
            models.UniqueConstraint(
                name="orders_imported_identity",
                fields=["tenant_id", "invoice_no", "ordinal"],
                condition=Q(outcome="imported"),
            ),
        ]
