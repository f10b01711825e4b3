"""What a person may do at this moment, asked in the transaction that depends on it and not of an old token."""

from __future__ import annotations

from apps.core.auth.permissions import platform_permissions
from apps.core.errors import NotFound
from apps.core.history import Actor
from apps.core.tenancy import PLATFORM, require_tenant_id
from apps.iam.approvals.errors import CannotSignIn
from apps.iam.roles import queries as roles
from apps.iam.users import queries as users


def permissions_now(actor: Actor) -> frozenset[str]:
    """The permissions that a person or service account holds in the current tenant, or as the platform's staff.

    Two statements. Raises CannotSignIn for a person who is suspended or gone.
    """
    if require_tenant_id() == PLATFORM:
        return _of_staff(actor)
    if actor.id is None:
        raise CannotSignIn
    if actor.kind == "user":
        _refuse_outsider(actor)
    return roles.permissions_of(actor.id, kind=actor.kind)


def _of_staff(actor: Actor) -> frozenset[str]:
    if actor.kind == "service":  # a client of the platform's own: it may ask, and nobody lets it decide
        return frozenset(platform_permissions())
    if actor.id not in users.platform_staff_ids():
        raise CannotSignIn
    return frozenset(platform_permissions())


def _refuse_outsider(actor: Actor) -> None:
    assert actor.id is not None  # noqa: S101 (asked by the caller)
    try:
        membership = users.membership(actor.id)
    except NotFound as error:
        raise CannotSignIn from error
    person = membership.user
    if membership.state not in ("active", "invited") or not person.is_active or person.is_deleted:
        raise CannotSignIn(f"{membership.name} cannot sign in here any more")
