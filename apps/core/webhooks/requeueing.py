"""What was settled is due once more."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from apps.core.webhooks import queries, queueing
from apps.core.webhooks.errors import WebhookIsNotEnabled
from apps.core.webhooks.models import WebhookDelivery, WebhookEndpoint

CHANGED = ("state", "failed_because", "settled_at", "retries", "failing_since", "claim", "next_at")


def requeue(deliveries: list[WebhookDelivery], *, now: datetime) -> None:
    """Let deliveries of one webhook be due, in the transaction around.

    Raises WebhookNotFound, WebhookIsDeleted, WebhookIsNotEnabled.
    """
    if not deliveries:
        return
    endpoint = receiving(deliveries[0].endpoint_id)
    for delivery in deliveries:
        delivery.begin_anew(at=now)
    WebhookDelivery.objects.bulk_update(deliveries, CHANGED)
    queueing.wake_after_commit([endpoint.id])


def receiving(endpoint_id: UUID) -> WebhookEndpoint:
    """A webhook whose deliveries leave now or later. Raises WebhookNotFound, WebhookIsDeleted, WebhookIsNotEnabled."""
    endpoint = queries.endpoint(endpoint_id)
    endpoint.must_exist()
    if not endpoint.is_listening:
        raise WebhookIsNotEnabled
    return endpoint
