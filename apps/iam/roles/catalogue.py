"""What roles look like to those who read them: built-in and a tenant's own alike."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from apps.core.auth.permissions import (
    CLERK,
    MANAGER,
    OWNER,
    SYSTEM_ROLES,
    VIEWER,
    declared_permissions,
    permissions_of_system_role,
)

_DESCRIPTIONS = {
    OWNER: ("Owner", "May do everything, and is the only one who can make others owners."),
    MANAGER: ("Manager", "Runs the business: people, products, stock and orders."),
    CLERK: ("Clerk", "Does the daily work: places, cancels and takes back orders."),
    VIEWER: ("Viewer", "Sees products and orders, and changes nothing."),
}


@dataclass(frozen=True, slots=True)
class RoleInfo:
    """A role and what it allows: `permissions` in all, of which `own_permissions` by itself and the others by the
    roles that it includes.
    """

    code: str
    label: str
    description: str
    permissions: frozenset[str]
    built_in: bool
    own_permissions: frozenset[str] = frozenset()
    includes: tuple[str, ...] = ()
    version: int = 1
    deleted_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class PermissionInfo:
    """A permission, and the roles that hold it."""

    code: str
    label: str
    held_by: list[str]


@dataclass(frozen=True, slots=True)
class PermissionGroup:
    """The permissions of one feature."""

    label: str
    permissions: list[PermissionInfo]


def built_in_roles() -> list[RoleInfo]:
    """Owner, manager, clerk, viewer, in this order."""
    return [built_in_role(code) for code in SYSTEM_ROLES]


def built_in_role(code: str) -> RoleInfo:
    """One of them. Raises KeyError."""
    label, description = _DESCRIPTIONS[code]
    held = permissions_of_system_role(code)
    return RoleInfo(code, label, description, held, built_in=True, own_permissions=held)


def permission_groups(roles: list[RoleInfo]) -> list[PermissionGroup]:
    """Every declared permission with the roles that hold it, grouped by the noun before its dot."""
    groups: dict[str, list[PermissionInfo]] = {}
    for code, permission in declared_permissions().items():
        held_by = [role.code for role in roles if code in role.permissions]
        groups.setdefault(code.partition(".")[0], []).append(PermissionInfo(code, permission.label, held_by))
    return [PermissionGroup(noun.capitalize(), permissions) for noun, permissions in groups.items()]
