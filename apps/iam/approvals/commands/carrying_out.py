"""Make an approved change, exactly once."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from apps.core.auth import MissingPermission
from apps.core.errors import DomainError
from apps.core.events import unit_of_work
from apps.core.tenancy import PLATFORM, require_tenant_id
from apps.iam.approvals import gate, queries
from apps.iam.approvals.errors import AlreadyDecided, TenantNotActive
from apps.iam.approvals.kinds import ApprovalKind, Approved, kind_named
from apps.iam.approvals.models import ApprovalRequest
from apps.iam.approvals.standing import permissions_now
from apps.iam.tenants import queries as tenants


def carry_out(*, approval_id: UUID, now: datetime) -> ApprovalRequest:
    """Make a change whose approval was committed before. Safe to repeat, and to run twice at once.

    The request stays locked meanwhile, so two runs queue up. Raises ApprovalNotFound, AlreadyDecided.
    """
    with unit_of_work(ApprovalRequest):
        request = queries.lock_approval(approval_id)
        if request.status in (request.Status.EXECUTED, request.Status.FAILED):
            return request
        if request.status != request.Status.APPROVED:
            raise AlreadyDecided(status=request.status)
        carry_out_locked(request, kind_named(request.kind), now=now)
    return request


def carry_out_locked(request: ApprovalRequest, kind: ApprovalKind, *, now: datetime) -> None:
    """Make the change inside the transaction that holds the request's lock, and close the request.

    What the command refuses is undone to the savepoint, and the request closed as failed; any other error undoes the
    approval too.
    """
    assert request.decided_by is not None  # noqa: S101 (the database holds it too)
    change = Approved(request.id, dict(request.payload), request.asker, request.decided_by, now)
    reason = f"approved by {request.decided_by_name} ({request.id})"
    try:
        with unit_of_work(ApprovalRequest, actor=request.asker, reason=reason):
            _refuse_fallen_asker(request, kind)
            with gate.carrying_out(request.kind, request.payload):
                kind.execute(change)
    except DomainError as error:
        request.fail(f"{error.code}: {error}", at=now)
    else:
        request.executed(at=now)
    request.save()


def _refuse_fallen_asker(request: ApprovalRequest, kind: ApprovalKind) -> None:
    """Raises CannotSignIn, MissingPermission, TenantNotActive: the change is made in the name of whoever asked, so they
    must still be able to make it.
    """
    on_platform = require_tenant_id() == PLATFORM
    if not on_platform and not tenants.tenant_by_id(require_tenant_id()).is_active:
        raise TenantNotActive
    needed = kind.platform_asker or kind.asker if on_platform else kind.asker
    if str(needed) not in permissions_now(request.asker):
        raise MissingPermission(
            f"{request.requested_by_name} no longer holds the permission {needed} ({needed.label})",
            permission=str(needed),
        )
