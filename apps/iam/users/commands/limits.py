"""What the commands of this feature refuse, each in one place."""

from __future__ import annotations

from apps.core.errors import PreconditionFailed
from apps.core.history import Actor
from apps.iam.roles import queries as roles
from apps.iam.users import queries
from apps.iam.users.errors import LastOwner, NotYourself
from apps.iam.users.models import Membership


def check_version(membership: Membership, expected: int | None) -> None:
    """Raises PreconditionFailed when the caller decided on an older version. Call it under the lock."""
    if expected is not None and membership.version != expected:
        raise PreconditionFailed(version=membership.version)


def refuse_self(membership: Membership, actor: Actor) -> None:
    """Raises NotYourself when the actor is the member."""
    if actor.kind == "user" and actor.id == membership.user_id:
        raise NotYourself


def refuse_beyond_own(membership: Membership, actor: Actor) -> None:
    """Raises BeyondOwnPermissions when the member may do what the actor may not: managers do not manage owners."""
    if actor.id != membership.user_id:
        roles.require_within_own(actor, roles.permissions_of(membership.user_id, everywhere=False))


def require_other_owner(membership: Membership) -> None:
    """Raises LastOwner when the member is an owner and no other one could sign in."""
    if roles.is_owner(membership.user_id) and not queries.other_owners(membership.user_id):
        raise LastOwner
