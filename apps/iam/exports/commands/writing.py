"""Write an export straight into a file: for operators at a command line, who wait for it."""

from __future__ import annotations

from datetime import datetime
from typing import IO

from apps.core.history import Actor
from apps.core.tenancy import require_tenant_id
from apps.iam.audit.commands import record_security_event
from apps.iam.audit.kinds import Kind
from apps.iam.exports import sources
from apps.iam.exports.archive import Told, Written, write_archive
from apps.iam.exports.contents import contents_of_company
from apps.iam.exports.models import Export
from apps.iam.tenants import queries as tenants


def write_company_export(file: IO[bytes], *, actor: Actor, now: datetime, told: Told) -> Written:
    """Write everything of the current tenant, in the form that a job writes it, and tell the security log.

    A page of rows is in memory at any time. Raises NoTenant, TenantNotFound, TenantIsGone.
    """
    company = tenants.tenant_by_id(require_tenant_id())
    tenants.require_not_gone(company.id)
    details = {"what": Export.Kind.COMPANY.value, "step": "written"}
    record_security_event(Kind.DATA_EXPORTED, subject_id=company.id, actor=actor, details=details)
    about = {
        "kind": Export.Kind.COMPANY.value,
        "tenant_id": str(company.id),
        "subject_id": str(company.id),
        "subject_name": company.name,
        "asked_for_by": actor.name,
        "made_at": now,
    }
    return write_archive(file, sources.parts_of_company(), about, told, contents=contents_of_company())
