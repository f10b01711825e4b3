"""Ask for an export. A job makes it."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from celery import current_app
from django.db import IntegrityError, transaction

from apps.core.db.router import alias_for
from apps.core.events import unit_of_work
from apps.core.history import Actor
from apps.core.observability import get_logger
from apps.core.tenancy import require_tenant_id
from apps.iam.audit.commands import record_security_event
from apps.iam.audit.kinds import Kind
from apps.iam.exports import queries
from apps.iam.exports.models import Export
from apps.iam.tenants import queries as tenants
from apps.iam.users import queries as users

_logger = get_logger("iam.exports")


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
            if known is not None:
                return known
            made = Export(
                **same,
                subject_name=name[:200],
                requested_by=actor.id,
                requested_by_name=actor.name[:200],
                requested_at=now,
            )
            made.save()
            _record(made, actor, "requested")
            transaction.on_commit(lambda: _start_job(made), using=alias_for(Export))
    except IntegrityError:  # somebody else asked for the same in this very moment
        rival = queries.open_export(**same)  # type: ignore[arg-type]
        if rival is None:
            raise
        return rival
    return made


def _record(found: Export, actor: Actor, step: str) -> None:
    details = {"export_id": str(found.id), "what": found.kind, "step": step}
    record_security_event(Kind.DATA_EXPORTED, subject_id=found.subject_id, actor=actor, details=details)


def _start_job(made: Export) -> None:
    facts = {"tenant_id": str(made.tenant_id), "export_id": str(made.id)}
    try:
        current_app.send_task("exports.make", kwargs=facts)
    except Exception:
        _logger.warning("an export waits for the next sweep", exc_info=True, **facts)
