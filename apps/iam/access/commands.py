"""Give roles to whoever may hold them, and end that: people, service accounts and groups alike."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from apps.core.history import Actor
from apps.iam.access import subjects
from apps.iam.groups import commands as groups
from apps.iam.roles import assignments
from apps.iam.roles import commands as roles
from apps.iam.service_accounts import commands as service_accounts
from apps.iam.users import commands as users

_AT_ONCE = 500


def grant_role(*, holder_kind: str, holder_id: UUID, role: str, actor: Actor, now: datetime, **limits: Any) -> Any:
    """Let the holder have a role, with the limits that `roles.commands.grant_role` knows. Returns the assignment.

    Safe to repeat. Raises SubjectNotFound, UnknownRole, InvalidAssignment, BeyondOwnPermissions,
    SeparationOfDutyViolated, LastOwner.
    """
    subjects.subject(holder_kind, holder_id)
    given: dict[str, Any] = {"role": role, "actor": actor, "now": now, **limits}
    if holder_kind == "user":
        return users.grant_role(user_id=holder_id, **given)[0]
    if holder_kind == "group":
        return groups.grant_role(group_id=holder_id, **given)[0]
    return service_accounts.grant_role(account_id=holder_id, **given)[0]


def end_assignment(*, assignment_id: UUID, actor: Actor, now: datetime) -> None:
    """Take a role away before its time. Safe to repeat. Raises AssignmentNotFound, BeyondOwnPermissions, LastOwner."""
    given = assignments.assignment(assignment_id)
    if given.is_deleted:
        return
    ending: dict[str, Any] = {"assignment_id": assignment_id, "actor": actor, "now": now}
    if given.holder_kind == "user":
        users.end_role(user_id=given.holder_id, **ending)
    elif given.holder_kind == "group":
        groups.end_role(group_id=given.holder_id, **ending)
    else:
        service_accounts.end_role(account_id=given.holder_id, **ending)


def end_expired(*, now: datetime) -> int:
    """Write down which assignments of the current tenant have expired, and tell of each once. Returns how many.

    They counted for nothing from that moment on already. Safe to run twice, or twice at once.
    """
    ended = 0
    while found := assignments.over(now, limit=_AT_ONCE):
        for assignment_id in found:
            ended += _expired(assignment_id, now)
        if len(found) < _AT_ONCE:
            break
    return ended


def _expired(assignment_id: UUID, now: datetime) -> bool:
    given = assignments.assignment(assignment_id)
    if given.holder_kind == "user" and subjects.subjects("user", [given.holder_id]):
        return users.expire_role(user_id=given.holder_id, assignment_id=assignment_id, now=now)
    return roles.expire_assignment(assignment_id=assignment_id, now=now)
