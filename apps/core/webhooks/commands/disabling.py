"""A webhook that fails for too long, or whose receiver is gone, is disabled, and those who look after it are told."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from apps.core.events import unit_of_work
from apps.core.history import SYSTEM
from apps.core.observability import get_logger
from apps.core.webhooks import notices, queries
from apps.core.webhooks.claiming import lock_health
from apps.core.webhooks.events import WebhookEndpointDisabled
from apps.core.webhooks.models import WebhookDelivery, WebhookEndpoint, WebhookHealth

_logger = get_logger("webhooks")


def disable_for(endpoint_id: UUID, *, because: str, now: datetime) -> bool:
    """Disable a webhook because its receiver is `gone`, or has been `failing` for too long. False when it is not open
    any more, or has recovered. Safe to repeat.
    """
    with unit_of_work(WebhookEndpoint, actor=SYSTEM, reason=f"its receiver is {because}") as work:
        endpoint, health = queries.lock_endpoint(endpoint_id), lock_health(endpoint_id)
        if health is None or not endpoint.is_listening or health.failing_since is None:
            return False
        endpoint.become(WebhookEndpoint.State.DISABLED, at=now, because=because)
        endpoint.save(update_fields=["state", "disabled_because", "disabled_at"])
        fail_pending(endpoint_id, WebhookDelivery.FailedBecause.DISABLED, now=now)
        work.publish(_event(endpoint, health))
        notices.tell_of_disabling(endpoint, failing_since=health.failing_since, now=now)
    _logger.warning("webhooks.disabled", endpoint_id=str(endpoint_id), because=because)
    return True


def fail_pending(endpoint_id: UUID, because: str, *, now: datetime) -> None:
    """What is on its way is not sent any more; what is being sent this moment may still arrive."""
    waiting = WebhookDelivery.objects.in_tenant().filter(endpoint_id=endpoint_id, state=WebhookDelivery.State.PENDING)
    waiting.filter(is_test=False).update(
        state=WebhookDelivery.State.FAILED, failed_because=because, settled_at=now, last_error=""
    )


def _event(endpoint: WebhookEndpoint, health: WebhookHealth) -> WebhookEndpointDisabled:
    return WebhookEndpointDisabled(
        webhook_endpoint_id=endpoint.id,
        host=endpoint.host,
        reason=str(endpoint.disabled_because),
        failing_since=health.failing_since,
    )
