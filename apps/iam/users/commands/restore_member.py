"""Undo the deletion of a membership."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from apps.core.events import unit_of_work
from apps.core.history import Actor
from apps.iam.groups import commands as groups
from apps.iam.roles import commands as roles
from apps.iam.roles import separation
from apps.iam.users import queries
from apps.iam.users.commands.limits import refuse_beyond_own
from apps.iam.users.events import MemberRestored
from apps.iam.users.models import Membership


def restore_member(*, user_id: UUID, actor: Actor, now: datetime) -> Membership:
    """Bring a member back with exactly the roles and into exactly the groups that the deletion took.

    Safe to repeat: a second call changes nothing and publishes nothing. Nobody brings back somebody who may do more
    than they may themselves, and an owner takes two people. Raises MemberNotFound, BeyondOwnPermissions,
    SeparationOfDutyViolated, ApprovalNeeded.
    """
    with unit_of_work(Membership, actor=actor) as work:
        membership = queries.lock_member(user_id)
        if membership.is_deleted:
            deletion_id = membership.restore()
            membership.save(update_fields=["deleted_at", "deleted_by", "deletion_id"])
            codes = _roles_of_before(user_id, deletion_id, actor, now)
            # Now that the roles are back and count. A refusal undoes all this.
            refuse_beyond_own(membership, actor)
            separation.require_apart({"user": [user_id]}, now=now)
            work.publish(MemberRestored(membership_id=membership.id, user_id=user_id, roles=tuple(codes)))
    return queries.member(user_id)


def _roles_of_before(user_id: UUID, deletion_id: UUID | None, actor: Actor, now: datetime) -> list[str]:
    if deletion_id is None:
        return []
    groups.return_to_groups(member_id=user_id, deletion_id=deletion_id, actor=actor)
    return roles.restore_assignments(holder_id=user_id, deletion_id=deletion_id, actor=actor, now=now)
