"""A test: an event that never happened, posted once, also while the webhook is paused or disabled."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from apps.core.events import unit_of_work
from apps.core.history import Actor
from apps.core.tenancy import require_tenant_id
from apps.core.webhooks import queries, queueing
from apps.core.webhooks.errors import InvalidWebhook
from apps.core.webhooks.event_types import event_types
from apps.core.webhooks.models import WebhookDelivery
from apps.core.webhooks.samples import sample_envelope


def send_test(*, endpoint_id: UUID, event_type: str, actor: Actor, now: datetime) -> WebhookDelivery:
    """Have a sample of this event posted, whether the webhook wants such events or not; the delivery says how it went.

    It carries the header `webhook-test: true`. Raises WebhookNotFound, WebhookIsDeleted, InvalidWebhook.
    """
    known = event_types().get(event_type)
    if known is None:
        raise InvalidWebhook(errors={"event_type": [f"there is no event {event_type[:100]!r}"]})
    envelope = sample_envelope(known, tenant_id=require_tenant_id(), user_id=actor.id, now=now)
    with unit_of_work(WebhookDelivery, actor=actor):
        endpoint = queries.endpoint(endpoint_id)
        endpoint.must_exist()
        message = queueing.keep_message(known.name, envelope, now=now)
        delivery = queueing.new_delivery(endpoint_id, message, envelope, now=now)
        delivery.is_test = True
        delivery.save()
        queueing.wake_after_commit([endpoint_id])
    return delivery
