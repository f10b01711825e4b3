"""Have a file of products imported by a job: looked through first, then applied."""

from __future__ import annotations

import io
from datetime import datetime, timedelta
from typing import IO
from uuid import UUID

from apps.business.catalog.errors import ImportNotChecked, ImportNotFound
from apps.business.catalog.exchange.files import EXPORTS, REPORTS, UPLOADS
from apps.business.catalog.exchange.reader import heading_of
from apps.business.catalog.jobs import import_products
from apps.business.catalog.models import Product
from apps.business.units import work_of
from apps.core import files
from apps.core.auth import Principal
from apps.core.db.router import alias_for
from apps.core.files.models import StoredFile
from apps.core.files.queries import kept_before
from apps.core.history import SYSTEM, Actor
from apps.core.jobs import commands as jobs
from apps.core.jobs import enqueue, queries
from apps.core.jobs.errors import JobNotFound
from apps.core.jobs.models import Job

KEPT_FOR = timedelta(days=30)
_GIVEN_UP = (Job.State.DEAD, Job.State.CANCELLED)


def request_import(
    *, stream: IO[bytes], name: str, dry_run: bool, may_manage_stock: bool, actor: Actor, now: datetime
) -> Job:
    """Keep the file for a month and have it looked through, or applied at once; the job tells what became of it.

    Raises FileRefused, CatalogueFileUnusable.
    """
    content = stream.read(UPLOADS.limit + 1)
    heading_of(content)
    with work_of(actor, Product) as work:
        file = files.keep(io.BytesIO(content), purpose=UPLOADS, name=name, using=work.alias)
        return _asked(file.id, name, dry_run=dry_run, may_manage_stock=may_manage_stock, actor=actor, now=now)


def apply_import(*, checked: Job, may_manage_stock: bool, actor: Actor, now: datetime) -> Job:
    """Have a file applied that was looked through. Asked for again it is the same job, begun again if it was given up.

    Raises ImportNotChecked.
    """
    if not checked.parameters["dry_run"] or checked.state != Job.State.SUCCEEDED:
        raise ImportNotChecked
    with work_of(actor, Product) as work:
        known = _application_of(checked)
        if known is None:
            file_id = UUID(checked.parameters["file_id"])
            facts = {"may_manage_stock": may_manage_stock, "actor": actor, "now": now}
            return _asked(file_id, checked.about, dry_run=False, **facts)
        if known.state in _GIVEN_UP:
            return jobs.retry_job(job_id=known.id, using=work.alias, actor=actor, now=now)
    return known


def import_job(job_id: UUID, principal: Principal) -> Job:
    """An import that the caller may see. Raises ImportNotFound."""
    try:
        found = queries.job(job_id, queries.jobs(principal, alias_for(Product)))
    except JobNotFound as error:
        raise ImportNotFound(f"there is no import {job_id}") from error
    if found.name != import_products.name:
        raise ImportNotFound(f"there is no import {job_id}")
    return found


def report_of(job: Job) -> StoredFile:
    """The file of refused lines. Raises ImportNotFound where there is none, or no longer."""
    file_id = (job.result or {}).get("report_file_id")
    using = alias_for(Product)
    found = files.files([UUID(file_id)], using=using).get(UUID(file_id)) if file_id else None
    if found is None:
        raise ImportNotFound("no line was refused, or the report is gone: it is kept for a month")
    return found


def drop_old_files(*, now: datetime) -> int:
    """Delete the current tenant's files of imports and exports of a month ago; returns how many. Safe to repeat."""
    using = alias_for(Product)
    old = kept_before(now - KEPT_FOR, purposes=(UPLOADS.name, REPORTS.name, EXPORTS.name), using=using)
    for file in old:
        with work_of(SYSTEM, Product):
            files.drop(file)
    return len(old)


def _asked(file_id: UUID, name: str, *, dry_run: bool, may_manage_stock: bool, actor: Actor, now: datetime) -> Job:
    parameters = {"file_id": str(file_id), "dry_run": dry_run, "may_manage_stock": may_manage_stock}
    return enqueue(
        import_products, parameters, actor=actor, now=now, about=name, idempotency_key=_key(file_id, dry_run=dry_run)
    )


def _application_of(checked: Job) -> Job | None:
    key = _key(UUID(checked.parameters["file_id"]), dry_run=False)
    rows = queries.all_jobs(alias_for(Product)).filter(name=import_products.name, idempotency_key=key)
    found: Job | None = rows.first()
    return found


def _key(file_id: UUID, *, dry_run: bool) -> str:
    return f"{'check' if dry_run else 'apply'} {file_id}"
