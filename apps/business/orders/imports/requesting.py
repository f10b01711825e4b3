"""Have an uploaded file imported by a job, and clear up after such jobs."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.conf import settings

from apps.business.currencies import is_currency
from apps.business.orders.imports import uploads
from apps.business.orders.imports.errors import ImportOptionWrong
from apps.business.orders.imports.reader import check_heading
from apps.business.orders.jobs import import_invoices
from apps.business.orders.models import ImportRun
from apps.business.units import work_of
from apps.core.db.router import alias_for
from apps.core.history import Actor
from apps.core.jobs import commands as jobs
from apps.core.jobs import enqueue, queries
from apps.core.jobs.models import Job
from apps.core.tenancy import require_tenant_id, tenant
from apps.iam.facade import iam

_GIVEN_UP = (Job.State.DEAD, Job.State.CANCELLED)
_STILL_WANTED = (*Job.OPEN, Job.State.DEAD)


@dataclass(frozen=True, slots=True)
class Upload:
    """A file as somebody sent it. An empty currency is the company's own."""

    name: str
    content: bytes
    currency: str = ""
    time_zone: str = "UTC"
    encoding: str = "utf-8"


def request_import(*, upload: Upload, actor: Actor, now: datetime) -> Job:
    """Keep the file and have it imported; the job tells how far it is, and its result what became of the lines.

    The same file with the same options again is the same job, begun again if it died or was called off.
    Raises ImportOptionWrong, FileUnusable.
    """
    currency = upload.currency or iam.tenant(require_tenant_id()).default_currency
    _check(upload, currency)
    facts = {
        "checksum": hashlib.sha256(upload.content).hexdigest(),
        "file_name": upload.name,
        "currency": currency,
        "time_zone": upload.time_zone,
        "encoding": upload.encoding,
    }
    name = hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()
    uploads.keep(name, upload.content)
    return _asked({**facts, "upload": name}, actor, now)


def drop_uploads(*, now: datetime) -> int:
    """Delete the files of every tenant that no job is to import any more; returns how many. Safe to repeat.

    A dead job's is kept: somebody may begin it again.
    """
    dropped = 0
    for tenant_id in uploads.tenants_with_files():
        with tenant(tenant_id):
            dropped += uploads.drop_others(_claimed(), now=now)
    return dropped


def _asked(parameters: dict[str, str], actor: Actor, now: datetime) -> Job:
    with work_of(actor, ImportRun):
        facts = {"about": parameters["file_name"], "idempotency_key": parameters["upload"]}
        found = enqueue(import_invoices, parameters, actor=actor, now=now, **facts)
        if found.state in _GIVEN_UP:
            return jobs.retry_job(job_id=found.id, using=alias_for(ImportRun), actor=actor, now=now)
    return found


def _claimed() -> set[str]:
    wanted = queries.all_jobs(alias_for(ImportRun)).filter(name=import_invoices.name, state__in=_STILL_WANTED)
    return {found.parameters["upload"] for found in wanted}


def _check(upload: Upload, currency: str) -> None:
    errors = {}
    if not is_currency(currency):
        errors["currency"] = ["no currency: an ISO 4217 code such as GBP"]
    if not _is_time_zone(upload.time_zone):
        errors["time_zone"] = ["no time zone: one such as Europe/London"]
    if errors:
        raise ImportOptionWrong("; ".join(f"{name} is {texts[0]}" for name, texts in errors.items()), errors=errors)
    check_heading(upload.content, name=upload.name, encoding=upload.encoding, at_most=settings.IMPORT_MAX_BYTES)


def _is_time_zone(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False
    return True
