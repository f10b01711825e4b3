"""Make the file of an export."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from tempfile import TemporaryFile
from typing import IO, Any
from uuid import UUID

from django.conf import settings
from django.core.files import File
from django.core.files.storage import storages
from django.utils import timezone

from apps.core.errors import DomainError
from apps.core.events import unit_of_work
from apps.core.history import SYSTEM
from apps.core.observability import get_logger
from apps.iam.exports import queries, sources
from apps.iam.exports.archive import Written, write_archive
from apps.iam.exports.contents import Content, contents_of_company
from apps.iam.exports.models import Export
from apps.iam.exports.personal import Subject
from apps.iam.exports.sources import Part
from apps.iam.tenants import queries as tenants

_CHUNK = 1 << 20
_logger = get_logger("iam.exports")


def make_export(*, export_id: UUID, now: datetime) -> Export:
    """Write the file, saying how far it has come. Safe to repeat, and to run twice at once.

    What a dead job left is begun anew. An error is noted and ends the export: whoever wants it asks again.
    """
    begun = _begun(export_id, now)
    if begun is None:
        return queries.export(export_id, queries.all_exports())
    try:
        tenants.require_not_gone(begun.tenant_id)
        parts = _parts(begun)
        with TemporaryFile(dir=settings.EXPORT_WORK_DIR or None) as file:
            reporter = _Reporter(export_id, len(parts))
            written = write_archive(file, parts, _about(begun, now), reporter, contents=_contents(begun))
            return _kept(export_id, file, written, now)
    except Exception as error:
        _logger.error("an export failed", export_id=str(export_id), exc_info=error)
        _failed(export_id, error, now)
        raise


def _begun(export_id: UUID, now: datetime) -> Export | None:
    with unit_of_work(Export, actor=SYSTEM):
        found = queries.lock_export(export_id)
        if not found.may_begin(now):
            return None
        found.begin(at=now)
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


class _Reporter:
    """Writes down how far the job is, in statements of its own, at most once a second."""

    def __init__(self, export_id: UUID, parts: int) -> None:
        self.export_id, self.parts, self.told_at = export_id, parts, None

    def __call__(self, stage: str, parts_done: int, rows_done: int) -> None:
        now = timezone.now()
        if self.told_at is not None and now - self.told_at < timedelta(seconds=1) and stage:
            return
        self.told_at: datetime | None = now
        with unit_of_work(Export, actor=SYSTEM):
            Export.objects.in_tenant().filter(id=self.export_id, state=Export.State.RUNNING).update(
                stage=stage[:100], parts_done=parts_done, parts_total=self.parts, rows_done=rows_done, heard_at=now
            )


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


def _failed(export_id: UUID, error: Exception, now: datetime) -> None:
    said = f"{error.code}: {error}" if isinstance(error, DomainError) else "something went wrong on our side"
    with unit_of_work(Export, actor=SYSTEM):
        found = queries.lock_export(export_id)
        if found.state in Export.OPEN:
            found.fail(said, at=now)
            found.save()
