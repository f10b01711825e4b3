"""Events of the core's own parts that matter to the security log. They stand below, and so cannot say it themselves."""

from __future__ import annotations

from apps.core.webhooks import events as webhooks
from apps.iam.audit.kinds import Kind
from apps.iam.audit.relevance import security_relevant

_WEBHOOKS = {
    webhooks.WebhookEndpointCreated: (("host", "event_types"), "created"),
    webhooks.WebhookEndpointUpdated: (("host", "event_types", "state"), "updated"),
    webhooks.WebhookEndpointDisabled: (("host", "reason"), "disabled"),
    webhooks.WebhookEndpointDeleted: (("host",), "deleted"),
    webhooks.WebhookEndpointRestored: (("host", "event_types", "state"), "restored"),
    webhooks.WebhookSecretRotated: (("host",), "secret_rotated"),
    webhooks.WebhookReplayRequested: (("host", "delivery_id", "replay_id"), "replayed"),
}

for _cls, (_shows, _change) in _WEBHOOKS.items():
    security_relevant(Kind.WEBHOOK_CHANGED, subject="webhook_endpoint_id", shows=_shows, change=_change)(_cls)
