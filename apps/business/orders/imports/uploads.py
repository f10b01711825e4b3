"""Files that were uploaded and wait to be imported, in the folder of their tenant."""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from datetime import datetime, timedelta
from uuid import UUID

from django.core.files.base import ContentFile
from django.core.files.storage import Storage, storages

from apps.business.orders.imports.errors import UploadGone
from apps.core.tenancy import require_tenant_id

STORAGE = "imports"
# An upload is stored before the job that is to import it is committed.
_UNCLAIMED_FOR = timedelta(hours=1)


def keep(name: str, content: bytes) -> None:
    """Store a file for the current tenant. Safe to repeat."""
    if not _storage().exists(_path(name)):
        _storage().save(_path(name), ContentFile(content))


def content_of(name: str, *, checksum: str) -> bytes:
    """The file. Raises UploadGone where it is not there, or not whole yet."""
    try:
        with _storage().open(_path(name)) as file:
            content: bytes = file.read()
    except FileNotFoundError as error:
        raise UploadGone from error
    if hashlib.sha256(content).hexdigest() != checksum:
        raise UploadGone
    return content


def drop(name: str) -> None:
    """Delete the file. Safe to repeat."""
    _storage().delete(_path(name))


def drop_others(claimed: Collection[str], *, now: datetime) -> int:
    """Delete the current tenant's files but those that something is still to import; returns how many."""
    _, names = _storage().listdir(str(require_tenant_id()))
    old = [name for name in names if name not in claimed and _is_old(name, now)]
    for name in old:
        drop(name)
    return len(old)


def tenants_with_files() -> list[UUID]:
    """Whose files there are: also tenants that are gone."""
    try:
        folders, _ = _storage().listdir("")
    except FileNotFoundError:
        return []
    return [UUID(folder) for folder in folders]


def _is_old(name: str, now: datetime) -> bool:
    return now - _storage().get_modified_time(_path(name)) > _UNCLAIMED_FOR


def _path(name: str) -> str:
    return f"{require_tenant_id()}/{name}"


def _storage() -> Storage:
    return storages[STORAGE]
