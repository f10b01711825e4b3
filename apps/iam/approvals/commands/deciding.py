"""Approve or refuse what somebody else asked for."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from celery import current_app
from django.db import transaction

from apps.core.auth import MissingPermission
from apps.core.db.router import alias_for
from apps.core.events import unit_of_work
from apps.core.history import Actor
from apps.core.observability import get_logger
from apps.core.tenancy import PLATFORM, require_tenant_id
from apps.iam.approvals import notices, queries
from apps.iam.approvals.commands.carrying_out import carry_out_locked
from apps.iam.approvals.errors import NotInAnothersName, NotYourOwn, PeopleOnly, TenantNotActive
from apps.iam.approvals.kinds import ApprovalKind, kind_named
from apps.iam.approvals.models import ApprovalRequest
from apps.iam.approvals.standing import permissions_now
from apps.iam.audit.commands import record_security_event
from apps.iam.audit.kinds import Kind, Outcome
from apps.iam.tenants import queries as tenants

_logger = get_logger("iam.approvals")


def approve(*, approval_id: UUID, actor: Actor, now: datetime, reason: str = "") -> ApprovalRequest:
    """Let the change happen: in this very transaction, or soon after as a job where the kind says so.

    A change that its command refuses by now (the rights of whoever asked are gone, say) closes the request as failed.
    Raises ApprovalNotFound, AlreadyDecided, ApprovalExpired, NotYourOwn, NotInAnothersName, PeopleOnly, CannotSignIn,
    MissingPermission, TenantNotActive.
    """
    with unit_of_work(ApprovalRequest, actor=actor):
        request, kind = _fit_to_decide(approval_id, actor)
        request.approve(by=actor, reason=reason, at=now)
        request.save()
        _tell(request, actor, Outcome.SUCCESS)
        if not kind.as_job:
            carry_out_locked(request, kind, now=now)
        else:
            # After the commit, since the job must find it; a broker that is away costs time, never the change.
            transaction.on_commit(lambda: _start_job(request), using=alias_for(ApprovalRequest))
        notices.tell_asker(request, now=now)
    return request


def refuse(*, approval_id: UUID, actor: Actor, now: datetime, reason: str = "") -> ApprovalRequest:
    """Close a request without the change. Raises as `approve` does."""
    with unit_of_work(ApprovalRequest, actor=actor):
        request, _ = _fit_to_decide(approval_id, actor)
        request.refuse(by=actor, reason=reason, at=now)
        request.save()
        _tell(request, actor, Outcome.DENIED)
        notices.tell_asker(request, now=now)
    return request


def _fit_to_decide(approval_id: UUID, actor: Actor) -> tuple[ApprovalRequest, ApprovalKind]:
    """The locked request. Everything about the decider is asked again under the lock: it may have changed by now."""
    if actor.kind != "user" or actor.id is None:
        raise PeopleOnly
    if actor.impersonator_id is not None:
        raise NotInAnothersName
    request = queries.lock_approval(approval_id)
    if request.asked_by(actor.id):
        raise NotYourOwn
    kind, tenant_id = kind_named(request.kind), require_tenant_id()
    needed = kind.platform_approver if tenant_id == PLATFORM else kind.approver
    if str(needed) not in permissions_now(actor):
        raise MissingPermission(f"this needs the permission {needed} ({needed.label})", permission=str(needed))
    if tenant_id != PLATFORM and not tenants.tenant_by_id(tenant_id).is_active:
        raise TenantNotActive
    return request, kind


def _tell(request: ApprovalRequest, actor: Actor, outcome: Outcome) -> None:
    record_security_event(
        Kind.APPROVAL_DECIDED,
        subject_id=request.subject_id,
        outcome=outcome,
        actor=actor,
        reason=request.decision_reason,
        details={"approval_id": str(request.id), "change": request.kind, "decision": request.status},
    )


def _start_job(request: ApprovalRequest) -> None:
    facts = {"tenant_id": str(request.tenant_id), "approval_id": str(request.id)}
    try:
        current_app.send_task("approvals.carry_out", kwargs=facts)
    except Exception:
        _logger.warning("an approved change waits for the next sweep", exc_info=True, **facts)
