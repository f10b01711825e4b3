"""The secret of a webhook, which is shown once, and replaced without a gap."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings

from apps.core.events import unit_of_work
from apps.core.history import Actor
from apps.core.webhooks import keys, queries
from apps.core.webhooks.errors import InvalidWebhook, TooManyWebhookSecrets
from apps.core.webhooks.events import WebhookSecretRotated
from apps.core.webhooks.models import WebhookEndpoint

_MOST_GOOD = 4


@dataclass(frozen=True, slots=True)
class Issued:
    """A webhook and its new secret, `whsec_…`, which can be read nowhere else."""

    endpoint: WebhookEndpoint
    secret: str


def rotate_secret(*, endpoint_id: UUID, actor: Actor, now: datetime, overlap_s: int | None = None) -> Issued:
    """Sign with a new secret from now on, and with the present one too for `overlap_s` (0: no longer).

    Raises WebhookNotFound, WebhookIsDeleted, InvalidWebhook, TooManyWebhookSecrets.
    """
    overlap = timedelta(seconds=_checked(settings.WEBHOOK_SECRET_OVERLAP_S if overlap_s is None else overlap_s))
    with unit_of_work(WebhookEndpoint, actor=actor) as work:
        endpoint = queries.lock_endpoint(endpoint_id)
        endpoint.must_exist()
        keys.retire(endpoint_id, until=now + overlap)
        keys.forget_retired(endpoint_id, now=now)
        if len(keys.good(endpoint_id, now=now)) >= _MOST_GOOD:
            raise TooManyWebhookSecrets
        secret = keys.add(endpoint_id, now=now)
        endpoint.save(update_fields=["version"])  # its history says when it got another one, and from whom
        work.publish(
            WebhookSecretRotated(webhook_endpoint_id=endpoint.id, host=endpoint.host, overlap_until=now + overlap)
        )
    return Issued(endpoint, secret)


def _checked(overlap_s: int) -> int:
    most = settings.WEBHOOK_SECRET_OVERLAP_MAX_S
    if not 0 <= overlap_s <= most:
        raise InvalidWebhook(errors={"overlap_s": [f"from 0 to {most} seconds"]})
    return overlap_s
