"""Permissions are declared in code by the features they protect, and discovered.

    class OrderPermission(Permission):
        VIEW = "orders.view", "See orders", VIEWERS
        CANCEL = "orders.cancel", "Cancel orders", MANAGERS

The third member names the system roles that hold it by default; the owner holds every permission. A fourth, IN_PERSON,
keeps it from whoever acts in somebody else's name:

        ASSIGN = "roles.assign", "Give people roles", MANAGERS, IN_PERSON
"""

from __future__ import annotations

from enum import StrEnum
from functools import cache
from typing import Any, Self

from django.utils.module_loading import autodiscover_modules

OWNER, MANAGER, CLERK, VIEWER = "owner", "manager", "clerk", "viewer"
SYSTEM_ROLES = (OWNER, MANAGER, CLERK, VIEWER)

VIEWERS = frozenset(SYSTEM_ROLES)
CLERKS = frozenset({OWNER, MANAGER, CLERK})
MANAGERS = frozenset({OWNER, MANAGER})
OWNERS = frozenset({OWNER})

IN_PERSON = True


class Permission(StrEnum):
    """The base of every feature's permissions. A member is its dotted code, `"orders.cancel"`."""

    label: str
    default_roles: frozenset[str]
    in_person: bool

    def __new__(cls, code: str, label: str, default_roles: frozenset[str] = OWNERS, in_person: bool = False) -> Self:
        member = str.__new__(cls, code)
        member._value_ = code
        member.label = label
        member.default_roles = default_roles | OWNERS
        member.in_person = in_person
        return member


class PlatformPermission(Permission):
    """The base of what may be done to the platform itself, in no tenant: `"platform.view_tenants"`.

    No role holds one, an owner's neither: `declared_permissions` does not know them. They come with the principal of
    platform staff, or of a client that the platform owns (ADR 15).
    """


def declared_permissions() -> dict[str, Permission]:
    """Every permission that a tenant's roles may hold, by its code, in code order."""
    _import_declarations()
    return dict(_members_of(tuple(Permission.__subclasses__())))


def platform_permissions() -> dict[str, Permission]:
    """Every permission over the platform itself, by its code, in code order."""
    _import_declarations()
    return dict(_members_of(tuple(PlatformPermission.__subclasses__())))


def is_in_person(code: str) -> bool:
    """True if a permission is of no use to whoever acts in somebody else's name."""
    _import_declarations()
    known = (_members_of(tuple(base.__subclasses__())) for base in (Permission, PlatformPermission))
    permission = next((members[code] for members in known if code in members), None)
    return permission is not None and permission.in_person


@cache
def _import_declarations() -> None:
    """Once: looking for modules in every app takes milliseconds, and principals are made at every request."""
    autodiscover_modules("permissions")


@cache
def _members_of(features: tuple[type[Permission], ...]) -> dict[str, Permission]:
    members: list[Any] = [member for feature in features for member in feature]
    return {str(member): member for member in sorted(members, key=str)}


def permissions_of_system_role(role: str) -> frozenset[str]:
    """The codes that a system role holds by default. Computed from code, so that a new feature needs no data change."""
    _import_declarations()
    return _held_by(role, tuple(Permission.__subclasses__()))


@cache
def _held_by(role: str, features: tuple[type[Permission], ...]) -> frozenset[str]:
    return frozenset(code for code, member in _members_of(features).items() if role in member.default_roles)
