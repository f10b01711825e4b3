"""What others may know about webhooks. Addresses may hold secrets, so only their host is told."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from apps.core.events import Event, event


@event(topic="iam.webhooks", aggregate="WebhookEndpoint", version=1)
class WebhookEndpointCreated(Event):
    """A company has events posted to an address from now on."""

    webhook_endpoint_id: UUID
    host: str
    event_types: tuple[str, ...]


@event(topic="iam.webhooks", aggregate="WebhookEndpoint", version=1)
class WebhookEndpointUpdated(Event):
    """A webhook goes elsewhere, wants other events, or was enabled, paused or disabled: this is how it is now."""

    webhook_endpoint_id: UUID
    host: str
    event_types: tuple[str, ...]
    state: str


@event(topic="iam.webhooks", aggregate="WebhookEndpoint", version=1)
class WebhookEndpointDisabled(Event):
    """Nobody disabled this webhook: its receiver is `gone`, or has been `failing` since an instant."""

    webhook_endpoint_id: UUID
    host: str
    reason: str
    failing_since: datetime | None = None


@event(topic="iam.webhooks", aggregate="WebhookEndpoint", version=1)
class WebhookEndpointDeleted(Event):
    """Nothing is posted there any more."""

    webhook_endpoint_id: UUID
    host: str


@event(topic="iam.webhooks", aggregate="WebhookEndpoint", version=1)
class WebhookEndpointRestored(Event):
    """A deleted webhook is back, as it was."""

    webhook_endpoint_id: UUID
    host: str
    event_types: tuple[str, ...]
    state: str


@event(topic="iam.webhooks", aggregate="WebhookEndpoint", version=1)
class WebhookSecretRotated(Event):
    """A webhook is signed with a new secret; with the earlier ones too, until then."""

    webhook_endpoint_id: UUID
    host: str
    overlap_until: datetime


@event(topic="iam.webhooks", aggregate="WebhookEndpoint", version=1)
class WebhookReplayRequested(Event):
    """Somebody has deliveries sent once more: one, or those of events within a span of time."""

    webhook_endpoint_id: UUID
    host: str
    delivery_id: UUID | None = None
    replay_id: UUID | None = None
