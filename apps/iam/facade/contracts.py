"""What the identity and access service hands out: frozen values, never models."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from apps.core.auth.plan_limits import PlanLimits


@dataclass(frozen=True, slots=True)
class TenantInfo:
    """A company that uses the platform."""

    id: UUID
    slug: str
    name: str
    default_currency: str
    is_active: bool


@dataclass(frozen=True, slots=True)
class PlanInfo:
    """What a company may ask of the platform: its plan's limits with `overrides` in place of some of them."""

    tenant: TenantInfo
    limits: PlanLimits
    overrides: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class UserInfo:
    """A person as the current tenant knows them. Also those who are no longer members, for what they once did."""

    id: UUID
    name: str
    email: str
    is_active: bool


@dataclass(frozen=True, slots=True)
class MembershipInfo:
    """A tenant that a person belongs to. `status` is active, invited or suspended."""

    tenant_id: UUID
    tenant_slug: str
    tenant_name: str
    status: str
    roles: tuple[str, ...]
