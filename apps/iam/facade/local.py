"""Answers the facade's calls in the process that holds the service."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.utils import timezone

from apps.core.auth.plan_limits import PlanLimits
from apps.core.auth.policy import PoliciesInForce
from apps.core.tenancy import person
from apps.iam.access import queries as access
from apps.iam.audit import commands as audit
from apps.iam.audit.kinds import Kind, Outcome
from apps.iam.authenticators import queries as authenticators
from apps.iam.facade.contracts import MembershipInfo, PlanInfo, TenantInfo, UserInfo
from apps.iam.facade.principals import principal, principal_of_key
from apps.iam.groups import membership as groups
from apps.iam.oidc import queries as oidc
from apps.iam.policies import queries as policies
from apps.iam.roles import queries as roles
from apps.iam.sessions import commands as sessions
from apps.iam.tenants import commands as tenant_commands
from apps.iam.tenants import plans as tenant_plans
from apps.iam.tenants import queries as tenants
from apps.iam.users import queries as members

__all__ = [
    "change_plan",
    "groups_of",
    "highest_acr",
    "leave_to_act_as",
    "memberships_of",
    "people_who_may",
    "plan_of",
    "plans",
    "plans_of_tenants",
    "policies_in_force",
    "principal",
    "principal_of_key",
    "record_security_event",
    "signing_keys",
    "tenant",
    "tenant_by_slug",
    "tenant_ids",
    "user",
    "users",
]


def record_security_event(kind: str, *, outcome: str, **facts: Any) -> None:
    audit.record_security_event(Kind(kind), outcome=Outcome(outcome), **facts)


def policies_in_force() -> PoliciesInForce:
    return policies.in_force()


def groups_of(subject: UUID, kind: str) -> frozenset[UUID]:
    return groups.groups_of(subject, kind)


def highest_acr(user_id: UUID) -> str:
    return authenticators.highest_acr(user_id)


def signing_keys() -> dict[str, Any]:
    return oidc.jwks()


def tenant(tenant_id: UUID) -> TenantInfo:
    return _tenant_info(tenants.tenant_by_id(tenant_id))


def tenant_by_slug(slug: str) -> TenantInfo:
    return _tenant_info(tenants.tenant_by_slug(slug))


def tenant_ids() -> list[UUID]:
    return tenants.tenant_ids()


def plan_of(tenant_id: UUID) -> PlanInfo:
    return _plan_info(tenants.tenant_by_id(tenant_id))


def plans_of_tenants(*, after: str, limit: int) -> list[PlanInfo]:
    return [_plan_info(found) for found in tenants.all_tenants().filter(slug__gt=after)[:limit]]


def plans() -> list[PlanLimits]:
    return list(tenant_plans.PLANS.values())


def change_plan(tenant_id: UUID, **facts: Any) -> None:
    tenant_commands.change_plan(tenant_id=tenant_id, **facts)


def user(user_id: UUID) -> UserInfo:
    return _user_info(members.member(user_id))


def users(user_ids: Iterable[UUID]) -> dict[UUID, UserInfo]:
    return {found.user_id: _user_info(found) for found in members.members_by_id(user_ids)}


def people_who_may(permission: str) -> list[UserInfo]:
    return [_user_info(found) for found in access.who_can(permission, None, now=timezone.now())]


def memberships_of(user_id: UUID) -> list[MembershipInfo]:
    own = members.memberships_of(user_id)
    with person(user_id):
        held = roles.own_roles(user_id)
    known = tenants.tenants({membership.tenant_id for membership in own})
    return [
        MembershipInfo(
            tenant_id=membership.tenant_id,
            tenant_slug=known[membership.tenant_id].slug,
            tenant_name=known[membership.tenant_id].name,
            status=membership.status,
            roles=tuple(held.get(membership.tenant_id, ())),
        )
        for membership in own
    ]


def leave_to_act_as(user_id: UUID, **facts: Any) -> str:
    return sessions.permit_impersonation(user_id=user_id, **facts).subject_token


def _tenant_info(found: Any) -> TenantInfo:
    return TenantInfo(found.id, found.slug, found.name, found.default_currency, found.is_active)


def _plan_info(found: Any) -> PlanInfo:
    limits = tenant_plans.limits_of(found.plan, found.plan_overrides)
    return PlanInfo(_tenant_info(found), limits, found.plan_overrides)


def _user_info(found: Any) -> UserInfo:
    active = found.state in ("active", "invited") and found.user.is_active and not found.user.is_deleted
    return UserInfo(found.user_id, found.name, found.user.email, active)
