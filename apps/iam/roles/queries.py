"""Reads of roles and of who holds them, in the current tenant."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Count, OuterRef, Q, QuerySet
from django.utils import timezone

from apps.core.auth import grants
from apps.core.auth.grants import Holdings, RoleNode
from apps.core.auth.permissions import OWNER, SYSTEM_ROLES
from apps.core.history import Actor
from apps.core.history.changes import Change, ChangeFilter, changes_of
from apps.iam.groups import membership as groups
from apps.iam.roles.catalogue import PermissionGroup, RoleInfo, built_in_role, built_in_roles, permission_groups
from apps.iam.roles.content import RoleContent
from apps.iam.roles.errors import BeyondOwnPermissions, RoleNotFound, UnknownRole
from apps.iam.roles.holdings import codes_reaching, holdings_of, role_graph, role_node, system_roles
from apps.iam.roles.models import Role, RoleAssignment, SeparationRule


@dataclass(frozen=True, slots=True)
class Granted:
    """What a holder's roles amount to in the tenant as a whole, and the roles themselves."""

    roles: tuple[str, ...]
    permissions: frozenset[str]
    holdings: Holdings


@dataclass(frozen=True, slots=True)
class RoleMatrix:
    """Roles across, permissions down; `people` and `groups` count the direct holders by role code."""

    roles: list[RoleInfo]
    groups: list[PermissionGroup]
    people: dict[str, int]
    group_counts: dict[str, int]


def all_roles() -> list[RoleInfo]:
    """The built-in roles, then the tenant's own by code. One statement."""
    rows = list(Role.objects.in_tenant().order_by("code"))
    graph = graph_of(rows)
    return built_in_roles() + [_role_info(row, graph) for row in rows]


def deleted_roles() -> list[RoleInfo]:
    """The tenant's own roles that are deleted, by code. One statement."""
    rows = list(Role.with_deleted.in_tenant().deleted().order_by("code"))
    return [_role_info(row, {**system_roles(), row.code: _node(row)}) for row in rows]


def role(code: str) -> RoleInfo:
    """One role, also a deleted one. At most two statements. Raises RoleNotFound."""
    if code in SYSTEM_ROLES:
        return built_in_role(code)
    row = Role.with_deleted.in_tenant().filter(code=code).first()
    if row is None:
        raise RoleNotFound(f"there is no role {code}")
    return _role_info(row, {**role_graph(), row.code: _node(row)})


def content_of(code: str) -> RoleContent | None:
    """What a role of the tenant's own is, also a deleted one; None where there is none. One statement."""
    row = Role.with_deleted.in_tenant().filter(code=code).first()
    return RoleContent.of(row) if row else None


def lock_roles() -> dict[str, Role]:
    """All of the tenant's own roles by code, deleted ones too, locked to the end of the transaction.

    Whoever changes what roles include holds them all, so that two changes cannot close a circle together.
    """
    rows = Role.with_deleted.in_tenant().select_for_update().order_by("id")
    return {row.code: row for row in rows}


def graph_of(rows: Iterable[Role]) -> dict[str, RoleNode]:
    """Those of these roles that are not deleted, and the built-in ones, by code. No statement."""
    return {**system_roles(), **{row.code: _node(row) for row in rows if not row.is_deleted}}


def roles_by_code(codes: Iterable[str]) -> list[RoleInfo]:
    """The roles with these codes, in the order of `all_roles`. One statement. Raises UnknownRole naming the others."""
    wanted = set(codes)
    found = [role for role in all_roles() if role.code in wanted]
    unknown = sorted(wanted - {role.code for role in found})
    if unknown:
        raise UnknownRole(
            f"there is no role {', '.join(unknown)}", errors={"roles": [f"unknown: {', '.join(unknown)}"]}
        )
    return found


def labels() -> dict[str, str]:
    """What people call each role, deleted ones too, by code. One statement."""
    own = dict(Role.with_deleted.in_tenant().values_list("code", "name"))
    return {**{role.code: role.label for role in built_in_roles()}, **own}


