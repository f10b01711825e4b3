"""Change what a tenant says of one of its people."""

from __future__ import annotations

from uuid import UUID

from apps.core.events import unit_of_work
from apps.core.history import Actor
from apps.iam.users import queries
from apps.iam.users.commands.limits import check_version, refuse_beyond_own, refuse_self, require_other_owner
from apps.iam.users.events import MemberUpdated
from apps.iam.users.models import Membership
from apps.iam.users.names import valid_name


def update_member(
    *,
    user_id: UUID,
    actor: Actor,
    name: str | None = None,
    suspended: bool | None = None,
    expected_version: int | None = None,
) -> Membership:
    """Rename, suspend or reinstate a member; None leaves things as they are.

    Safe to repeat: what changes nothing publishes nothing. Raises MemberNotFound, MemberIsDeleted, InvalidMember,
    PreconditionFailed, BeyondOwnPermissions, NotYourself, LastOwner.
    """
    with unit_of_work(Membership, actor=actor) as work:
        membership = queries.lock_member(user_id)
        check_version(membership, expected_version)
        refuse_beyond_own(membership, actor)
        before = (membership.name, membership.status)
        if name is not None:
            membership.rename(valid_name(name))
        if suspended is not None:
            _suspend_or_reinstate(membership, suspended, actor)
        if (membership.name, membership.status) != before:
            membership.save(update_fields=["name", "name_key", "status"])
            work.publish(
                MemberUpdated(
                    membership_id=membership.id, user_id=user_id, name=membership.name, status=membership.status
                )
            )
    return queries.member(user_id)


def _suspend_or_reinstate(membership: Membership, suspended: bool, actor: Actor) -> None:
    if not suspended:
        if membership.status == Membership.Status.SUSPENDED:
            membership.reinstate()
        return
    refuse_self(membership, actor)
    require_other_owner(membership)
    membership.suspend()
