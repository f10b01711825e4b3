"""Take somebody out of the current tenant."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from apps.core.events import unit_of_work
from apps.core.history import Actor
from apps.iam.groups import commands as groups
from apps.iam.roles import commands as roles
from apps.iam.users import queries
from apps.iam.users.commands.limits import check_version, refuse_beyond_own, refuse_self, require_other_owner
from apps.iam.users.events import MemberDeleted
from apps.iam.users.models import Membership


def delete_member(*, user_id: UUID, actor: Actor, now: datetime, expected_version: int | None = None) -> Membership:
    """End a membership, all its roles and places in groups; they can be restored together. The person stays.

    Safe to repeat: a second call changes nothing and publishes nothing. Raises MemberNotFound, NotYourself, LastOwner,
    BeyondOwnPermissions, PreconditionFailed.
    """
    with unit_of_work(Membership, actor=actor) as work:
        membership = queries.lock_member(user_id)
        if membership.is_deleted:
            return membership
        check_version(membership, expected_version)
        refuse_self(membership, actor)
        refuse_beyond_own(membership, actor)
        require_other_owner(membership)
        deletion_id = membership.soft_delete(at=now, by=actor.id)
        membership.save(update_fields=["deleted_at", "deleted_by", "deletion_id"])
        roles.end_assignments(holder_id=user_id, deletion_id=deletion_id, actor=actor, now=now)
        groups.leave_all_groups(member_id=user_id, deletion_id=deletion_id, actor=actor, now=now)
        work.publish(MemberDeleted(membership_id=membership.id, user_id=user_id))
    return membership
