"""What was sent is not kept for ever."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from apps.core.events import unit_of_work
from apps.core.history import SYSTEM
from apps.core.webhooks.models import WebhookMessage, WebhookSecret

_BATCH = 200


def forget(*, before: datetime) -> int:
    """Delete the current tenant's messages of before an instant, with their deliveries and
    attempts, and secrets that ended before, in short transactions. Returns how many messages. Safe to repeat.
    """
    forgotten = 0
    while ids := list(_old_messages(before)):
        with unit_of_work(WebhookMessage, actor=SYSTEM):
            WebhookMessage.objects.in_tenant().filter(id__in=ids).delete()
        forgotten += len(ids)
    WebhookSecret.objects.in_tenant().filter(retires_at__lt=before).delete()
    return forgotten


def _old_messages(before: datetime) -> list[UUID]:
    rows = WebhookMessage.objects.in_tenant().filter(created_at__lt=before).order_by("created_at", "id")
    return list(rows.values_list("id", flat=True)[:_BATCH])