def matrix() -> RoleMatrix:
    """Every role with every permission, and how many people and groups hold each directly. Two statements."""
    roles = all_roles()
    rows = _everywhere(RoleAssignment.objects.in_tenant(), timezone.now()).order_by()
    counts: dict[str, dict[str, int]] = {kind: {} for kind in RoleAssignment.HolderKind.values}
    for kind, code, count in rows.values_list("holder_kind", "role_code").annotate(Count("id")):
        counts[kind][code] = count
    return RoleMatrix(roles, permission_groups(roles), counts["user"], counts["group"])


def granted_to(holder_id: UUID, *, kind: str = "user", now: datetime | None = None) -> Granted:
    """The holder's roles and all that they allow, directly and by group. One statement."""
    now = now or timezone.now()
    return amounts_to(holdings_of([holder_id], kind=kind, now=now)[holder_id], now)


def amounts_to(holdings: Holdings, now: datetime) -> Granted:
    """What holdings amount to in the tenant as a whole. No statement."""
    codes = {grant.role for grant in holdings.grants if not grant.resource_type and not grant.has_expired(now)}
    return Granted(tuple(sorted(codes)), holdings.permissions(now), holdings)


def permissions_of(holder_id: UUID, *, kind: str = "user", everywhere: bool = True) -> frozenset[str]:
    """All that the holder's roles allow in the whole tenant; with `everywhere=False` also for single objects only."""
    now = timezone.now()
    return holdings_of([holder_id], kind=kind, now=now)[holder_id].permissions(now, everywhere=everywhere)


def own_roles(holder_id: UUID) -> dict[UUID, list[str]]:
    """By tenant, the role codes that a person holds directly: for `tenancy.person` scope, where no tenant is entered.
    One statement.
    """
    held: dict[UUID, list[str]] = {}
    rows = _everywhere(RoleAssignment.objects.filter(holder_id=holder_id), timezone.now()).order_by("role_code")
    for tenant_id, code in rows.values_list("tenant_id", "role_code"):
        held.setdefault(tenant_id, []).append(code)
    return held


def codes_held_by(column: str) -> ArraySubquery:
    """For annotating rows of another feature: the codes of the roles that the holder whom `column` names has directly
    and in the whole tenant, in order.
    """
    rows = RoleAssignment.objects.in_tenant().filter(holder_id=OuterRef(column))
    return ArraySubquery(_everywhere(rows, timezone.now()).order_by("role_code").values("role_code"))


def holders_of(code: str) -> Q:
    """For filtering rows of another feature by `user_id`: who holds a role everywhere, directly or by group."""
    rows = _everywhere(RoleAssignment.objects.in_tenant().filter(role_code=code), timezone.now())
    of_groups = rows.filter(holder_kind="group").values("holder_id")
    direct = rows.filter(holder_kind="user").values("holder_id")
    # One list of ids, which the rows are looked up by; of two with OR between them, each row would be looked up in.
    return Q(user_id__in=direct.union(groups.members_as_rows(of_groups, "user")))


def holder_ids(codes: Iterable[str], *, now: datetime) -> dict[str, set[UUID]]:
    """Who holds one of these roles, for anything at all: by kind, `user`, `service` and `group`, members of groups
    among them. Two statements.
    """
    rows = RoleAssignment.objects.in_tenant().filter(_live(now), role_code__in=list(codes))
    found: dict[str, set[UUID]] = {kind: set() for kind in RoleAssignment.HolderKind.values}
    for kind, holder_id in rows.values_list("holder_kind", "holder_id"):
        found[kind].add(holder_id)
    for kind, members in groups.member_ids(found["group"]).items():
        found[kind] |= members
    return found


def holders_who_may(codes: Iterable[str], *, kind: str, now: datetime, resource: tuple[str, UUID] | None) -> list[Any]:
    """Subqueries of the ids of those of one kind who hold one of these roles where it counts: direct, and by group."""
    scope = Q(resource_type="")
    if resource:
        scope |= Q(resource_type=resource[0], resource_id=resource[1])
    rows = RoleAssignment.objects.in_tenant().filter(_live(now), scope, role_code__in=list(codes))
    of_groups = rows.filter(holder_kind="group").values("holder_id")
    return [rows.filter(holder_kind=kind).values("holder_id"), groups.members_as_rows(of_groups, kind)]


