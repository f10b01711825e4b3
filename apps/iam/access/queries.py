"""Why may somebody do something, why not, and who may? Answered by the very function that enforcement asks."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from apps.core.auth import Holdings, Principal, Resource
from apps.core.auth.decision import Decision, decide
from apps.core.auth.permissions import declared_permissions
from apps.core.auth.resource_kinds import attributes_of
from apps.core.history import Origin, coming_from, current_origin
from apps.core.tenancy import require_tenant_id
from apps.iam.access import subjects
from apps.iam.access.errors import InvalidQuestion, SubjectNotFound
from apps.iam.access.subjects import Subject
from apps.iam.roles import queries as roles
from apps.iam.roles.holdings import holdings_of
from apps.iam.roles.permissions import RolePermission
from apps.iam.service_accounts import queries as service_accounts
from apps.iam.tenants import queries as tenants
from apps.iam.users import queries as users

MOST_GRANTORS = 10
_LOOKED_AT = 200


def subject_named(text: str) -> Subject:
    """A person or service account by id, or a person by e-mail address; also one who is suspended or deleted.

    Raises SubjectNotFound.
    """
    try:
        id_ = UUID(text)
    except ValueError:
        id_ = users.member_by_email(text, with_deleted=True).user_id
    for kind in ("user", "service"):
        if found := subjects.subjects(kind, [id_]).get(id_):
            return found
    raise SubjectNotFound(f"there is nobody {text}")


def require_permission_exists(code: str) -> None:
    """Raises InvalidQuestion for a code that no feature declares."""
    if code not in declared_permissions():
        raise InvalidQuestion(errors={"permission": ["no such permission; /api/v1/roles/matrix lists them"]})


def principals_of(found: Iterable[Subject], *, now: datetime, with_expired: bool = False) -> dict[UUID, Principal]:
    """The principals that these people and service accounts are when they call, and what keeps out those who cannot.

    One statement for each kind, and one for the tenant.
    """
    made: dict[UUID, Principal] = {}
    asked = list(found)
    if not asked:
        return made
    company = tenants.tenant_by_id(require_tenant_id())
    closed = "" if company.is_active else "tenant_suspended"
    for kind in ("user", "service"):
        of_kind = {subject.id: subject for subject in asked if subject.kind == kind}
        held = holdings_of(of_kind, kind=kind, now=now, with_expired=with_expired)
        found_here = {id_: _principal(of_kind[id_], holdings, closed, now) for id_, holdings in held.items()}
        made |= {id_: replace(one, tenant_time_zone=company.time_zone) for id_, one in found_here.items()}
    return made


def principal_of(subject: Subject, *, now: datetime, caller: Principal | None = None) -> Principal:
    """Somebody as they are when they call, with the grants that expired. Two statements.

    Somebody who asks about themselves gives the principal they call with: how they signed in is part of it.
    """
    principal = principals_of([subject], now=now, with_expired=True)[subject.id]
    if caller is None or caller.subject != subject.id:
        return principal
    held: dict[str, Any] = {
        "holdings": principal.holdings,
        "permissions": principal.permissions,
        "roles": principal.roles,
    }
    return replace(caller, **held)


def explained(
    subject: Subject, permission: str, resource: Resource | None, *, now: datetime, caller: Principal | None = None
) -> Decision:
    """The decision about somebody, with what nearly counts. Two statements. `caller` as in `principal_of`."""
    principal = principal_of(subject, now=now, caller=caller)
    with coming_from(origin_for(subject, caller)):
        return decide(principal, permission, resource, now=now)


def origin_for(subject: Subject, caller: Principal | None) -> Origin:
    """From where somebody comes: known of whoever asks about themselves, and of nobody else."""
    return current_origin() if caller is not None and caller.subject == subject.id else Origin()


def who_can(permission: str, resource: Resource | None, *, kind: str = "user", now: datetime) -> QuerySet[Any]:
    """The people, or service accounts, whose roles allow it and who can sign in, by name. One statement besides.

    What policies permit beyond roles is not among them; whom a policy forbids is, and `decisions` says so.
    """
    codes = roles.codes_allowing(permission)
    scope = (resource.type, resource.id) if resource else None
    holders = roles.holders_who_may(codes, kind=kind, now=now, resource=scope)
    return users.who_can_act(holders) if kind == "user" else service_accounts.who_can_act(holders)


def decisions(
    rows: Iterable[Any], permission: str, resource: Resource | None, *, kind: str, now: datetime
) -> list[tuple[Subject, Decision]]:
    """The decision about each row of `who_can`, in order. One statement."""
    found = [_subject(kind, row) for row in rows]
    principals = principals_of(found, now=now)
    if resource is not None and any(one.holdings.policies for one in principals.values()):
        resource = replace(resource, attributes=dict(attributes_of(resource) or {}))  # once for all of them
    with coming_from(Origin()):  # nobody's address is known, and least of all that of whoever asks
        return [(subject, decide(principals[subject.id], permission, resource, now=now)) for subject in found]


def grantors(permission: str, *, now: datetime) -> list[Subject]:
    """The first MOST_GRANTORS people who could give somebody this: they may assign roles, and hold it themselves."""
    found = list(who_can(RolePermission.ASSIGN, None, now=now)[:_LOOKED_AT])
    asked = [_subject("user", row) for row in found]
    principals = principals_of(asked, now=now)
    needed = (permission, RolePermission.ASSIGN)
    able = [s for s in asked if all(decide(principals[s.id], code, now=now) for code in needed)]
    return able[:MOST_GRANTORS]


def _principal(subject: Subject, holdings: Holdings, closed: str, now: datetime) -> Principal:
    granted = roles.amounts_to(holdings, now)
    return Principal(
        subject=subject.id,
        kind=subject.kind,  # type: ignore[arg-type]
        tenant_id=require_tenant_id(),
        permissions=granted.permissions,
        name=subject.name,
        email=subject.email,
        roles=granted.roles,
        holdings=holdings,
        standing=subject.standing or closed,
    )


def _subject(kind: str, row: Any) -> Subject:
    return subjects.of_member(row) if kind == "user" else subjects.of_account(row)
