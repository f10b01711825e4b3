"""What a group holds: its roles, for all who belong to it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

from apps.core.events import unit_of_work
from apps.core.history import Actor
from apps.iam.groups import queries
from apps.iam.groups.commands.limits import require_there
from apps.iam.groups.events import GroupRolesChanged
from apps.iam.groups.models import Group
from apps.iam.roles import commands as roles


def change_roles(
    *, group_id: UUID, roles_held: Iterable[str], actor: Actor, now: datetime, expected_version: int | None = None
) -> Group:
    """Let a group hold exactly these roles in the whole tenant.

    Safe to repeat. Raises GroupNotFound, GroupIsDeleted, UnknownRole, BeyondOwnPermissions, SeparationOfDutyViolated,
    PreconditionFailed.
    """
    with unit_of_work(Group, actor=actor) as work:
        group = queries.lock_group(group_id)
        require_there(group, expected_version)
        change = roles.assign_roles(holder_id=group_id, holder_kind="group", roles=roles_held, actor=actor, now=now)
        if change.changed:
            group.save(update_fields=["version"])
            work.publish(GroupRolesChanged(group_id=group_id, roles=tuple(sorted(change.after))))
    return queries.group(group_id)


def grant_role(*, group_id: UUID, role: str, actor: Actor, now: datetime, **limits: Any) -> tuple[Any, bool]:
    """Give a group one role, with the limits that `roles.commands.grant_role` knows.

    Raises GroupNotFound, GroupIsDeleted, and as that does.
    """
    with unit_of_work(Group, actor=actor):
        group = queries.lock_group(group_id)
        require_there(group)
        assignment, changed = roles.grant_role(
            holder_id=group_id, holder_kind="group", role=role, actor=actor, now=now, **limits
        )
        if changed:
            group.save(update_fields=["version"])
    return assignment, changed


def end_role(*, group_id: UUID, assignment_id: UUID, actor: Actor, now: datetime) -> bool:
    """Take one assignment of a group's away. True if it was still held. Safe to repeat.

    Raises GroupNotFound, AssignmentNotFound, BeyondOwnPermissions.
    """
    with unit_of_work(Group, actor=actor):
        group = queries.lock_group(group_id)
        _, changed = roles.end_assignment(assignment_id=assignment_id, actor=actor, now=now)
        if changed:
            group.save(update_fields=["version"])
    return changed
