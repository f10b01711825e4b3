"""Reads of a tenant's files, from one service's database. One statement each."""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

from apps.core.files.errors import FileNotKept
from apps.core.files.models import StoredFile


def files(file_ids: Collection[UUID], *, using: str) -> dict[UUID, StoredFile]:
    """Those of the current tenant that exist, by id."""
    return {found.id: found for found in StoredFile.objects.using(using).in_tenant().filter(id__in=list(file_ids))}


def file(file_id: UUID, *, using: str) -> StoredFile:
    """One file of the current tenant. Raises FileNotKept."""
    found = files([file_id], using=using).get(file_id)
    if found is None:
        raise FileNotKept
    return found