def codes_allowing(permission: str) -> frozenset[str]:
    """The codes of all roles that allow a permission, by themselves or by what they include. One statement."""
    graph = role_graph()
    holding = (node.code for node in graph.values() if permission in node.permissions)
    return frozenset[str]().union(*(codes_reaching(code, graph) for code in holding))


def people_with(permission: str, *, or_lost_since: datetime | None = None) -> set[UUID]:
    """The ids of the people whose roles hold a permission in the whole tenant, directly or by group; with
    `or_lost_since` also of those who lost it after that instant. Three statements.
    """
    now = timezone.now()
    counts = _live(now) & Q(deleted_at__isnull=True)
    if or_lost_since:
        counts |= Q(deleted_at__gt=or_lost_since) | Q(expires_at__gt=or_lost_since, deleted_at__isnull=True)
    rows = RoleAssignment.with_deleted.in_tenant().filter(counts, resource_type="")
    rows = rows.filter(role_code__in=codes_allowing(str(permission)))
    found: dict[str, set[UUID]] = {kind: set() for kind in RoleAssignment.HolderKind.values}
    for kind, holder_id in rows.values_list("holder_kind", "holder_id"):
        found[kind].add(holder_id)
    return found["user"] | groups.member_ids(found["group"], or_lost_since=or_lost_since)["user"]


def is_owner(holder_id: UUID) -> bool:
    """True if this person is an owner of the current tenant, directly and for good."""
    return bool(_owners().filter(holder_id=holder_id).exists())


def lock_owners() -> set[UUID]:
    """The ids of the people who are owners, directly and for good. Their assignments stay locked to the end of the
    transaction.
    """
    return {assignment.holder_id for assignment in _owners().select_for_update().order_by("id")}


def require_within_own(actor: Actor, permissions: frozenset[str]) -> None:
    """Raises BeyondOwnPermissions unless the actor holds all of these in the whole tenant. The platform itself may do
    everything.
    """
    if actor.kind == "system" or not permissions:
        return
    own = permissions_of(actor.id, kind=actor.kind) if actor.id else frozenset()
    if actor.limited_to is not None:  # a key may do less than its holder, so what it makes may not do more
        own &= actor.limited_to
    beyond = sorted(permissions - own)
    if beyond:
        raise BeyondOwnPermissions(
            f"this needs permissions that you do not hold yourself: {', '.join(beyond)}", permissions=beyond
        )


def changes(where: ChangeFilter, *, limit: int) -> list[Change]:
    """Changes of roles, of who holds them, and of the rules of separation, newest first."""
    return changes_of(Role, RoleAssignment, SeparationRule, where=where, limit=limit)


def changes_of_holder(holder_id: UUID, *, limit: int) -> list[Change]:
    """Changes of the roles of one person or group, newest first."""
    ids = RoleAssignment.with_deleted.in_tenant().filter(holder_id=holder_id).values_list("id", flat=True)
    return changes_of(RoleAssignment, where=ChangeFilter(entity_ids=tuple(ids)), limit=limit)


def _owners() -> QuerySet[RoleAssignment]:
    rows = RoleAssignment.objects.in_tenant().filter(role_code=OWNER, holder_kind=RoleAssignment.HolderKind.USER)
    found: QuerySet[RoleAssignment] = rows.filter(resource_type="", expires_at__isnull=True)
    return found


def _live(now: datetime) -> Q:
    return Q(expires_at__isnull=True) | Q(expires_at__gt=now)


def _everywhere(rows: QuerySet[RoleAssignment], now: datetime) -> QuerySet[RoleAssignment]:
    found: QuerySet[RoleAssignment] = rows.filter(_live(now), resource_type="")
    return found


def _node(row: Role) -> RoleNode:
    return role_node(row.code, row.permissions, row.includes)


def _role_info(row: Role, graph: Mapping[str, RoleNode]) -> RoleInfo:
    return RoleInfo(
        row.code,
        row.name,
        row.description,
        grants.permissions_of([row.code], graph),
        built_in=False,
        own_permissions=_node(row).permissions,
        includes=tuple(row.includes),
        version=row.version,
        deleted_at=row.deleted_at,
    )
