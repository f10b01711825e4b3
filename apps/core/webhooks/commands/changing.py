"""Make webhooks, change, delete and restore them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import connections

from apps.core.db.router import alias_for
from apps.core.events import unit_of_work
from apps.core.history import Actor
from apps.core.tenancy import require_tenant_id
from apps.core.webhooks import keys, queries, queueing
from apps.core.webhooks.claiming import lock_health
from apps.core.webhooks.commands.disabling import fail_pending
from apps.core.webhooks.commands.secrets import Issued
from apps.core.webhooks.commands.wishes import check_version, write
from apps.core.webhooks.errors import TooManyWebhooks
from apps.core.webhooks.events import (
    WebhookEndpointCreated,
    WebhookEndpointDeleted,
    WebhookEndpointRestored,
    WebhookEndpointUpdated,
)
from apps.core.webhooks.models import WebhookDelivery, WebhookEndpoint, WebhookHealth

_State = WebhookEndpoint.State
_COLUMNS = ("url", "description", "event_types", "ordered", "state", "disabled_because", "disabled_at")


def create_endpoint(
    *, url: str, event_types: Iterable[str], actor: Actor, now: datetime, description: str = "", ordered: bool = False
) -> Issued:
    """Have events posted to an address from now on. The secret that they are signed with is in the answer only.

    Raises InvalidWebhook, TooManyWebhooks.
    """
    endpoint = WebhookEndpoint(created_at=now)
    write(endpoint, {"url": url, "event_types": event_types, "description": description, "ordered": ordered})
    with unit_of_work(WebhookEndpoint, actor=actor) as work:
        _require_room()
        endpoint.save()
        WebhookHealth(endpoint=endpoint, created_at=now).save()
        secret = keys.add(endpoint.id, now=now)
        work.publish(WebhookEndpointCreated(**_about(endpoint), event_types=tuple(endpoint.event_types)))
    return Issued(endpoint, secret)


def update_endpoint(
    *,
    endpoint_id: UUID,
    actor: Actor,
    now: datetime,
    expected_version: int | None = None,
    state: str | None = None,
    **wished: Any,
) -> WebhookEndpoint:
    """Let a webhook be as is wished (`url`, `event_types`, `description`, `ordered`), enable, pause or disable it.

    What is left out stays. What waited leaves once it is enabled; a new address, too, begins with a clean slate. Safe
    to repeat: what changes nothing publishes nothing. Raises WebhookNotFound, WebhookIsDeleted, InvalidWebhook,
    PreconditionFailed.
    """
    with unit_of_work(WebhookEndpoint, actor=actor) as work:
        endpoint = queries.lock_endpoint(endpoint_id)
        check_version(endpoint, expected_version)
        endpoint.must_exist()
        before = _columns(endpoint)
        write(endpoint, wished)
        endpoint.become(state or endpoint.state, at=now)
        changed = [name for name, value in _columns(endpoint).items() if value != before[name]]
        if changed:
            endpoint.save(update_fields=changed)
            _follow(endpoint, changed, now)
            work.publish(WebhookEndpointUpdated(**_about(endpoint), **_facts(endpoint)))
    return endpoint


def delete_endpoint(
    *, endpoint_id: UUID, actor: Actor, now: datetime, expected_version: int | None = None
) -> WebhookEndpoint:
    """Post nothing there any more; it can be restored. Safe to repeat. Raises WebhookNotFound, PreconditionFailed."""
    with unit_of_work(WebhookEndpoint, actor=actor) as work:
        endpoint = queries.lock_endpoint(endpoint_id)
        if endpoint.is_deleted:
            return endpoint
        check_version(endpoint, expected_version)
        endpoint.soft_delete(at=now, by=actor.id)
        endpoint.save(update_fields=["deleted_at", "deleted_by", "deletion_id"])
        fail_pending(endpoint_id, WebhookDelivery.FailedBecause.DELETED, now=now)
        work.publish(WebhookEndpointDeleted(**_about(endpoint)))
    return endpoint


def restore_endpoint(*, endpoint_id: UUID, actor: Actor, now: datetime) -> WebhookEndpoint:
    """Undo a deletion: it is as it was, with its secret. Safe to repeat. Raises WebhookNotFound, TooManyWebhooks."""
    with unit_of_work(WebhookEndpoint, actor=actor) as work:
        endpoint = queries.lock_endpoint(endpoint_id)
        if not endpoint.is_deleted:
            return endpoint
        _require_room()
        endpoint.restore()
        endpoint.save(update_fields=["deleted_at", "deleted_by", "deletion_id"])
        work.publish(WebhookEndpointRestored(**_about(endpoint), **_facts(endpoint)))
    return endpoint


def _follow(endpoint: WebhookEndpoint, changed: list[str], now: datetime) -> None:
    if endpoint.state == _State.DISABLED:
        fail_pending(endpoint.id, WebhookDelivery.FailedBecause.DISABLED, now=now)
    if {"url", "state"} & set(changed):
        _begin_anew(endpoint.id)
    if endpoint.is_open:
        queueing.wake_after_commit([endpoint.id])


def _begin_anew(endpoint_id: UUID) -> None:
    health = lock_health(endpoint_id)
    if health is not None:
        health.begin_anew()
        health.save()


def _require_room() -> None:
    """One at a time in each tenant, so that two together do not make one too many."""
    with connections[alias_for(WebhookEndpoint)].cursor() as cursor:
        cursor.execute("select pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"webhooks of {require_tenant_id()}"])
    most = settings.WEBHOOKS_PER_TENANT
    if WebhookEndpoint.objects.in_tenant().count() >= most:
        raise TooManyWebhooks(f"there are {most} webhooks, which is as many as there may be")


def _columns(endpoint: WebhookEndpoint) -> dict[str, Any]:
    return {name: getattr(endpoint, name) for name in _COLUMNS}


def _about(endpoint: WebhookEndpoint) -> dict[str, Any]:
    return {"webhook_endpoint_id": endpoint.id, "host": endpoint.host}


def _facts(endpoint: WebhookEndpoint) -> dict[str, Any]:
    return {"event_types": tuple(endpoint.event_types), "state": str(endpoint.state)}
