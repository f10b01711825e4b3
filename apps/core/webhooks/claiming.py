"""Who sends what: one delivery at a time is taken, under the lock of its webhook's health, for as long as a lease.

No transaction is open while a receiver is spoken to. A worker that dies lets the lease run out, and the delivery is
taken again: it may then be posted twice, under the same `webhook-id`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef

from apps.core.db.router import alias_for
from apps.core.webhooks.models import WebhookDelivery, WebhookEndpoint, WebhookHealth

_PENDING = WebhookDelivery.State.PENDING


@dataclass(frozen=True, slots=True)
class Claimed:
    """A delivery that is in hand, with its message, and where it goes."""

    delivery: WebhookDelivery
    endpoint: WebhookEndpoint


def claim(endpoint_id: UUID, *, now: datetime) -> Claimed | None:
    """Take the delivery of a webhook that is due longest. None when there is none, or others have enough in hand."""
    with transaction.atomic(using=alias_for(WebhookDelivery)):
        health = lock_health(endpoint_id)
        endpoint = WebhookEndpoint.with_deleted.in_tenant().filter(id=endpoint_id).first()
        if health is None or endpoint is None:
            return None
        found: WebhookDelivery | None = _takeable(endpoint, health, now).select_related("message").first()
        if found is None:
            return None
        found.take(uuid4(), until=now + timedelta(seconds=settings.WEBHOOK_LEASE_S))
        found.save(update_fields=["claim", "next_at", "attempts"])
    return Claimed(found, endpoint)


def lock_health(endpoint_id: UUID) -> WebhookHealth | None:
    """How a webhook is doing, locked to the end of the transaction."""
    rows = WebhookHealth.objects.in_tenant().select_for_update().filter(endpoint_id=endpoint_id)
    found: WebhookHealth | None = rows.first()
    return found


def _takeable(endpoint: WebhookEndpoint, health: WebhookHealth, now: datetime) -> Any:
    """What may be sent now, the longest waiting first. Tests always may."""
    due = _of(endpoint).filter(next_at__lte=now).order_by("next_at", "id")
    if not endpoint.is_open or health.is_resting(now) or not _has_room(endpoint, health, now):
        return due.filter(is_test=True)
    return due.exclude(_has_earlier()) if endpoint.ordered else due


def _has_room(endpoint: WebhookEndpoint, health: WebhookHealth, now: datetime) -> bool:
    """While it fails, one at a time is tried."""
    most = 1 if health.failures >= settings.WEBHOOK_REST_AFTER else settings.WEBHOOK_ENDPOINT_CONCURRENCY
    in_hand = WebhookDelivery.objects.in_tenant().filter(state=_PENDING, claim__isnull=False, next_at__gt=now)
    if in_hand.filter(endpoint=endpoint, is_test=False).count() >= most:
        return False
    return bool(in_hand.count() < settings.WEBHOOK_TENANT_CONCURRENCY)


def _has_earlier() -> Exists:
    earlier = WebhookDelivery.objects.in_tenant().filter(
        state=_PENDING,
        endpoint=OuterRef("endpoint"),
        key=OuterRef("key"),
        sequence__lt=OuterRef("sequence"),
        is_test=False,
    )
    return Exists(earlier)


def _of(endpoint: WebhookEndpoint) -> Any:
    return WebhookDelivery.objects.in_tenant().filter(state=_PENDING, endpoint=endpoint)
