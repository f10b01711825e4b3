"""Have the catalogue written into a file by a job, and fetch it."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from apps.business.catalog.errors import ExportNotFound
from apps.business.catalog.jobs import export_products
from apps.business.catalog.models import Product
from apps.business.units import work_of
from apps.core import files
from apps.core.auth import Principal
from apps.core.db.router import alias_for
from apps.core.files.models import StoredFile
from apps.core.history import Actor
from apps.core.jobs import enqueue, queries
from apps.core.jobs.errors import JobNotFound
from apps.core.jobs.models import Job

# So many are written while one waits.
AT_ONCE = 5000


def request_export(*, with_stock: bool, actor: Actor, now: datetime) -> Job:
    """Have all active products written into a file, kept for a month. While it is being written it is the same job."""
    rows = queries.all_jobs(alias_for(Product)).filter(name=export_products.name, state__in=Job.OPEN)
    going_on: Job | None = rows.filter(requested_by=actor.id, parameters__with_stock=with_stock).first()
    if going_on is not None:
        return going_on
    with work_of(actor, Product):
        return enqueue(export_products, {"with_stock": with_stock}, actor=actor, now=now)


def exported(job_id: UUID, principal: Principal, *, may_see_stock: bool) -> StoredFile:
    """The file of an export that the caller may see. Raises ExportNotFound."""
    using = alias_for(Product)
    try:
        job = queries.job(job_id, queries.jobs(principal, using))
    except JobNotFound as error:
        raise ExportNotFound(f"there is no export {job_id}") from error
    hidden = job.name != export_products.name or (job.parameters["with_stock"] and not may_see_stock)
    file_id = None if hidden else (job.result or {}).get("file_id")
    found = files.files([UUID(file_id)], using=using).get(UUID(file_id)) if file_id else None
    if found is None:
        raise ExportNotFound("it is not finished, or its file is gone: it is kept for a month")
    return found
