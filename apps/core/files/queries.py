"""Reads of a tenant's files, from one service's database. One statement each."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from apps.core.files.errors import FileNotKept
from apps.core.files.models import StoredFile
from apps.core.files.places import place_of, storage


def files(file_ids: Collection[UUID], *, using: str) -> dict[UUID, StoredFile]:
    """Those of the current tenant that exist, by id."""
    return {found.id: found for found in StoredFile.objects.using(using).in_tenant().filter(id__in=list(file_ids))}


def file(file_id: UUID, *, using: str) -> StoredFile:
    """One file of the current tenant. Raises FileNotKept."""
    found = files([file_id], using=using).get(file_id)
    if found is None:
        raise FileNotKept
    return found


def content(file: StoredFile) -> bytes:
    """The bytes of a file. Raises FileNotKept."""
    try:
        with storage().open(place_of(file)) as stream:
            return bytes(stream.read())
    except FileNotFoundError as error:
        raise FileNotKept from error


def kept_before(moment: datetime, *, purposes: Collection[str], using: str) -> list[StoredFile]:
    """The current tenant's files for one of the purposes that were kept before that moment."""
    rows = StoredFile.objects.using(using).in_tenant().filter(purpose__in=list(purposes), created_at__lt=moment)
    return list(rows.order_by("id"))
