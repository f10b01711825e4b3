"""Every view and page says what it needs. Saying nothing means nobody gets in."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import Any
from uuid import UUID

from rest_framework.permissions import BasePermission

from apps.core.auth import SYSTEM_ROLES, Permission, Principal, Resource, declared_permissions
from apps.core.errors import Forbidden, Unauthenticated


class Access(Enum):
    """What may be declared instead of a permission."""

    PUBLIC = "anybody, signed in or not"
    AUTHENTICATED = "anybody who is signed in"
    PERSONAL = "people themselves, and nobody who acts in their name"


PUBLIC, AUTHENTICATED, PERSONAL = Access.PUBLIC, Access.AUTHENTICATED, Access.PERSONAL

Need = Permission | Access
Requirement = Need | Mapping[str, Need] | None
Scope = tuple[str, str]
"""A type of resource and the parameter of the URL that names one: `("order", "order_id")`."""


class NothingDeclared(Forbidden):
    """This endpoint declares no permission, so nobody may use it."""

    code = "nothing_declared"


class NotAPerson(Forbidden):
    """This is for people: a service account has nothing of the kind."""

    code = "not_a_person"


def need_of(requirement: Requirement, method: str) -> Need | None:
    """What a method needs; HEAD needs what GET does. None when nothing is declared for it."""
    if isinstance(requirement, Mapping):
        return requirement.get("GET" if method == "HEAD" else method)
    return requirement


def resource_of(scope: Scope | None, parameters: Mapping[str, Any]) -> Resource | None:
    """The object that the URL's parameters name; None where permissions are asked for the tenant as a whole."""
    if scope is None:
        return None
    kind, parameter = scope
    return Resource(kind, UUID(str(parameters[parameter])))


def admit(principal: Principal | None, need: Need | None, resource: Resource | None = None) -> None:
    """Return if the caller may pass. Raises Unauthenticated, MissingPermission (naming it), NotWhileImpersonating or
    NothingDeclared.
    """
    if need is PUBLIC:
        return
    if principal is None:
        raise Unauthenticated
    if need is None:
        raise NothingDeclared
    if need is PERSONAL:
        _require_person(principal)
    if isinstance(need, Permission):
        principal.require(need, resource)


def _require_person(principal: Principal) -> None:
    if principal.kind != "user":
        raise NotAPerson
    principal.require_in_person()


class DeclaredPermission(BasePermission):
    """Django REST framework's way to `admit`: reads the view's `required_permission` and `scoped_to`."""

    def has_permission(self, request: Any, view: Any) -> bool:
        resource = resource_of(getattr(view, "scoped_to", None), view.kwargs)
        admit(request.user, need_of(getattr(view, "required_permission", None), request.method), resource)
        return True


def grantors_of(code: str) -> list[str]:
    """The system roles that hold a permission by default, mightiest first: whoever has one of them can help."""
    permission = declared_permissions().get(code)
    return [role for role in SYSTEM_ROLES if permission is not None and role in permission.default_roles]


def label_of(code: str) -> str:
    """What people call a permission; its code where no feature declares it."""
    permission = declared_permissions().get(code)
    return permission.label if permission else code
