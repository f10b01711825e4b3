"""Sending once more what was sent before: one delivery at once, those of a span of time by a job."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from apps.core.events import unit_of_work
from apps.core.history import Actor
from apps.core.jobs import enqueue
from apps.core.jobs.models import Job
from apps.core.webhooks import queries, queueing
from apps.core.webhooks.errors import InvalidWebhookReplay, WebhookDeliveryIsPending
from apps.core.webhooks.events import WebhookReplayRequested
from apps.core.webhooks.jobs import replay
from apps.core.webhooks.models import WebhookDelivery, WebhookEndpoint
from apps.core.webhooks.requeueing import CHANGED, receiving


def replay_delivery(*, delivery_id: UUID, actor: Actor, now: datetime) -> WebhookDelivery:
    """Send one delivery once more, under the `webhook-id` that it has, whether it was accepted or not.

    Raises WebhookDeliveryNotFound, WebhookDeliveryIsPending, WebhookIsDeleted, WebhookIsNotEnabled.
    """
    with unit_of_work(WebhookDelivery, actor=actor) as work:
        delivery = queries.lock_delivery(delivery_id)
        endpoint = receiving(delivery.endpoint_id)
        if delivery.state == WebhookDelivery.State.PENDING:
            raise WebhookDeliveryIsPending
        delivery.begin_anew(at=now)
        delivery.save(update_fields=CHANGED)
        work.publish(_requested(endpoint, delivery_id=delivery.id))
        queueing.wake_after_commit([endpoint.id])
    return delivery


def request_replay(
    *,
    endpoint_id: UUID,
    since: datetime,
    actor: Actor,
    now: datetime,
    until: datetime | None = None,
    which: str = queries.FAILED,
) -> Job:
    """Have sent once more what failed (or `all`) of the deliveries made from `since` on, up to `until` (now), which is
    not included. Returns the job that does it.

    Raises WebhookNotFound, WebhookIsDeleted, WebhookIsNotEnabled, InvalidWebhookReplay.
    """
    end = min(until or now, now)
    if since >= end:
        raise InvalidWebhookReplay(errors={"since": ["must lie before `until` and in the past"]})
    with unit_of_work(WebhookDelivery, actor=actor) as work:
        endpoint = receiving(endpoint_id)
        span = {"since": since.isoformat(), "until": end.isoformat(), "which": which}
        facts = {"endpoint_id": str(endpoint_id), **span}
        job = enqueue(replay, facts, actor=actor, now=now, about=endpoint.host)
        work.publish(_requested(endpoint, replay_id=job.id))
    return job


def _requested(
    endpoint: WebhookEndpoint, *, delivery_id: UUID | None = None, replay_id: UUID | None = None
) -> WebhookReplayRequested:
    return WebhookReplayRequested(
        webhook_endpoint_id=endpoint.id, host=endpoint.host, delivery_id=delivery_id, replay_id=replay_id
    )
