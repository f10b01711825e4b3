"""Sending what is due: taken, posted, settled, one after another. Safe to run twice, and many times at once."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from opentelemetry.trace import SpanKind
from prometheus_client import Counter, Histogram

from apps.core.crypto.sealing import Unreadable
from apps.core.observability import get_logger, span
from apps.core.webhooks import commands, keys, posting, settling
from apps.core.webhooks.bodies import BodyUnreadable, body_of
from apps.core.webhooks.claiming import Claimed, claim
from apps.core.webhooks.models import WebhookDelivery
from apps.core.webhooks.posting import Result

_attempts = Counter("webhook_attempts_total", "Webhook deliveries that were posted.", ["outcome"])
_seconds = Histogram("webhook_attempt_seconds", "How long receivers of webhooks take.")
_logger = get_logger("webhooks")


def send_due(endpoint_id: UUID, *, clock: Callable[[], datetime]) -> bool:
    """Send what is due to a webhook for WEBHOOK_TURN_S at most; True when the turn was over before the work."""
    end = time.monotonic() + settings.WEBHOOK_TURN_S
    while send_next(endpoint_id, now=clock()):
        if time.monotonic() >= end:
            return True
    return False


def send_next(endpoint_id: UUID, *, now: datetime) -> bool:
    """Send the delivery of a webhook that is due longest. False when there is nothing to send now."""
    claimed = claim(endpoint_id, now=now)
    if claimed is None:
        return False
    result = _posted(claimed, now)
    if result is not None:
        _settle(claimed, result, now + timedelta(milliseconds=result.duration_ms))
    return True


def _posted(claimed: Claimed, now: datetime) -> Result | None:
    """None when there is nothing that could be posted."""
    delivery, endpoint = claimed.delivery, claimed.endpoint
    try:
        body, own_keys = body_of(delivery.message), keys.opened(endpoint.id, now=now)
    except (BodyUnreadable, Unreadable) as error:
        settling.give_up(claimed, WebhookDelivery.FailedBecause.UNREADABLE, error=str(error), now=now)
        _logger.error("a webhook cannot be sent", delivery_id=str(delivery.id), error=repr(error))
        return None
    with span("POST webhook", kind=SpanKind.CLIENT, attributes={"server.address": endpoint.host}):
        return posting.send(
            endpoint.url,
            body,
            keys=own_keys,
            message_id=str(delivery.message.event_id),
            event_type=delivery.event_type,
            is_test=delivery.is_test,
            at=now,
        )


def _settle(claimed: Claimed, result: Result, now: datetime) -> None:
    outcome = "succeeded" if result.is_success else "refused" if result.status else "unreachable"
    _attempts.labels(outcome).inc()
    _seconds.observe(result.duration_ms / 1000)
    _logger.info(
        "webhooks.attempted",
        endpoint_id=str(claimed.endpoint.id),
        delivery_id=str(claimed.delivery.id),
        outcome=outcome,
        status=result.status,
        duration_ms=result.duration_ms,
    )
    because = settling.settle(claimed, result, now=now)
    if because:
        commands.disable_for(claimed.endpoint.id, because=because, now=now)
