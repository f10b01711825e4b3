"""Putting data keys under the newest key-encryption key, and giving owners new data keys, tenant by tenant.

Neither touches what was encrypted, and readers and writers go on. Each row is done for itself, so that what a crash
cut off is carried on by beginning anew.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db.models import Max
from django.utils.module_loading import import_string

from apps.core.crypto import wrapping
from apps.core.crypto.keys import Owner, renew_key
from apps.core.crypto.models import DataKey
from apps.core.crypto.wrapping import Wrapped
from apps.core.tenancy import PLATFORM, tenant

_BATCH = 500


def tenants() -> list[UUID]:
    """Everybody who may have keys: the platform itself, and every tenant that has data."""
    return [PLATFORM, *import_string(settings.TENANT_LISTER)()]


def rewrap(alias: str, tenant_id: UUID) -> Iterator[int]:
    """Wrap a tenant's keys anew that an older key-encryption key has wrapped; gives the size of each batch done.

    Safe to repeat, and to run twice at once. Raises KeyEncryptionKeyMissing, Unreadable.
    """
    while batch := _next_batch(alias, tenant_id):
        for key in batch:
            _rewrap(alias, key)
        yield len(batch)


def renew(alias: str, tenant_id: UUID, *, before: datetime) -> int:
    """Give a new data key to everybody in a tenant whose newest one is older than `before`; returns to how many."""
    with tenant(tenant_id):
        newest = DataKey.objects.using(alias).filter(tenant_id=tenant_id).values("subject_id")
        newest = newest.annotate(made_at=Max("created_at")).filter(made_at__lt=before).order_by("subject_id")
        subjects = [row["subject_id"] for row in newest]
    return sum(renew_key(Owner(alias, tenant_id, subject_id)) is not None for subject_id in subjects)


def _next_batch(alias: str, tenant_id: UUID) -> list[DataKey]:
    with tenant(tenant_id):
        rows = DataKey.objects.using(alias).filter(tenant_id=tenant_id, destroyed_at__isnull=True)
        return list(rows.exclude(wrapped_by=wrapping.newest_name()).order_by("subject_id", "version")[:_BATCH])


def _rewrap(alias: str, key: DataKey) -> None:
    place = Owner(alias, key.tenant_id, key.subject_id).place(key.version)
    content = bytes(key.wrapped)
    anew = wrapping.wrap(wrapping.unwrap(Wrapped(content, key.wrapped_by), place=place), place=place)
    with tenant(key.tenant_id):
        # Only while it is what was read: a key that was destroyed in the meantime is not brought back.
        _row(alias, key).filter(wrapped=content).update(wrapped=anew.content, wrapped_by=anew.by)


def _row(alias: str, key: DataKey) -> Any:
    rows = DataKey.objects.using(alias)
    return rows.filter(tenant_id=key.tenant_id, subject_id=key.subject_id, version=key.version)
