"""Give somebody one role, for a while or for one object if need be; end that."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from apps.core.auth.permissions import OWNER
from apps.core.events import UnitOfWork, unit_of_work
from apps.core.history import SYSTEM, Actor
from apps.iam.roles import assignments, queries, separation
from apps.iam.roles.errors import InvalidAssignment
from apps.iam.roles.events import RoleAssigned, RoleAssignmentEnded
from apps.iam.roles.models import RoleAssignment
from apps.iam.roles.resources import require_resource

REVOKED, EXPIRED = "revoked", "expired"


def grant_role(
    *,
    holder_id: UUID,
    holder_kind: str,
    role: str,
    actor: Actor,
    now: datetime,
    expires_at: datetime | None = None,
    resource_type: str = "",
    resource_id: UUID | None = None,
) -> tuple[RoleAssignment, bool]:
    """Let the holder have a role, until `expires_at` or for good, in the whole tenant or for one object.

    True beside it if anything changed: a role that is held already for the same is given this end. Whether there is
    such a holder is asked before. Nobody gives more than they hold themselves. Raises UnknownRole, InvalidAssignment,
    BeyondOwnPermissions, SeparationOfDutyViolated.
    """
    if expires_at is not None and expires_at <= now:
        raise InvalidAssignment(errors={"expires_at": ["a moment to come"]})
    if role == OWNER:
        raise InvalidAssignment(
            errors={"role": ["ownership is given with all of a person's roles: it takes two people"]}
        )
    require_resource(resource_type, resource_id)
    (content,) = queries.roles_by_code([role])
    scope: dict[str, Any] = {"resource_type": resource_type, "resource_id": resource_id}
    with unit_of_work(RoleAssignment, actor=actor) as work:
        queries.require_within_own(actor, content.permissions)
        held = _held(work, holder_id, role, scope, now)
        if held is not None and held.expires_at == expires_at:
            return held, False
        assignment = held or RoleAssignment(holder_id=holder_id, holder_kind=holder_kind, role_code=role, **scope)
        assignment.expires_at = expires_at
        assignment.save()
        separation.require_apart({holder_kind: [holder_id]}, now=now)
        work.publish(_assigned(assignment))
    return assignment, True


def end_assignment(*, assignment_id: UUID, actor: Actor, now: datetime) -> tuple[RoleAssignment, bool]:
    """Take a role away before its time. True beside it if it was still held.

    Nobody takes away more than they hold themselves. Raises AssignmentNotFound, BeyondOwnPermissions.
    """
    with unit_of_work(RoleAssignment, actor=actor) as work:
        assignment = assignments.lock_assignment(assignment_id)
        if assignment.is_deleted:
            return assignment, False
        if assignment.has_expired(now):
            _end(work, assignment, EXPIRED, SYSTEM, now)
            return assignment, False
        known = {role.code: role.permissions for role in queries.all_roles()}
        queries.require_within_own(actor, known.get(assignment.role_code, frozenset()))
        _end(work, assignment, REVOKED, actor, now)
    return assignment, True


def expire_assignment(*, assignment_id: UUID, now: datetime) -> bool:
    """Write down that an assignment has expired, and tell of it; it counted for nothing already. True if it did.

    Safe to repeat, and to call for one that was given another end in the meantime. Raises AssignmentNotFound.
    """
    with unit_of_work(RoleAssignment, actor=SYSTEM) as work:
        assignment = assignments.lock_assignment(assignment_id)
        if assignment.is_deleted or not assignment.has_expired(now):
            return False
        _end(work, assignment, EXPIRED, SYSTEM, now)
    return True


def _held(work: UnitOfWork, holder_id: UUID, role: str, scope: dict[str, Any], now: datetime) -> RoleAssignment | None:
    """The assignment that counts now, locked. One that has expired and was not swept yet is ended, to make room."""
    rows = RoleAssignment.objects.in_tenant().filter(holder_id=holder_id, role_code=role, **scope)
    held: RoleAssignment | None = rows.select_for_update().first()
    if held is not None and held.has_expired(now):
        _end(work, held, EXPIRED, SYSTEM, now)
        return None
    return held


def _end(work: UnitOfWork, assignment: RoleAssignment, cause: str, actor: Actor, now: datetime) -> None:
    assignment.soft_delete(at=now, by=actor.id)
    assignment.save(update_fields=["deleted_at", "deleted_by", "deletion_id"])
    work.publish(
        RoleAssignmentEnded(
            role_assignment_id=assignment.id,
            holder_id=assignment.holder_id,
            holder_kind=assignment.holder_kind,
            role=assignment.role_code,
            resource_type=assignment.resource_type,
            resource_id=assignment.resource_id,
            cause=cause,
        )
    )


def _assigned(assignment: RoleAssignment) -> RoleAssigned:
    return RoleAssigned(
        role_assignment_id=assignment.id,
        holder_id=assignment.holder_id,
        holder_kind=assignment.holder_kind,
        role=assignment.role_code,
        resource_type=assignment.resource_type,
        resource_id=assignment.resource_id,
        expires_at=assignment.expires_at,
    )
