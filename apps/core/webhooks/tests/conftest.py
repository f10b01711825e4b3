"""What tests of webhooks share: a receiver, webhooks that go there, events to send, and a clock that is set by hand."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import pytest

from apps.core.db.ids import uuid7
from apps.core.events import Envelope, Metadata
from apps.core.history import Actor
from apps.core.tenancy import require_tenant_id
from apps.core.webhooks import commands, queueing, sending
from apps.core.webhooks.event_types import event_types
from apps.core.webhooks.models import WebhookDelivery, WebhookEndpoint
from apps.core.webhooks.tests.receiver import Receiver, receiving

NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)
ADA = Actor(kind="user", id=uuid4(), name="Ada")
PLACED, CANCELLED = "business.orders.OrderPlaced", "business.orders.OrderCancelled"


@pytest.fixture
def receiver(settings: Any) -> Iterator[Receiver]:
    settings.OUTBOUND_PRIVATE_ADDRESSES = True
    settings.WEBHOOK_RETRY_BASE_S = 0.0  # what failed is due again at once
    settings.WEBHOOK_REST_AFTER = 1000
    with receiving() as found:
        yield found


@pytest.fixture
def make_endpoint(receiver: Receiver) -> Callable[..., WebhookEndpoint]:
    """`make_endpoint(event_types=[…], …)`: a webhook of the current tenant that goes to the receiver."""

    def make(**wished: Any) -> WebhookEndpoint:
        facts = {"url": receiver.url, "event_types": ["*"], "actor": ADA, "now": NOW, **wished}
        return commands.create_endpoint(**facts).endpoint

    return make


@pytest.fixture
def endpoint(in_tenant: UUID, make_endpoint: Callable[..., WebhookEndpoint]) -> WebhookEndpoint:
    return make_endpoint()


def happened(name: str = PLACED, *, key: UUID | None = None, sequence: int = 1, now: datetime = NOW) -> Envelope:
    """An event of the current tenant, queued for every webhook that wants it."""
    definition = event_types()[name].definition
    envelope = Envelope(
        event_id=uuid7(),
        event_type=definition.name,
        aggregate_id=key or uuid7(),
        aggregate_type=definition.aggregate,
        version=definition.version,
        timestamp=now,
        payload=event_types()[name].sample.payload,
        metadata=Metadata(
            causation_id=uuid7(),
            correlation_id="0" * 32,
            user_id=None,
            tenant_id=require_tenant_id(),
            sequence=sequence,
        ),
    )
    queueing.queue_event(name, envelope, now=now)
    return envelope


def send_all(endpoint: WebhookEndpoint, *, now: datetime = NOW) -> int:
    """Send what is due until nothing is; returns how often something was posted."""
    posted = 0
    while sending.send_next(endpoint.id, now=now):
        posted += 1
    return posted


def delivery_of(envelope: Envelope, endpoint: WebhookEndpoint) -> WebhookDelivery:
    found: WebhookDelivery = WebhookDelivery.objects.get(message__event_id=envelope.event_id, endpoint=endpoint)
    return found
