"""Reads of exports, in the current tenant."""

from __future__ import annotations

from datetime import datetime
from typing import IO, cast
from uuid import UUID

from django.core.files.storage import storages
from django.db.models import Exists, OuterRef, Q, QuerySet, Subquery

from apps.core.auth import Principal
from apps.core.db.router import alias_for
from apps.core.history.changes import Change, ChangeFilter, changes_of
from apps.core.jobs import queries as jobs
from apps.core.jobs.models import Job
from apps.iam.exports.errors import ExportNotFound, ExportNotReady
from apps.iam.exports.models import Export
from apps.iam.exports.permissions import ExportPermission
from apps.iam.tenants.permissions import TenantPermission

STORAGE = "exports"


def exports(principal: Principal) -> QuerySet[Export]:
    """What the caller may see, newest first: what is about themselves, what they asked for about others while they may
    ask for it, and with `tenant.export` every export of the company. Who lost a permission lost the files with it.
    """
    visible = Q(is_own=True, subject_id=principal.subject)
    if principal.may(ExportPermission.PEOPLE):
        visible |= Q(kind=Export.Kind.PERSON, is_own=False, requested_by=principal.subject)
    if principal.may(TenantPermission.EXPORT):
        visible |= Q(kind=Export.Kind.COMPANY)
    return all_exports().filter(visible)


def exports_of_company() -> QuerySet[Export]:
    """The exports of the whole company, newest first: for the platform's staff."""
    return all_exports().filter(kind=Export.Kind.COMPANY)


def own_exports(user_id: UUID) -> QuerySet[Export]:
    """What a person asked for about themselves, newest first."""
    return all_exports().filter(kind=Export.Kind.PERSON, is_own=True, subject_id=user_id)


def exports_about(user_id: UUID) -> QuerySet[Export]:
    """Those of one person, whoever asked, newest first."""
    return all_exports().filter(kind=Export.Kind.PERSON, subject_id=user_id)


def all_exports() -> QuerySet[Export]:
    """Every export of the tenant, newest first, with what its job says of it."""
    said = {f"job_{name}": Subquery(_jobs().values(name)) for name in ("stage", "done", "total")}
    return Export.objects.in_tenant().annotate(**said).order_by("-requested_at", "-id")  # type: ignore[no-any-return]


def export(export_id: UUID, among: QuerySet[Export]) -> Export:
    """One of those that the caller may see. One statement. Raises ExportNotFound."""
    found = among.filter(id=export_id).first()
    if found is None:
        raise ExportNotFound
    return found


def lock_export(export_id: UUID) -> Export:
    """One export, locked to the end of the transaction. Raises ExportNotFound."""
    found: Export | None = Export.objects.in_tenant().select_for_update().filter(id=export_id).first()
    if found is None:
        raise ExportNotFound
    return found


def open_export(*, kind: str, subject_id: UUID, is_own: bool) -> Export | None:
    """The one that is being made of this already."""
    rows = Export.objects.in_tenant().filter(kind=kind, subject_id=subject_id, is_own=is_own, state__in=Export.OPEN)
    found: Export | None = rows.first()
    return found


def ids_without_a_job() -> list[UUID]:
    """Those that are asked for, and that no job will make: they are from before exports were jobs."""
    rows = Export.objects.in_tenant().filter(state__in=Export.OPEN, job_id=None)
    return list(rows.order_by("id").values_list("id", flat=True))


def abandoned_ids() -> list[UUID]:
    """Those whose job has ended without them: it was called off, or died."""
    rows = Export.objects.in_tenant().filter(state__in=Export.OPEN, job_id__isnull=False)
    rows = rows.exclude(Exists(_jobs().filter(state__in=Job.OPEN)))
    return list(rows.order_by("id").values_list("id", flat=True))


def why_given_up(found: Export) -> str | None:
    """Why its job does not make it any more; None while it does, or may yet get one."""
    job = jobs.all_jobs(alias_for(Export)).filter(id=found.job_id).first() if found.job_id else None
    if found.job_id is None or (job is not None and job.is_open):
        return None
    if job is None or not job.reason:
        return "it was called off"
    return str(job.reason)


def _jobs() -> QuerySet[Job]:
    """The job of the export around."""
    return jobs.all_jobs(alias_for(Export)).filter(id=OuterRef("job_id")).order_by()


def expired_ids(*, now: datetime) -> list[UUID]:
    """Those whose file is to be deleted."""
    rows = Export.objects.in_tenant().filter(state=Export.State.READY, expires_at__lte=now)
    return list(rows.order_by("id").values_list("id", flat=True))


def file_of(found: Export) -> IO[bytes]:
    """The file, opened for reading. Raises ExportNotReady."""
    if found.state != Export.State.READY:
        raise ExportNotReady
    try:
        return cast(IO[bytes], storages[STORAGE].open(found.file))
    except FileNotFoundError as error:
        raise ExportNotReady("the file of this export is gone: ask for another one") from error


def changes(where: ChangeFilter, *, limit: int) -> list[Change]:
    """Changes of exports, newest first: for the audit of all services."""
    return changes_of(Export, where=where, limit=limit)
