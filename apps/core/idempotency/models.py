"""What was answered to which key. One such table in every database, so that key and effect share a transaction."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db import models
from django.utils import timezone

from apps.core.db.ids import uuid7
from apps.core.tenancy import require_tenant_id


class IdempotencyKey(models.Model):
    """A caller's key for one operation. `status` is null only inside the transaction that carries it out."""

    left_out_of_exports = True

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    tenant_id = models.UUIDField(default=require_tenant_id, editable=False)
    subject = models.UUIDField(help_text="Who sent it: a key is its sender's own.")
    operation = models.CharField(max_length=200, help_text="Method and route.")
    key = models.CharField(max_length=200)
    request_hash = models.CharField(max_length=64, help_text="SHA-256 of the path, the query and the body's meaning.")
    status = models.PositiveSmallIntegerField(null=True)
    # Text, since jsonb would put the members in another order than they were answered in.
    body = models.TextField(default="", blank=True, help_text='{"data": …, "meta": …, "headers": …} as JSON.')
    created_at = models.DateTimeField(default=timezone.now)

    objects: ClassVar[Any] = models.Manager()

    class Meta:
        db_table = "idempotency_key"
        constraints = [
            models.UniqueConstraint(
                fields=["tenant_id", "subject", "operation", "key"], name="idempotency_key_once_per_sender"
            )
        ]
        indexes = [models.Index(fields=["tenant_id", "created_at"], name="idempotency_key_age")]
