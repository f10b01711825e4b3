"""Give a member other roles."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from apps.core.auth.permissions import OWNER
from apps.core.events import unit_of_work
from apps.core.history import Actor
from apps.iam.roles import commands as roles
from apps.iam.users import queries
from apps.iam.users.commands.limits import check_version, require_other_owner
from apps.iam.users.errors import InvalidMember, MemberIsDeleted
from apps.iam.users.events import MemberRolesChanged
from apps.iam.users.models import Membership


def change_roles(
    *, user_id: UUID, roles_held: Iterable[str], actor: Actor, now: datetime, expected_version: int | None = None
) -> Membership:
    """Let a member hold exactly these roles.

    Safe to repeat: what changes nothing publishes nothing. Raises MemberNotFound, MemberIsDeleted, InvalidMember,
    UnknownRole, BeyondOwnPermissions, SeparationOfDutyViolated, LastOwner, PreconditionFailed.
    """
    codes = frozenset(roles_held)
    if not codes:
        raise InvalidMember(errors={"roles": ["a member needs at least one role"]})
    with unit_of_work(Membership, actor=actor) as work:
        membership = queries.lock_member(user_id)
        check_version(membership, expected_version)
        if membership.is_deleted:
            raise MemberIsDeleted
        if OWNER not in codes:
            require_other_owner(membership)
        change = roles.assign_roles(holder_id=user_id, roles=codes, actor=actor, now=now)
        if change.changed:
            membership.save(update_fields=["version"])  # its version, the ETag, covers the roles
            work.publish(
                MemberRolesChanged(membership_id=membership.id, user_id=user_id, roles=tuple(sorted(change.after)))
            )
    return queries.member(user_id)
