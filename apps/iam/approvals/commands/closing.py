"""How a request ends without a decision, and how long closed ones are kept."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from apps.core.events import unit_of_work
from apps.core.history import SYSTEM, Actor
from apps.iam.approvals import notices, queries
from apps.iam.approvals.errors import OnlyYourOwn
from apps.iam.approvals.models import ApprovalRequest
from apps.iam.audit.commands import record_security_event
from apps.iam.audit.kinds import Kind, Outcome


def withdraw_approval(*, approval_id: UUID, actor: Actor, now: datetime) -> ApprovalRequest:
    """Take back what one asked for. Raises ApprovalNotFound, OnlyYourOwn, AlreadyDecided, ApprovalExpired."""
    with unit_of_work(ApprovalRequest, actor=actor):
        request = queries.lock_approval(approval_id)
        if actor.id != request.requested_by:
            raise OnlyYourOwn
        request.withdraw(at=now)
        request.save()
        _tell(request, actor)
    return request


def expire_approval(*, approval_id: UUID, now: datetime) -> ApprovalRequest:
    """Close a request that nobody decided on in time. Safe to repeat. Raises ApprovalNotFound."""
    with unit_of_work(ApprovalRequest, actor=SYSTEM):
        request = queries.lock_approval(approval_id)
        if request.status == request.Status.REQUESTED and request.expires_at <= now:
            request.expire(at=now)
            request.save()
            _tell(request, SYSTEM)
            notices.tell_asker(request, now=now)
    return request


def forget_closed(*, before: datetime) -> int:
    """Delete the current tenant's requests that were closed before an instant; what they changed stays in the history.

    Returns how many. Safe to repeat.
    """
    with unit_of_work(ApprovalRequest, actor=SYSTEM, reason="kept long enough"):
        rows = ApprovalRequest.objects.in_tenant().filter(closed_at__lt=before)
        return int(rows.delete()[0])


def _tell(request: ApprovalRequest, actor: Actor) -> None:
    record_security_event(
        Kind.APPROVAL_DECIDED,
        subject_id=request.subject_id,
        outcome=Outcome.FAILURE,
        actor=actor,
        details={"approval_id": str(request.id), "change": request.kind, "decision": request.status},
    )
