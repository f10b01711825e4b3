"""Make the file of an export."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from tempfile import TemporaryFile
from typing import IO, Any
from uuid import UUID

from django.conf import settings
from django.core.files import File
from django.core.files.storage import storages

from apps.core.errors import DomainError
from apps.core.events import unit_of_work
from apps.core.history import SYSTEM
from apps.iam.exports import queries, sources
from apps.iam.exports.archive import Written, write_archive
from apps.iam.exports.contents import Content, contents_of_company
from apps.iam.exports.errors import ExportNotReady
from apps.iam.exports.models import Export
from apps.iam.exports.personal import Subject
from apps.iam.exports.sources import Part
from apps.iam.tenants import queries as tenants

_CHUNK = 1 << 20
Tell = Callable[[int, int, str], None]
"""So many parts are done, of so many; and what is being read. What it raises ends the export's making."""


def make_export(*, export_id: UUID, now: datetime, tell: Tell = lambda done, total, stage: None) -> Export:
    """Write the file, saying how far it has come. Safe to repeat: what a run before left is begun anew.

    Raises ExportNotFound, TenantIsGone; ExportNotReady where another one of the same is being made.
    """
    begun = _begun(export_id)
    if begun is None:
        return queries.export(export_id, queries.all_exports())
    parts = _parts(begun)

    def told(stage: str, done: int, rows: int) -> None:
        tell(done, len(parts), f"{stage}: {rows:,} rows" if stage else "")

    with TemporaryFile(dir=settings.EXPORT_WORK_DIR or None) as file:
        written = write_archive(file, parts, _about(begun, now), told, contents=_contents(begun))
        return _kept(export_id, file, written, now)


def give_up(*, export_id: UUID, why: str, now: datetime) -> None:
    """Nothing comes of an export that is being made. Safe to repeat. Raises ExportNotFound."""
    with unit_of_work(Export, actor=SYSTEM):
        found = queries.lock_export(export_id)
        if found.is_open:
            found.fail(why, at=now)
            found.save()


def told_of(error: Exception) -> str:
    """What whoever asked is told of an error."""
    return f"{error.code}: {error}" if isinstance(error, DomainError) else "something went wrong on our side"


def _begun(export_id: UUID) -> Export | None:
    with unit_of_work(Export, actor=SYSTEM):
        found = queries.lock_export(export_id)
        if found.state in (Export.State.READY, Export.State.EXPIRED):
            return None
        tenants.require_not_gone(found.tenant_id)
        other = queries.open_export(kind=found.kind, subject_id=found.subject_id, is_own=found.is_own)
        if other not in (None, found):
            raise ExportNotReady("another export of the same is being made")
        found.begin()
        found.save()
    return found


def _parts(found: Export) -> Sequence[Part]:
    if found.kind == Export.Kind.COMPANY:
        return sources.parts_of_company()
    return sources.parts_of_person(Subject(found.subject_id, found.is_own))


def _contents(found: Export) -> Iterable[Content]:
    return contents_of_company() if found.kind == Export.Kind.COMPANY else ()


def _about(found: Export, now: datetime) -> dict[str, Any]:
    return {
        "kind": found.kind,
        "tenant_id": str(found.tenant_id),
        "subject_id": str(found.subject_id),
        "subject_name": found.subject_name,
        "asked_for_by": found.requested_by_name,
        "made_at": now,
    }


def _kept(export_id: UUID, file: IO[bytes], written: Written, now: datetime) -> Export:
    """The file first, then the note that it is there: a crash in between leaves a file that is written over."""
    digest, size = _digest(file)
    storage = storages[queries.STORAGE]
    with unit_of_work(Export, actor=SYSTEM):
        found = queries.lock_export(export_id)
        if found.state != Export.State.RUNNING:
            return found
        name = f"{found.tenant_id}/{found.id}.zip"
        storage.delete(name)
        found.file = storage.save(name, File(file))
        found.size_bytes, found.sha256, found.counts = size, digest, written.counts
        found.finish(at=now, expires_at=now + timedelta(days=settings.EXPORT_DAYS))
        found.save()
    return found


def _digest(file: IO[bytes]) -> tuple[str, int]:
    digest, size = hashlib.sha256(), 0
    file.seek(0)
    while chunk := file.read(_CHUNK):
        digest.update(chunk)
        size += len(chunk)
    file.seek(0)
    return digest.hexdigest(), size
