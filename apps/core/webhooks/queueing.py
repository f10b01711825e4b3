"""From an event to its deliveries, in the transaction of the event's effect: none is lost, and none made twice."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from celery import current_app

from apps.core.db.after_commit import try_after_commit
from apps.core.db.compiled import CompiledRead
from apps.core.db.router import alias_for
from apps.core.events import Envelope
from apps.core.tenancy import require_tenant_id
from apps.core.webhooks import bodies
from apps.core.webhooks.event_types import patterns_of
from apps.core.webhooks.models import WebhookDelivery, WebhookEndpoint, WebhookMessage


def queue_event(name: str, envelope: Envelope, *, now: datetime) -> int:
    """Have an event posted to every webhook of the current tenant that wants it; returns how many those are.

    For a disabled one it is written down as failed. Safe to repeat. One statement where nobody wants it, else three.
    """
    endpoints = wanting(name)
    if not endpoints:
        return 0
    message = keep_message(name, envelope, now=now)
    rows = [_delivery(endpoint, message, envelope, now) for endpoint in endpoints]
    WebhookDelivery.objects.bulk_create(rows, ignore_conflicts=True)
    wake_after_commit(endpoint.id for endpoint in endpoints if endpoint.is_open)
    return len(endpoints)


def wanting(name: str) -> list[WebhookEndpoint]:
    """The webhooks of the current tenant that want this event. One statement."""
    patterns = set(patterns_of(name))
    return [endpoint for endpoint in _ENDPOINTS() if patterns.intersection(endpoint.event_types)]


# A company has a few, and most have none; each event asks.
_ENDPOINTS = CompiledRead(lambda: WebhookEndpoint.objects.in_tenant().order_by("id"))


def keep_message(name: str, envelope: Envelope, *, now: datetime) -> WebhookMessage:
    """The message of this event, made where there is none."""
    made = WebhookMessage(event_id=envelope.event_id, event_type=name, happened_at=envelope.timestamp, created_at=now)
    made.sealed = bodies.sealed(envelope, made)
    WebhookMessage.objects.bulk_create([made], ignore_conflicts=True)
    found: WebhookMessage = WebhookMessage.objects.in_tenant().get(event_id=envelope.event_id)
    return found


def new_delivery(endpoint_id: UUID, message: WebhookMessage, envelope: Envelope, *, now: datetime) -> WebhookDelivery:
    """A delivery that is due at once. Not saved."""
    return WebhookDelivery(
        endpoint_id=endpoint_id,
        message=message,
        event_type=message.event_type,
        key=envelope.aggregate_id,
        sequence=envelope.metadata.sequence,
        created_at=now,
        next_at=now,
    )


def wake_after_commit(endpoint_ids: Iterable[UUID]) -> None:
    """Tell a worker of each webhook at once. Where the broker is away, the sweep comes by in seconds."""
    tenant_id, ids = require_tenant_id(), list(endpoint_ids)

    def wake_all() -> None:
        for endpoint_id in ids:
            wake(tenant_id, endpoint_id)

    try_after_commit(wake_all, using=alias_for(WebhookDelivery))


def wake(tenant_id: UUID, endpoint_id: UUID) -> None:
    """Have a worker send what is due to a webhook."""
    facts = {"tenant_id": str(tenant_id), "endpoint_id": str(endpoint_id)}
    current_app.send_task("webhooks.send", kwargs=facts, retry=False)


def _delivery(endpoint: WebhookEndpoint, message: WebhookMessage, envelope: Envelope, now: datetime) -> WebhookDelivery:
    made = new_delivery(endpoint.id, message, envelope, now=now)
    if not endpoint.is_listening:
        made.fail(WebhookDelivery.FailedBecause.DISABLED, at=now)
    return made
