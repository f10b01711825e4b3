"""Reads of requests for approval, and of who could decide on them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db.models import Q, QuerySet

from apps.core.auth import Principal
from apps.core.history.changes import Change, ChangeFilter, changes_of
from apps.core.tenancy import PLATFORM, require_tenant_id
from apps.iam.approvals.errors import ApprovalNotFound
from apps.iam.approvals.kinds import ApprovalKind, all_kinds
from apps.iam.approvals.models import ApprovalRequest
from apps.iam.approvals.permissions import ApprovalPermission
from apps.iam.roles import queries as roles
from apps.iam.users import queries as users


def approvals(principal: Principal) -> QuerySet[ApprovalRequest]:
    """The requests of the current tenant that the caller may see, newest first: all, or those of their own."""
    rows = ApprovalRequest.objects.in_tenant().order_by("-requested_at", "-id")
    if not sees_all(principal):
        rows = rows.filter(requested_by=principal.subject)
    return rows  # type: ignore[no-any-return]


def approval(approval_id: UUID, principal: Principal) -> ApprovalRequest:
    """One request that the caller may see. One statement. Raises ApprovalNotFound."""
    found: ApprovalRequest | None = approvals(principal).filter(id=approval_id).first()
    if found is None:
        raise ApprovalNotFound
    return found


def approvals_concerning(user_id: UUID) -> QuerySet[ApprovalRequest]:
    """What a person asked for or decided on, and what was asked about them, newest first. One statement."""
    concerns = Q(requested_by=user_id) | Q(requested_through=user_id) | Q(decided_by=user_id) | Q(subject_id=user_id)
    return ApprovalRequest.objects.in_tenant().filter(concerns).order_by("-requested_at", "-id")  # type: ignore[no-any-return]


def lock_approval(approval_id: UUID) -> ApprovalRequest:
    """One request, locked to the end of the transaction. Raises ApprovalNotFound."""
    rows = ApprovalRequest.objects.in_tenant().select_for_update()
    found: ApprovalRequest | None = rows.filter(id=approval_id).first()
    if found is None:
        raise ApprovalNotFound
    return found


def open_request(digest: str) -> ApprovalRequest | None:
    """The request for this very change that waits already. One statement."""
    rows = ApprovalRequest.objects.in_tenant().filter(payload_digest=digest, status__in=ApprovalRequest.OPEN)
    found: ApprovalRequest | None = rows.first()
    return found


def waiting_about(kind: str, subject_id: UUID) -> ApprovalRequest | None:
    """The request of this kind about somebody or something that nobody has decided on. One statement."""
    rows = ApprovalRequest.objects.in_tenant().filter(kind=kind, subject_id=subject_id)
    found: ApprovalRequest | None = rows.filter(status=ApprovalRequest.Status.REQUESTED).first()
    return found


def executed_about(kind: str, subject_id: UUID) -> ApprovalRequest | None:
    """The newest request of this kind about somebody or something that was approved and carried out. One statement."""
    rows = ApprovalRequest.objects.in_tenant().filter(kind=kind, subject_id=subject_id)
    found: ApprovalRequest | None = (
        rows.filter(status=ApprovalRequest.Status.EXECUTED).order_by("-requested_at").first()
    )
    return found


def waiting_for(principal: Principal, *, now: datetime) -> QuerySet[ApprovalRequest]:
    """What the caller could decide on now, oldest first."""
    decidable = [kind.code for kind in all_kinds() if may_decide_kind(principal, kind)]
    rows = ApprovalRequest.objects.in_tenant().filter(
        status=ApprovalRequest.Status.REQUESTED, kind__in=decidable, expires_at__gt=now
    )
    rows = rows.exclude(requested_by=principal.subject).exclude(requested_through=principal.subject)
    return rows.order_by("requested_at", "id")  # type: ignore[no-any-return]


def overdue(*, now: datetime) -> list[UUID]:
    """The requests of the current tenant that nobody decided on in time. One statement."""
    rows = ApprovalRequest.objects.in_tenant().filter(status=ApprovalRequest.Status.REQUESTED, expires_at__lte=now)
    return list(rows.order_by("id").values_list("id", flat=True))


def to_carry_out() -> list[UUID]:
    """The approved requests of the current tenant whose change is not made yet. One statement."""
    rows = ApprovalRequest.objects.in_tenant().filter(status=ApprovalRequest.Status.APPROVED)
    return list(rows.order_by("id").values_list("id", flat=True))


def sees_all(principal: Principal) -> bool:
    """Whether a caller sees what others asked for too. All of the platform's staff do."""
    return principal.tenant_id == PLATFORM or principal.may(ApprovalPermission.VIEW)


def may_decide(principal: Principal, request: ApprovalRequest, *, now: datetime) -> bool:
    """Whether to offer the decision to a caller. The command decides again, under the lock."""
    waits = request.status == ApprovalRequest.Status.REQUESTED and request.expires_at > now
    stranger = (
        principal.kind == "user" and principal.impersonator_id is None and not request.asked_by(principal.subject)
    )
    kind = next((known for known in all_kinds() if known.code == request.kind), None)
    return waits and stranger and kind is not None and may_decide_kind(principal, kind)


def may_decide_kind(principal: Principal, kind: ApprovalKind) -> bool:
    """Whether a caller holds the permission that deciding on this kind takes."""
    on_platform = principal.tenant_id == PLATFORM
    return principal.may(kind.platform_approver if on_platform else kind.approver)


def approvers_lately(kind: ApprovalKind, *, now: datetime) -> set[UUID]:
    """The people who may decide on this kind, and those who might until lately. Two statements."""
    since = now - timedelta(days=settings.APPROVAL_DAYS)
    return roles.people_with(kind.approver, or_lost_since=since)


def approvers(kind: ApprovalKind, *, besides: Iterable[UUID | None]) -> list[UUID]:
    """Who could decide on this kind now, for telling them. Three statements; in PLATFORM scope one."""
    if require_tenant_id() == PLATFORM:
        found = users.platform_staff_ids()
    else:
        holders = roles.people_with(kind.approver)
        found = {one.user_id for one in users.members_by_id(holders) if one.state == "active"}
    return sorted(found - set(besides), key=str)  # type: ignore[arg-type]


def changes(where: ChangeFilter, *, limit: int) -> list[Change]:
    """Changes of requests for approval, newest first: for the audit of all services."""
    return changes_of(ApprovalRequest, where=where, limit=limit)
