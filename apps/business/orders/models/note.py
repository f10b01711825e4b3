from __future__ import annotations

from django.db import models

from apps.business.rows import TenantPart
from apps.core.db.fields import TenantForeignKey
from apps.core.db.models import TenantScoped
from apps.core.history.tracking import tracked


@tracked()
class OrderNote(TenantScoped):
    """What somebody wrote about an order for their colleagues, never edited: only taken away, with its files."""

    order = TenantForeignKey("orders.Order", related_name="notes", db_index=False)
    text = models.CharField(max_length=2000, blank=True, default="")
    author_name = models.CharField(max_length=200, blank=True, default="")

    personal_columns = {"author_name": "created_by"}

    class Meta(TenantScoped.Meta):
        indexes = [models.Index(name="orders_notes_of_order", fields=["tenant_id", "order", "id"])]


class OrderAttachment(TenantPart):
    """A file that came with a note. `file_id` names a row of `core/files`."""

    application_grants = ("SELECT", "INSERT", "DELETE")

    note = TenantForeignKey("orders.OrderNote", related_name="attachments", db_index=False)
    file_id = models.UUIDField()
    ordinal = models.PositiveIntegerField(help_text="Its place in the note, from 1.")

    class Meta:
        constraints = [
            models.UniqueConstraint(name="orders_attachment_ordinal", fields=["tenant_id", "note", "ordinal"]),
        ]
