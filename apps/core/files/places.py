"""Where the bytes of a file lie: `<database>/<tenant>/<file>` in the storage `files`."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import UUID

from django.core.files.storage import Storage, storages

from apps.core.db import replicas
from apps.core.files.models import StoredFile

STORAGE = "files"


def storage() -> Storage:
    """A folder, or whatever FILES_BACKEND names."""
    return storages[STORAGE]


def database_of_file(file: StoredFile) -> str:
    """The alias of the database that its row is in."""
    return replicas.primary_of(str(file._state.db))


def place_of(file: StoredFile) -> str:
    return f"{folder_of(file.tenant_id, using=database_of_file(file))}/{file.id}"


def folder_of(tenant_id: UUID, *, using: str) -> str:
    return f"{using}/{tenant_id}"


def places_in(folder: str) -> Iterator[str]:
    """What lies there; nothing where there is no such folder."""
    try:
        _, names = storage().listdir(folder)
    except FileNotFoundError:
        return
    yield from (f"{folder}/{name}" for name in names)
