"""Make roles of a tenant's own, change, delete and restore them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from django.utils import timezone

from apps.core.auth.grants import RoleNode, permissions_of
from apps.core.auth.permissions import SYSTEM_ROLES
from apps.core.errors import PreconditionFailed
from apps.core.events import unit_of_work
from apps.core.history import SYSTEM, Actor
from apps.iam.roles import queries, separation
from apps.iam.roles.content import RoleContent, require_acyclic, require_valid
from apps.iam.roles.errors import BuiltInRole, RoleExists, RoleInUse, RoleIsDeleted, RoleNotFound, RoleWasDeleted
from apps.iam.roles.events import RoleCreated, RoleDeleted, RoleRestored, RoleUpdated
from apps.iam.roles.holdings import role_node
from apps.iam.roles.models import Role, RoleAssignment


def create_role(*, code: str, content: RoleContent, actor: Actor, now: datetime) -> Role:
    """Make a role of the tenant's own.

    Nobody puts into a role what they do not hold themselves. Raises BuiltInRole, InvalidRole, RoleExists,
    RoleWasDeleted, RoleCircle, InheritanceTooDeep, BeyondOwnPermissions, SeparationOfDutyViolated.
    """
    if code in SYSTEM_ROLES:
        raise BuiltInRole
    with unit_of_work(Role, actor=actor) as work:
        known = queries.lock_roles()
        if code in known:
            raise RoleWasDeleted(role=code) if known[code].is_deleted else RoleExists(role=code)
        role = Role(code=code)
        _write(role, content, known, actor, now)
        work.publish(RoleCreated(role_id=role.id, **_facts(role)))
    return role


def update_role(
    *, code: str, content: RoleContent, actor: Actor, now: datetime, expected_version: int | None = None
) -> Role:
    """Let a role be and allow exactly this from now on, for everybody who holds it.

    Safe to repeat: what changes nothing publishes nothing. Nobody puts into a role, or takes out of it, what they do
    not hold themselves. Raises as `create_role`, and RoleNotFound, RoleIsDeleted, PreconditionFailed.
    """
    with unit_of_work(Role, actor=actor) as work:
        known = queries.lock_roles()
        role = _own(code, known)
        if role.is_deleted:
            raise RoleIsDeleted
        _check_version(role, expected_version)
        if RoleContent.of(role) == content.normalised():
            return role
        _write(role, content, known, actor, now)
        work.publish(RoleUpdated(role_id=role.id, **_facts(role)))
    return role


def define_role(
    *,
    code: str,
    name: str,
    permissions: Iterable[str],
    description: str = "",
    includes: Iterable[str] = (),
    actor: Actor = SYSTEM,
    now: datetime | None = None,
) -> Role:
    """Make a role of the tenant's own, or let an existing one be exactly this from now on. Safe to repeat.

    Raises as `create_role` and `update_role`.
    """
    content, now = RoleContent(name, description, tuple(permissions), tuple(includes)), now or timezone.now()
    try:
        return update_role(code=code, content=content, actor=actor, now=now)
    except RoleNotFound:
        return create_role(code=code, content=content, actor=actor, now=now)


def delete_role(*, code: str, actor: Actor, now: datetime, expected_version: int | None = None) -> Role:
    """Take a role out of use, and end all its assignments; both can be restored together.

    Safe to repeat. Raises RoleNotFound, BuiltInRole, RoleInUse while other roles include it, BeyondOwnPermissions,
    PreconditionFailed.
    """
    with unit_of_work(Role, actor=actor) as work:
        known = queries.lock_roles()
        role = _own(code, known)
        if role.is_deleted:
            return role
        _check_version(role, expected_version)
        _require_unused(code, known)
        queries.require_within_own(actor, permissions_of([code], queries.graph_of(known.values())))
        deletion_id = role.soft_delete(at=now, by=actor.id)
        role.save(update_fields=["deleted_at", "deleted_by", "deletion_id"])
        held = RoleAssignment.objects.in_tenant().filter(role_code=code)
        held.update(deleted_at=now, deleted_by=actor.id, deletion_id=deletion_id)
        work.publish(RoleDeleted(role_id=role.id, code=code))
    return role


def restore_role(*, code: str, actor: Actor, now: datetime) -> Role:
    """Undo a deletion: the role is back, and so is who held it.

    Safe to repeat. Raises RoleNotFound, BuiltInRole, InvalidRole when it includes a role that is gone,
    BeyondOwnPermissions, SeparationOfDutyViolated.
    """
    with unit_of_work(Role, actor=actor) as work:
        known = queries.lock_roles()
        role = _own(code, known)
        if not role.is_deleted:
            return role
        deletion_id = role.restore()
        require_valid(code, RoleContent.of(role), queries.graph_of(known.values()), kept=role.permissions)
        _require_sound(role, known, frozenset(), actor)
        role.save(update_fields=["deleted_at", "deleted_by", "deletion_id"])
        held = RoleAssignment.with_deleted.in_tenant().filter(role_code=code, deletion_id=deletion_id)
        held.update(deleted_at=None, deleted_by=None, deletion_id=None)
        separation.require_roles_apart(code, now=now)
        work.publish(RoleRestored(role_id=role.id, code=code))
    return role


def _write(role: Role, content: RoleContent, known: Mapping[str, Role], actor: Actor, now: datetime) -> None:
    content = content.normalised()
    graph = queries.graph_of(known.values())
    require_valid(role.code, content, {**graph, role.code: RoleNode(role.code, frozenset())}, kept=role.permissions)
    before = permissions_of([role.code], graph)
    role.name, role.description = content.name, content.description
    role.permissions, role.includes = list(content.permissions), list(content.includes)
    _require_sound(role, known, before, actor)
    role.save()
    separation.require_roles_apart(role.code, now=now)


def _require_sound(role: Role, known: Mapping[str, Role], before: frozenset[str], actor: Actor) -> None:
    """No circle, no bottomless inheritance, and nothing that the actor does not hold comes or goes."""
    graph: dict[str, RoleNode] = queries.graph_of(known.values())
    graph[role.code] = role_node(role.code, role.permissions, role.includes)
    require_acyclic(role.code, graph)
    queries.require_within_own(actor, before ^ permissions_of([role.code], graph))


def _own(code: str, known: Mapping[str, Role]) -> Role:
    if code in SYSTEM_ROLES:
        raise BuiltInRole
    if code not in known:
        raise RoleNotFound(f"there is no role {code}")
    return known[code]


def _require_unused(code: str, known: Mapping[str, Role]) -> None:
    above = sorted(role.name for role in known.values() if not role.is_deleted and code in role.includes)
    if above:
        raise RoleInUse(f"{', '.join(above)} include{'s' if len(above) == 1 else ''} this role: take it out first")


def _check_version(role: Role, expected: int | None) -> None:
    if expected is not None and role.version != expected:
        raise PreconditionFailed(version=role.version)


def _facts(role: Role) -> dict[str, Any]:
    permissions, includes = tuple(role.permissions), tuple(role.includes)
    return {"code": role.code, "name": role.name, "permissions": permissions, "includes": includes}
