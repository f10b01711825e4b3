"""What people, service accounts and groups hold: their grants and the roles that these reach, in one statement.

Inheritance is resolved for the held roles only, by a recursive query from them downwards: however many roles a tenant
has, a request pays for its caller's. Nothing is precomputed, so nothing can be stale.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from functools import cache
from typing import Any
from uuid import UUID

from django.db import connections, router

from apps.core.auth.grants import Grant, Holdings, RoleNode
from apps.core.auth.permissions import SYSTEM_ROLES, declared_permissions, permissions_of_system_role
from apps.core.tenancy import require_tenant_id
from apps.core.tenancy.postgresql.kept_plans import KeptPlan
from apps.iam.groups import membership as groups
from apps.iam.policies import queries as policies
from apps.iam.roles.models import Role, RoleAssignment

_COLUMNS = "a.id, a.role_code, a.expires_at, a.resource_type, a.resource_id"
_NOT_ENDED = "a.deleted_at is null and (a.expires_at is null or a.expires_at > %s)"
# What expired is told apart from what somebody ended before it could.
_OR_EXPIRED = "(a.deleted_at is null or a.expires_at <= a.deleted_at)"
_SQL = """
select * from (
with recursive held as (
    select a.holder_id as member_id, {columns}, null::uuid as group_id
      from {assignment} a
     where a.tenant_id = %s and a.holder_id = any(%s) and a.holder_kind = %s and {counts}
    union all
    select m.member_id, {columns}, m.group_id
      from ({belonging}) m
      join {assignment} a on a.tenant_id = %s and a.holder_id = m.group_id and a.holder_kind = 'group' and {counts}
), reached as (
    select r.code, r.permissions, r.includes from {role} r
     where r.tenant_id = %s and r.deleted_at is null and r.code in (select role_code from held)
    union
    select r.code, r.permissions, r.includes
      from reached cross join lateral unnest(reached.includes) as part(code)
     cross join lateral (  -- limited, so that each is looked up by its key: a join would read all of the tenant's roles
        select * from {role} r where r.tenant_id = %s and r.code = part.code and r.deleted_at is null limit 1
     ) r
)
select member_id, id, role_code, expires_at, resource_type, resource_id, group_id,
       null::varchar[] as permissions, null::varchar[] as includes from held
union all
select null, null, code, null, null, null, null, permissions, includes from reached
union all
select null, p.stamp, null, null, null, null, null, null, null from {policies} p
 where p.tenant_id = %s and p.stamp is not null
) found
"""


def holdings_of(
    holder_ids: Iterable[UUID], *, now: datetime, kind: str = "user", with_expired: bool = False
) -> dict[UUID, Holdings]:
    """What each of these holds, directly and by group; an entry for each, also for who holds nothing. One statement.

    The stamp of the tenant's policies comes along, so that to ask whether there are any costs no statement of its own.

    `kind` is user, service or group. `with_expired` adds the grants that expired, for explaining.
    """
    ids = list(dict.fromkeys(holder_ids))
    if not ids:
        return {}
    grants: dict[UUID, list[Grant]] = {id_: [] for id_ in ids}
    roles, stamp = system_roles(), None
    for member_id, id_, code, expires_at, resource_type, resource_id, group_id, permissions, includes in _rows(
        ids, kind, now, with_expired
    ):
        if member_id is None and code is None:
            stamp = id_
        elif member_id is None:
            roles[code] = role_node(code, permissions, includes)
        else:
            grants[member_id].append(Grant(code, id_, group_id, resource_type, resource_id, expires_at))
    return {id_: Holdings(tuple(sorted(found, key=_order)), roles, stamp) for id_, found in grants.items()}


def system_roles() -> dict[str, RoleNode]:
    """The built-in roles by code. No statement."""
    return {code: RoleNode(code, permissions_of_system_role(code)) for code in SYSTEM_ROLES}


def role_node(code: str, permissions: Iterable[str], includes: Iterable[str]) -> RoleNode:
    """A tenant's role, without permissions that no feature declares any more."""
    known = declared_permissions()
    return RoleNode(code, frozenset(p for p in permissions if p in known), tuple(includes))


def role_graph() -> dict[str, RoleNode]:
    """Every role of the tenant by code, built-in ones too. One statement."""
    rows = Role.objects.in_tenant().values_list("code", "permissions", "includes")
    return {**system_roles(), **{code: role_node(code, *content) for code, *content in rows}}


def codes_reaching(code: str, roles: Mapping[str, RoleNode]) -> frozenset[str]:
    """The codes of all roles that include this one, itself among them."""
    above: dict[str, set[str]] = {}
    for node in roles.values():
        for included in node.includes:
            above.setdefault(included, set()).add(node.code)
    found, waiting = {code}, [code]
    while waiting:
        for higher in above.get(waiting.pop(), set()) - found:
            found.add(higher)
            waiting.append(higher)
    return frozenset(found)


def _rows(ids: list[UUID], kind: str, now: datetime, with_expired: bool) -> list[tuple[Any, ...]]:
    tenant_id = require_tenant_id()
    counts, moment = (_OR_EXPIRED, []) if with_expired else (_NOT_ENDED, [now])
    values: list[Any] = [
        tenant_id,
        ids,
        kind,
        *moment,
        tenant_id,
        ids,
        kind,
        tenant_id,
        *moment,
        tenant_id,
        tenant_id,
        tenant_id,
    ]
    with connections[router.db_for_read(RoleAssignment)].cursor() as cursor:
        cursor.execute(_sql(counts), values)
        found: list[tuple[Any, ...]] = cursor.fetchall()
    return found


@cache
def _sql(counts: str) -> KeptPlan:
    text = _SQL.format(
        columns=_COLUMNS,
        counts=counts,
        assignment=RoleAssignment._meta.db_table,
        role=Role._meta.db_table,
        belonging=groups.belonging(),
        policies=policies.STAMPS,
    )
    return KeptPlan(text)


def _order(grant: Grant) -> tuple[bool, bool, str, str]:
    """Direct before by group, tenant-wide before single objects: the plainest path is told first."""
    return (grant.group_id is not None, bool(grant.resource_type), grant.role, str(grant.assignment_id))
