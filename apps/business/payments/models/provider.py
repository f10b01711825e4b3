from __future__ import annotations

from django.db import models

from apps.business.payments.models.payment import Payment
from apps.business.rows import TenantPart
from apps.core.db.fields import TenantForeignKey
from apps.core.db.models import TenantScoped
from apps.core.history.tracking import tracked


@tracked(exclude=("sealed_key", "sealed_webhook_secret"))
class ProviderSettings(TenantScoped):
    """Who takes the payments of a tenant, and the keys for that, sealed. One row per tenant."""

    provider = models.CharField(max_length=32)
    sealed_key = models.BinaryField(default=bytes)
    sealed_webhook_secret = models.BinaryField(default=bytes)
    key_ending = models.CharField(max_length=4, blank=True, default="", help_text="Tells keys apart; opens nothing.")

    class Meta(TenantScoped.Meta):
        constraints = [
            models.UniqueConstraint(name="payments_one_provider", fields=["tenant_id"]),
        ]


class ProviderNotice(TenantPart):
    """A webhook call of the provider's that took effect. Its row makes the second call of the same event idle."""

    application_grants = ("SELECT", "INSERT")

    provider = models.CharField(max_length=32)
    event_id = models.CharField(max_length=255)
    event_type = models.CharField(max_length=100)
    payment = TenantForeignKey(Payment, null=True, related_name="notices", db_index=False)
    received_at = models.DateTimeField()

    class Meta:
        indexes = [
            models.Index(name="payments_notices_of_payment", fields=["tenant_id", "payment", "id"]),
        ]
        constraints = [
            models.UniqueConstraint(name="payments_told_once", fields=["tenant_id", "provider", "event_id"]),
        ]
