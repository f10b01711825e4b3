"""Who may sign in, and where: the provider's view of people and their memberships."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.utils import timezone
from django.utils.crypto import constant_time_compare

from apps.core.tenancy import PLATFORM, person
from apps.core.tenancy import tenant as entered
from apps.iam.authenticators import gate
from apps.iam.credentials import queries as credentials
from apps.iam.oidc.errors import CompanySuspended, NoMembership
from apps.iam.roles import queries as roles
from apps.iam.tenants import queries as tenants
from apps.iam.users import queries as users

PLATFORM_NAME = "The platform"


@dataclass(frozen=True, slots=True)
class Choice:
    """A tenant that a person may enter, and as what. The platform itself has no slug."""

    id: UUID
    name: str
    slug: str
    roles: tuple[str, ...]

    @property
    def role_label(self) -> str:
        return ", ".join(self.roles)


def tenants_of(user_id: UUID) -> list[Choice]:
    """The tenants that a person may sign in to, by name; then the platform itself, for its staff. Four statements."""
    ids = _entered_by(user_id)
    with person(user_id):
        held = roles.own_roles(user_id)
    found = [tenant for tenant in tenants.tenants(ids).values() if tenant.is_active]
    found.sort(key=lambda tenant: (tenant.name, tenant.id))
    choices = [Choice(tenant.id, tenant.name, tenant.slug, tuple(held.get(tenant.id, ()))) for tenant in found]
    return [*choices, *([Choice(PLATFORM, PLATFORM_NAME, "", ("staff",))] if users.is_platform_staff(user_id) else [])]


def why_nowhere(user_id: UUID) -> NoMembership:
    """What to tell somebody who may enter no tenant. Two statements."""
    shut = [one for one in tenants.tenants(_entered_by(user_id)).values() if not one.is_active]
    names = ", ".join(sorted(one.name for one in shut if one.status == one.Status.SUSPENDED))
    if not names:
        return NoMembership()
    return CompanySuspended(f"{names} is suspended: nobody there can sign in until the platform reinstates it")


def home_of(user_id: UUID) -> UUID:
    """The tenant whose security log tells of a person's account: the one they may enter, if it is one; else the
    platform. Four statements.
    """
    choices = tenants_of(user_id)
    return choices[0].id if len(choices) == 1 else PLATFORM


def may_sign_in(
    *, user: Any, tenant_id: UUID | None, auth_hash: str, authenticated_at: datetime, now: datetime
) -> bool:
    """True while the person is neither suspended nor deleted, has the same password as at `auth_hash` (Django's session
    hash), still belongs to the tenant, and did not sign in longer ago than it allows. Three statements.
    """
    if not user.is_active or user.is_deleted or tenant_id is None or not _same_password(user, auth_hash):
        return False
    if not (user.is_platform_staff if tenant_id == PLATFORM else _is_open_to(user.pk, tenant_id)):
        return False
    with entered(tenant_id):
        return not gate.is_over(authenticated_at=authenticated_at, now=now)


def _is_open_to(user_id: UUID, tenant_id: UUID) -> bool:
    if tenant_id not in _entered_by(user_id):
        return False
    tenant = tenants.tenants([tenant_id]).get(tenant_id)
    return tenant is not None and tenant.is_active


def _same_password(user: Any, auth_hash: str) -> bool:
    hashes = [user.get_session_auth_hash(), *user.get_session_auth_fallback_hash()]
    return any(constant_time_compare(known, auth_hash) for known in hashes)


def _entered_by(user_id: UUID) -> set[UUID]:
    """Those invited enter too, and join by it, unless they must follow the link in the mail first."""
    own = users.memberships_of(user_id)
    invited = [one for one in own if one.status == "invited"]
    barred = credentials.barred_from(invited[0].user, now=timezone.now()) if invited else set()
    return {one.tenant_id for one in own if one.status == "active"} | {one.tenant_id for one in invited} - barred
