"""Give a member one role, or take one, for a while or for one object if need be."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from apps.core.auth.permissions import OWNER
from apps.core.events import unit_of_work
from apps.core.history import Actor
from apps.iam.roles import assignments
from apps.iam.roles import commands as roles
from apps.iam.users import queries
from apps.iam.users.commands.limits import require_other_owner
from apps.iam.users.errors import MemberIsDeleted
from apps.iam.users.models import Membership


def grant_role(*, user_id: UUID, role: str, actor: Actor, now: datetime, **limits: Any) -> tuple[Any, bool]:
    """Give a member one role, with the limits that `roles.commands.grant_role` knows. True if anything changed.

    Safe to repeat. Raises MemberNotFound, MemberIsDeleted, and as that does.
    """
    with unit_of_work(Membership, actor=actor):
        membership = queries.lock_member(user_id)
        if membership.is_deleted:
            raise MemberIsDeleted
        assignment, changed = roles.grant_role(
            holder_id=user_id, holder_kind="user", role=role, actor=actor, now=now, **limits
        )
        if changed:
            membership.save(update_fields=["version"])  # its version, the ETag, covers the roles
    return assignment, changed


def end_role(*, user_id: UUID, assignment_id: UUID, actor: Actor, now: datetime) -> bool:
    """Take one assignment of a member's away. True if it was still held. Safe to repeat.

    Raises MemberNotFound, AssignmentNotFound, LastOwner, BeyondOwnPermissions.
    """
    with unit_of_work(Membership, actor=actor):
        membership = queries.lock_member(user_id)
        assignment = assignments.assignment(assignment_id)
        if assignment.role_code == OWNER and not assignment.scope and assignment.expires_at is None:
            require_other_owner(membership)
        _, changed = roles.end_assignment(assignment_id=assignment_id, actor=actor, now=now)
        if changed:
            membership.save(update_fields=["version"])  # its version, the ETag, covers the roles
    return changed


def expire_role(*, user_id: UUID, assignment_id: UUID, now: datetime) -> bool:
    """Write down that one assignment of a member's has expired. True if it had. Safe to repeat.

    Raises MemberNotFound, AssignmentNotFound.
    """
    with unit_of_work(Membership):
        membership = queries.lock_member(user_id)
        changed = roles.expire_assignment(assignment_id=assignment_id, now=now)
        if changed and not membership.is_deleted:
            membership.save(update_fields=["version"])  # its version, the ETag, covers the roles
    return changed
