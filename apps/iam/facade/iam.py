"""What may be asked of the identity and access service, wherever it runs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, cast
from uuid import UUID

from apps.core.auth import Principal
from apps.core.auth.plan_limits import PlanLimits
from apps.core.auth.policy import PoliciesInForce
from apps.core.history import Actor
from apps.core.remote import implementation
from apps.iam.facade.contracts import MembershipInfo, PlanInfo, TenantInfo, UserInfo


def principal(*, claims: dict[str, Any], via_cookie: bool = False) -> Principal:
    """The caller that the claims of a verified access token stand for, with what they may do now.

    Raises Unauthenticated when the person, the service account, the membership or the tenant is suspended or gone.
    """
    return cast(Principal, implementation("iam").principal(claims=claims, via_cookie=via_cookie))


def principal_of_key(*, key: str, address: str = "", user_agent: str = "") -> Principal:
    """The caller that an API key stands for, with what the key and its holder both allow now. `address` and
    `user_agent` say from where it is used: the first use from a new address is told to the security log.

    Raises Unauthenticated for any key that is not good, without saying why.
    """
    found = implementation("iam").principal_of_key(key=key, address=address, user_agent=user_agent)
    return cast(Principal, found)


def signing_keys() -> dict[str, Any]:
    """The public keys of access tokens, a JSON Web Key Set (RFC 7517 §5)."""
    return cast(dict[str, Any], implementation("iam").signing_keys())


def tenant(tenant_id: UUID) -> TenantInfo:
    """Raises TenantNotFound (a NotFound)."""
    return cast(TenantInfo, implementation("iam").tenant(tenant_id))


def tenant_by_slug(slug: str) -> TenantInfo:
    """Raises TenantNotFound (a NotFound)."""
    return cast(TenantInfo, implementation("iam").tenant_by_slug(slug))


def tenant_ids() -> list[UUID]:
    """The ids of all tenants, oldest first: for jobs that enter each in turn."""
    return cast(list[UUID], implementation("iam").tenant_ids())


def plan_of(tenant_id: UUID) -> PlanInfo:
    """What a tenant may ask of the platform. Raises TenantNotFound (a NotFound)."""
    return cast(PlanInfo, implementation("iam").plan_of(tenant_id))


def plans_of_tenants(*, after: str = "", limit: int = 50) -> list[PlanInfo]:
    """What tenants may ask, by slug, from the one after `after` on: for the platform's staff."""
    return cast(list[PlanInfo], implementation("iam").plans_of_tenants(after=after, limit=limit))


def plans() -> list[PlanLimits]:
    """The plans that there are."""
    return cast(list[PlanLimits], implementation("iam").plans())


def change_plan(tenant_id: UUID, *, plan: str, overrides: Mapping[str, int], reason: str, actor: Actor) -> None:
    """Give a tenant a plan, and limits that differ from it, from its next request on. For the platform's staff.

    Raises TenantNotFound (a NotFound), Invalid, Conflict.
    """
    implementation("iam").change_plan(tenant_id, plan=plan, overrides=overrides, reason=reason, actor=actor)


def user(user_id: UUID) -> UserInfo:
    """A member, or former member, of the current tenant. Raises MemberNotFound (a NotFound), NoTenant."""
    return cast(UserInfo, implementation("iam").user(user_id))


def users(user_ids: Iterable[UUID]) -> dict[UUID, UserInfo]:
    """Those of the given people who are, or were, members of the current tenant, by id. Raises NoTenant."""
    return cast(dict[UUID, UserInfo], implementation("iam").users(user_ids))


def people_who_may(permission: str) -> list[UserInfo]:
    """The people of the current tenant whose roles allow it everywhere and who can sign in, by name."""
    return cast(list[UserInfo], implementation("iam").people_who_may(permission))


def highest_acr(user_id: UUID) -> str:
    """`aal2` for a person who has a second factor, or must have one in the current tenant; else `aal1`."""
    return cast(str, implementation("iam").highest_acr(user_id))


def policies_in_force() -> PoliciesInForce:
    """The policies that hold in the current tenant, with their stamp."""
    return cast(PoliciesInForce, implementation("iam").policies_in_force())


def groups_of(subject: UUID, kind: str) -> frozenset[UUID]:
    """The ids of the groups of the current tenant that a person (`user`) or service account belongs to."""
    return cast(frozenset[UUID], implementation("iam").groups_of(subject, kind))


def record_security_event(
    kind: str,
    *,
    subject_id: UUID,
    outcome: str = "success",
    tenant_id: UUID | None = None,
    session_id: str = "",
    reason: str = "",
    details: Mapping[str, str] | None = None,
    occurred_at: datetime | None = None,
    once: UUID | None = None,
) -> None:
    """Append one record to the security log (`iam.audit.kinds`), in the given tenant, else the one entered, else the
    platform's. What is told later than it happened says when (`occurred_at`); what may be told twice names itself
    (`once`). Raises ValueError on a kind or outcome that does not exist.
    """
    implementation("iam").record_security_event(
        kind,
        subject_id=subject_id,
        outcome=outcome,
        tenant_id=tenant_id,
        session_id=session_id,
        reason=reason,
        details=details,
        occurred_at=occurred_at,
        once=once,
    )


def memberships_of(user_id: UUID) -> list[MembershipInfo]:
    """All tenants that a person belongs to, whichever tenant is entered: for that person's own eyes only."""
    return cast(list[MembershipInfo], implementation("iam").memberships_of(user_id))


def leave_to_act_as(user_id: UUID, *, reason: str, actor: Actor, session_id: str) -> str:
    """The subject token with which `actor`, signed in in this session, may act as a member of the current tenant, by a
    token exchange within a minute (RFC 8693).

    Raises MissingPermission and other Forbidden, MemberNotFound (a NotFound), Invalid.
    """
    return cast(str, implementation("iam").leave_to_act_as(user_id, reason=reason, actor=actor, session_id=session_id))
