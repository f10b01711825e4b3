"""Whose keys were destroyed, noted where no backup of a database reaches: one empty file for each, in
DESTROYED_KEYS_DIR. A key that a restored backup brings back stays unusable, since its subject is noted here.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from uuid import UUID

from django.conf import settings

_TENANT = "tenant-"


def bury(subject_id: UUID) -> None:
    """Note for good that a subject's keys are destroyed. Safe to repeat. Raises OSError where nothing can be kept."""
    _note(str(subject_id))


def bury_tenant(tenant_id: UUID) -> None:
    """The same of everybody's keys in a tenant."""
    _note(_TENANT + str(tenant_id))


def is_buried(subject_id: UUID, *, tenant_id: UUID) -> bool:
    """Whether the keys of this subject in this tenant were destroyed, whatever a database says."""
    folder = settings.DESTROYED_KEYS_DIR  # no Path: this is asked for each key of thousands
    return os.path.exists(f"{folder}/{subject_id}") or os.path.exists(f"{folder}/{_TENANT}{tenant_id}")


def buried() -> Iterator[UUID]:
    """The subjects whose keys were destroyed, in the order of their ids."""
    folder = _folder()
    for entry in sorted(folder.iterdir()) if folder.is_dir() else []:
        with suppress(ValueError):
            yield UUID(entry.name)


def _note(name: str) -> None:
    folder = _folder()
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with open(folder / name, "ab") as file:
        os.fsync(file.fileno())
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)  # the name too is there after a power cut
    finally:
        os.close(descriptor)


def _folder() -> Path:
    return Path(settings.DESTROYED_KEYS_DIR)
