"""What is noted when a key is used, or refused."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.core.cache import cache
from django.db.models import QuerySet

from apps.core.events import unit_of_work
from apps.core.history import Actor
from apps.core.tenancy import PLATFORM
from apps.iam.audit.commands import record_security_event
from apps.iam.audit.kinds import Kind, Outcome
from apps.iam.service_accounts import queries
from apps.iam.service_accounts.models import ApiKey, ApiKeyUse

_ADDRESSES_KEPT = 100
_REFUSALS_TOLD_EVERY_S = 60


def note_use(*, key: ApiKey, address: str, actor: Actor, now: datetime) -> None:
    """Remember that the key was just used from this address; the first time from there is told to the security log.

    Writes once in API_KEY_USE_INTERVAL_S for each address, not at each request. `key` is as `key_by_digest` gave it.
    """
    if key.used_here_at is None:
        _first_from(key, address, actor, now)
    elif now - key.used_here_at >= timedelta(seconds=settings.API_KEY_USE_INTERVAL_S):
        rows = ApiKeyUse.objects.in_tenant().filter(key=key, address=address, last_used_at__lt=now)
        QuerySet.update(rows, last_used_at=now)  # no change of the row's in the sense of its version


def note_refusal(*, digest: str, address: str) -> None:
    """Tell the security log of a key that was refused, at most once a minute for each address: whoever tries keys must
    not fill the log. Knows no more of the caller than that it has no valid key, so nothing is said to it.
    """
    if not cache.add(f"api-key-refused.{address}", 1, _REFUSALS_TOLD_EVERY_S):
        return
    holder_id = queries.holder_of_digest(digest)
    record_security_event(
        Kind.API_KEY_REFUSED,
        subject_id=holder_id or PLATFORM,
        outcome=Outcome.FAILURE,
        tenant_id=None if holder_id else PLATFORM,
        details={"fingerprint": digest[:12]},
    )


def _first_from(key: ApiKey, address: str, actor: Actor, now: datetime) -> None:
    with unit_of_work(ApiKeyUse, actor=actor):
        row = ApiKeyUse(key=key, address=address, first_used_at=now, last_used_at=now)
        ApiKeyUse.objects.bulk_create([row], ignore_conflicts=True)
        if not ApiKeyUse.objects.in_tenant().filter(id=row.id).exists():
            return  # another request from there was first
        _forget_oldest(key.id)
        details = {"key_id": str(key.id), "name": key.name, "hint": key.hint}
        record_security_event(Kind.API_KEY_USED, subject_id=key.holder_id, details=details)


def _forget_oldest(key_id: UUID) -> None:
    """A key that is used from everywhere keeps the addresses of late."""
    rows = ApiKeyUse.objects.in_tenant().filter(key=key_id).order_by("-last_used_at", "-id")
    old = list(rows.values_list("id", flat=True)[_ADDRESSES_KEPT:])
    if old:
        ApiKeyUse.objects.in_tenant().filter(id__in=old).delete()
