"""The keys of a webhook, sealed where they lie."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db.models import Q

from apps.core.crypto.sealing import seal, unseal
from apps.core.db.ids import uuid7
from apps.core.webhooks import signing
from apps.core.webhooks.models import WebhookSecret

_PURPOSE = "webhook secret"


def add(endpoint_id: UUID, *, now: datetime) -> str:
    """Make a key, the present one from now on. Returns it as people copy it, which is nowhere else to be had."""
    key, id_ = signing.new_key(), uuid7()
    sealed = seal(key, purpose=_PURPOSE, place=str(id_))
    WebhookSecret(id=id_, endpoint_id=endpoint_id, sealed=sealed, created_at=now).save()
    return signing.secret_of(key)


def good(endpoint_id: UUID, *, now: datetime) -> list[WebhookSecret]:
    """The present one, then those that were replaced and are good still, the youngest first. One statement."""
    rows = WebhookSecret.objects.in_tenant().filter(endpoint_id=endpoint_id)
    return list(rows.filter(Q(retires_at__isnull=True) | Q(retires_at__gt=now)).order_by("-created_at", "-id"))


def opened(endpoint_id: UUID, *, now: datetime) -> list[bytes]:
    """What `good` gives, to sign with. Raises Unreadable."""
    return [unseal(bytes(one.sealed), purpose=_PURPOSE, place=str(one.id)) for one in good(endpoint_id, now=now)]


def retire(endpoint_id: UUID, *, until: datetime) -> None:
    """Let the keys of a webhook end then, unless they end before."""
    rows = WebhookSecret.objects.in_tenant().filter(endpoint_id=endpoint_id)
    rows.filter(Q(retires_at__isnull=True) | Q(retires_at__gt=until)).update(retires_at=until)


def forget_retired(endpoint_id: UUID, *, now: datetime) -> None:
    """Delete the keys that are good no more."""
    WebhookSecret.objects.in_tenant().filter(endpoint_id=endpoint_id, retires_at__lte=now).delete()
