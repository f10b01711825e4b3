"""What the commands of this feature refuse, each in one place."""

from __future__ import annotations

from apps.core.errors import PreconditionFailed
from apps.core.history import Actor
from apps.iam.groups.errors import GroupIsDeleted
from apps.iam.groups.models import Group
from apps.iam.roles import queries as roles


def require_there(group: Group, expected: int | None = None) -> None:
    """Raises GroupIsDeleted, and PreconditionFailed when the caller decided on an older version. Call it under the
    lock.
    """
    if group.is_deleted:
        raise GroupIsDeleted
    check_version(group, expected)


def check_version(group: Group, expected: int | None) -> None:
    """Raises PreconditionFailed."""
    if expected is not None and group.version != expected:
        raise PreconditionFailed(version=group.version)


def refuse_beyond_own(group: Group, actor: Actor) -> None:
    """Raises BeyondOwnPermissions when the group may do what the actor may not: to be in it is to hold its roles."""
    roles.require_within_own(actor, roles.permissions_of(group.id, kind="group", everywhere=False))
