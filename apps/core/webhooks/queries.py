"""Reads of webhooks, in the current tenant."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import OuterRef, QuerySet, Subquery

from apps.core.db.router import alias_for
from apps.core.history.changes import Change, ChangeFilter, changes_of
from apps.core.jobs import queries as jobs
from apps.core.jobs.models import Job
from apps.core.webhooks.errors import WebhookDeliveryNotFound, WebhookNotFound
from apps.core.webhooks.models import (
    WebhookAttempt,
    WebhookDelivery,
    WebhookEndpoint,
    WebhookHealth,
)

REPLAY = "webhooks.replay"
FAILED, ALL = "failed", "all"
STATES = ("enabled", "paused", "disabled", "deleted")


def endpoints(*, state: str = "") -> QuerySet[WebhookEndpoint]:
    """Webhooks, the youngest first, each with `failing_since` and `last_success_at`. One statement.

    `state` is one of STATES, or "" for all but the deleted ones.
    """
    rows = WebhookEndpoint.with_deleted.in_tenant().filter(deleted_at__isnull=state != "deleted")
    if state and state != "deleted":
        rows = rows.filter(state=state)
    return _described(rows).order_by("-created_at", "-id")


def endpoint(endpoint_id: UUID) -> WebhookEndpoint:
    """One webhook, also a deleted one, as `endpoints` gives them. One statement. Raises WebhookNotFound."""
    return _found(_described(WebhookEndpoint.with_deleted.in_tenant()).filter(id=endpoint_id))


def lock_endpoint(endpoint_id: UUID) -> WebhookEndpoint:
    """One webhook, also a deleted one, locked to the end of the transaction. Raises WebhookNotFound."""
    return _found(WebhookEndpoint.with_deleted.in_tenant().select_for_update().filter(id=endpoint_id))


def health_of(endpoint_id: UUID) -> WebhookHealth:
    """How a webhook is doing. One statement. Raises WebhookNotFound."""
    found: WebhookHealth | None = WebhookHealth.objects.in_tenant().filter(endpoint_id=endpoint_id).first()
    if found is None:
        raise WebhookNotFound
    return found


def deliveries(endpoint_id: UUID | None = None) -> QuerySet[WebhookDelivery]:
    """What was sent, or is to be, to one webhook or all, the newest first. One statement."""
    rows: QuerySet[WebhookDelivery] = WebhookDelivery.objects.in_tenant().select_related("message", "endpoint")
    rows = rows.defer("message__sealed")
    return (rows.filter(endpoint_id=endpoint_id) if endpoint_id else rows).order_by("-created_at", "-id")


def delivery(delivery_id: UUID, *, endpoint_id: UUID | None = None) -> WebhookDelivery:
    """One delivery, of this webhook if one is named, with its sealed message. One statement.

    Raises WebhookDeliveryNotFound.
    """
    rows = WebhookDelivery.objects.in_tenant().select_related("message", "endpoint").filter(id=delivery_id)
    return _found_delivery(rows.filter(endpoint_id=endpoint_id) if endpoint_id else rows)


def lock_delivery(delivery_id: UUID) -> WebhookDelivery:
    """One delivery, locked to the end of the transaction. Raises WebhookDeliveryNotFound."""
    return _found_delivery(WebhookDelivery.objects.in_tenant().select_for_update().filter(id=delivery_id))


def attempts_of(delivery_id: UUID) -> list[WebhookAttempt]:
    """Each POST of a delivery, the first first. One statement."""
    return list(WebhookAttempt.objects.in_tenant().filter(delivery_id=delivery_id).order_by("number", "at", "id"))


def replays(endpoint_id: UUID) -> QuerySet[Job]:
    """The jobs that replay to a webhook, the newest first. One statement."""
    rows = jobs.all_jobs(alias_for(WebhookDelivery))
    return rows.filter(name=REPLAY, parameters__endpoint_id=str(endpoint_id))


def to_replay(endpoint_id: UUID, *, since: datetime, until: datetime, which: str) -> Any:
    """The deliveries made from `since` on, up to `until`, which `failed`, or `all` that are settled. No test is among
    them, and nothing that is on its way.
    """
    rows = WebhookDelivery.objects.in_tenant().filter(endpoint_id=endpoint_id, is_test=False)
    states = [WebhookDelivery.State.FAILED, *([WebhookDelivery.State.SUCCEEDED] if which == ALL else [])]
    return rows.filter(created_at__gte=since, created_at__lt=until, state__in=states)


def failed_since(endpoint_id: UUID, since: datetime) -> int:
    """How many deliveries to a webhook failed since then. One statement."""
    failed = WebhookDelivery.objects.in_tenant().filter(endpoint_id=endpoint_id, created_at__gte=since, is_test=False)
    return int(failed.filter(state=WebhookDelivery.State.FAILED).count())


def changes(where: ChangeFilter, *, limit: int) -> list[Change]:
    """Changes of webhooks, newest first."""
    return changes_of(WebhookEndpoint, where=where, limit=limit)


def changes_of_endpoint(endpoint_id: UUID, *, limit: int) -> list[Change]:
    """Changes of one webhook, newest first."""
    return changes_of(WebhookEndpoint, where=ChangeFilter(entity_ids=(endpoint_id,)), limit=limit)


def _described(rows: QuerySet[WebhookEndpoint]) -> QuerySet[WebhookEndpoint]:
    health = WebhookHealth.objects.in_tenant().filter(endpoint_id=OuterRef("id"))
    return rows.annotate(  # type: ignore[no-redef]
        failing_since=Subquery(health.values("failing_since")[:1]),
        resting_until=Subquery(health.values("resting_until")[:1]),
        last_success_at=Subquery(health.values("last_success_at")[:1]),
    )


def _found(rows: Any) -> WebhookEndpoint:
    found: WebhookEndpoint | None = rows.first()
    if found is None:
        raise WebhookNotFound
    return found


def _found_delivery(rows: Any) -> WebhookDelivery:
    found: WebhookDelivery | None = rows.first()
    if found is None:
        raise WebhookDeliveryNotFound
    return found
