"""Let somebody hold exactly some roles; take all of them, and give them back."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from apps.core.auth.permissions import OWNER
from apps.core.db.ids import uuid7
from apps.core.events import unit_of_work
from apps.core.history import Actor
from apps.iam.approvals.gate import require_approval
from apps.iam.roles import queries, separation
from apps.iam.roles.errors import InvalidAssignment
from apps.iam.roles.models import RoleAssignment

ASSIGN_OWNER, RESTORE_OWNER = "roles.assign_owner", "users.restore_owner"


@dataclass(frozen=True, slots=True)
class RolesChange:
    """What a holder's roles were, and what they are now, by code."""

    before: frozenset[str]
    after: frozenset[str]

    @property
    def changed(self) -> bool:
        return self.before != self.after


def assign_roles(
    *, holder_id: UUID, holder_kind: str = "user", roles: Iterable[str], actor: Actor, now: datetime
) -> RolesChange:
    """Let the holder have exactly these roles in the whole tenant. Those for single objects stay as they are, and so
    does the end of one that is held for a while.

    Safe to repeat. Nobody gives or takes away more than they hold themselves, and making an owner takes two people.
    Raises UnknownRole, InvalidAssignment for a group of owners, BeyondOwnPermissions, SeparationOfDutyViolated,
    ApprovalNeeded.
    """
    wanted = frozenset(roles)
    with unit_of_work(RoleAssignment, actor=actor):
        rows = RoleAssignment.objects.in_tenant().filter(holder_id=holder_id, resource_type="")
        held = list(rows.select_for_update().order_by("id"))
        before = frozenset(assignment.role_code for assignment in held if not assignment.has_expired(now))
        touched = queries.roles_by_code(wanted ^ before)
        queries.require_within_own(actor, frozenset().union(*(role.permissions for role in touched)))
        if OWNER in wanted - before:
            _require_second_person(holder_id, holder_kind, wanted, actor, now)
        _take([a for a in held if a.role_code not in wanted or a.has_expired(now)], actor, now)
        _give(holder_id, holder_kind, wanted - before, actor, now)
    return RolesChange(before, wanted)


def end_assignments(*, holder_id: UUID, deletion_id: UUID, actor: Actor, now: datetime) -> None:
    """Take all roles of somebody who is being deleted, as part of that deletion."""
    with unit_of_work(RoleAssignment, actor=actor):
        rows = RoleAssignment.objects.in_tenant().filter(holder_id=holder_id)
        rows.update(deleted_at=now, deleted_by=actor.id, deletion_id=deletion_id)


def restore_assignments(
    *, holder_id: UUID, holder_kind: str = "user", deletion_id: UUID, actor: Actor, now: datetime
) -> list[str]:
    """Give back exactly the roles that this deletion took. Returns the codes of those for the whole tenant.

    Making an owner takes two people, also one who was an owner before. Whether the roles may be held together by now is
    for the caller to ask, once everything is back. Raises BeyondOwnPermissions, ApprovalNeeded.
    """
    with unit_of_work(RoleAssignment):
        rows = RoleAssignment.with_deleted.in_tenant().filter(holder_id=holder_id, deletion_id=deletion_id)
        taken = set(rows.values_list("role_code", flat=True))
        codes = sorted(rows.filter(resource_type="").values_list("role_code", flat=True))
        restored = [role for role in queries.all_roles() if role.code in taken]
        queries.require_within_own(actor, frozenset().union(*(role.permissions for role in restored)))
        if OWNER in codes:
            _require_second_person_again(holder_id, holder_kind, actor, now)
        rows.update(deleted_at=None, deleted_by=None, deletion_id=None)
    return codes


def _require_second_person(
    holder_id: UUID, holder_kind: str, roles: frozenset[str], actor: Actor, now: datetime
) -> None:
    if holder_kind == "group":
        raise InvalidAssignment(errors={"roles": ["ownership is given to each person, not to a group"]})
    require_approval(
        ASSIGN_OWNER,
        subject_id=holder_id,
        payload={"holder_id": str(holder_id), "holder_kind": holder_kind, "roles": sorted(roles)},
        actor=actor,
        now=now,
    )


def _require_second_person_again(holder_id: UUID, holder_kind: str, actor: Actor, now: datetime) -> None:
    require_approval(
        RESTORE_OWNER,
        subject_id=holder_id,
        payload={"holder_id": str(holder_id), "holder_kind": holder_kind},
        actor=actor,
        now=now,
    )


def _take(assignments: list[RoleAssignment], actor: Actor, now: datetime) -> None:
    if assignments:
        rows = RoleAssignment.objects.in_tenant().filter(id__in=[assignment.id for assignment in assignments])
        rows.update(deleted_at=now, deleted_by=actor.id, deletion_id=uuid7())


def _give(holder_id: UUID, holder_kind: str, codes: frozenset[str], actor: Actor, now: datetime) -> None:
    if codes:
        RoleAssignment.objects.bulk_create(
            _stamped(RoleAssignment(holder_id=holder_id, holder_kind=holder_kind, role_code=code), actor)
            for code in sorted(codes)
        )
        separation.require_apart({holder_kind: [holder_id]}, now=now)


def _stamped(assignment: RoleAssignment, actor: Actor) -> RoleAssignment:
    """bulk_create passes `save` by, which would do this."""
    assignment.created_by = assignment.updated_by = actor.id
    return assignment
