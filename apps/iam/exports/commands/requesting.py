"""Ask for an export. A job makes it."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import IntegrityError

from apps.core.events import unit_of_work
from apps.core.history import SYSTEM, Actor
from apps.core.jobs import enqueue
from apps.core.tenancy import require_tenant_id
from apps.iam.audit.commands import record_security_event
from apps.iam.audit.kinds import Kind
from apps.iam.exports import jobs, queries
from apps.iam.exports.models import Export
from apps.iam.tenants import queries as tenants
from apps.iam.users import queries as users


def request_company_export(*, actor: Actor, now: datetime) -> Export:
    """Everything of the current tenant. Safe to repeat: one at a time is made. Raises TenantIsGone."""
    tenant_id = require_tenant_id()
    name = tenants.tenant_by_id(tenant_id).name
    return _requested(Export.Kind.COMPANY, tenant_id, name, is_own=False, actor=actor, now=now)


def request_person_export(*, user_id: UUID, actor: Actor, now: datetime) -> Export:
    """Everything that is kept about a member, or former member, of the current tenant.

    Somebody who asks for their own gets what is theirs in other tenants too. Safe to repeat: one at a time is made.
    Raises MemberNotFound, TenantIsGone; for the platform's staff about themselves UserNotFound.
    """
    is_own = actor.kind == "user" and actor.id == user_id and actor.impersonator_id is None
    name = users.user(user_id).name if is_own else users.membership(user_id).name
    return _requested(Export.Kind.PERSON, user_id, name, is_own=is_own, actor=actor, now=now)


def adopt_export(*, export_id: UUID, now: datetime) -> None:
    """Have an export made that no job will make, in nobody's name. Safe to repeat. Raises ExportNotFound."""
    with unit_of_work(Export, actor=SYSTEM):
        found = queries.lock_export(export_id)
        if found.is_open and found.job_id is None:
            found.job_id = _job_for(found, SYSTEM, now)
            found.save()


def settle_export(*, export_id: UUID, now: datetime) -> None:
    """Give up an export whose job has ended without it. Safe to repeat. Raises ExportNotFound."""
    with unit_of_work(Export, actor=SYSTEM):
        found = queries.lock_export(export_id)
        if found.is_open:
            _given_up(found, now)


def note_download(*, export_id: UUID, actor: Actor) -> None:
    """Tell the security log that somebody takes the file away."""
    found = queries.export(export_id, queries.all_exports())
    _record(found, actor, "downloaded")


def _requested(kind: str, subject_id: UUID, name: str, *, is_own: bool, actor: Actor, now: datetime) -> Export:
    same = {"kind": kind, "subject_id": subject_id, "is_own": is_own}
    tenants.require_not_gone(require_tenant_id())
    try:
        with unit_of_work(Export, actor=actor):
            known = queries.open_export(**same)  # type: ignore[arg-type]
            if known is not None and not _given_up(known, now):
                return known
            made = Export(
                **same,
                subject_name=name[:200],
                requested_by=actor.id,
                requested_by_name=actor.name[:200],
                requested_at=now,
            )
            made.job_id = _job_for(made, actor, now)
            made.save()
            _record(made, actor, "requested")
    except IntegrityError:  # somebody else asked for the same in this very moment
        rival = queries.open_export(**same)  # type: ignore[arg-type]
        if rival is None:
            raise
        return rival
    return made


def _record(found: Export, actor: Actor, step: str) -> None:
    details = {"export_id": str(found.id), "what": found.kind, "step": step}
    record_security_event(Kind.DATA_EXPORTED, subject_id=found.subject_id, actor=actor, details=details)


def _given_up(known: Export, now: datetime) -> bool:
    """Whether its job has ended without it, so that another one may be asked for."""
    why = queries.why_given_up(known)
    if why is not None:
        known.fail(why, at=now)
        known.save()
    return why is not None


def _job_for(wanted: Export, actor: Actor, now: datetime) -> UUID:
    facts = {"export_id": str(wanted.id)}
    key = str(wanted.id)
    return enqueue(jobs.make, facts, actor=actor, now=now, about=wanted.kind, idempotency_key=key).id
