"""Reads of people and of their memberships. A member is asked for by the person's id, which other services know."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any
from uuid import UUID

from django.db.models import OuterRef, Q, QuerySet, Subquery

from apps.core.crypto import tombstones
from apps.core.crypto.tokens import ERASED
from apps.core.db.compiled import CompiledRead
from apps.core.history.changes import Change, ChangeFilter, changes_of, newest
from apps.core.tenancy import person
from apps.iam.credentials import queries as credentials
from apps.iam.roles import queries as roles
from apps.iam.users.errors import MemberNotFound, UserNotFound
from apps.iam.users.models import Membership, User
from apps.iam.users.names import folded

STATES = ("active", "invited", "suspended", "deleted")


def members(*, q: str = "", role: str = "", state: str = "") -> QuerySet[Membership]:
    """Members of the current tenant by name, each with its person, `role_codes` and invitation. One statement.

    `q` begins the address or a word of the name; `role` is a code; `state` one of STATES, or "" for all but deleted.
    """
    rows = Membership.with_deleted.in_tenant().filter(deleted_at__isnull=state != "deleted")
    if state and state != "deleted":
        rows = rows.filter(status=state)
    if key := folded(q):
        in_name = Q(name_key__startswith=key) | Q(name_key__contains=f" {key}")
        rows = rows.filter(in_name | Q(user__email_key__startswith=key))
    if role:
        rows = rows.filter(roles.holders_of(role))
    return _described(rows).order_by("name_key", "id")


def member(user_id: UUID) -> Membership:
    """One member, also a deleted one, as `members` gives them. One statement. Raises MemberNotFound."""
    return _found(_described(Membership.with_deleted.in_tenant()).filter(user_id=user_id))


def membership_rows(user_id: UUID, **besides: Any) -> QuerySet[Membership]:
    """The row that `membership` is about, for those who bring expressions of other features along
    (`sessions.standing`), which come as attributes.
    """
    rows = Membership.with_deleted.in_tenant().select_related("user").filter(user_id=user_id)
    return rows.annotate(**besides) if besides else rows  # type: ignore[no-any-return]


_MEMBERSHIP = CompiledRead(membership_rows, "user_id")


def membership(user_id: UUID) -> Membership:
    """One membership with its person and without roles, also a deleted one. One statement. Raises MemberNotFound."""
    return _found(_MEMBERSHIP(user_id=user_id))


def member_by_email(email: str, *, with_deleted: bool = False) -> Membership:
    """The member with this address, however it is written. One statement. Raises MemberNotFound."""
    manager = Membership.with_deleted if with_deleted else Membership.objects
    rows = manager.in_tenant().select_related("user").filter(user__email_key=folded(email))
    return _found(rows.filter(user__deleted_at__isnull=True))


def who_can_act(ids: Iterable[QuerySet[Any, Any]]) -> QuerySet[Membership]:
    """Those members whom one of these subqueries of ids names and whom nothing keeps out, by name. One statement.

    As `Membership.standing` says it, in SQL.
    """
    among = Q()
    for found in ids:
        among |= Q(user_id__in=found)
    rows = Membership.objects.in_tenant().select_related("user").filter(among, user__is_active=True)
    rows = rows.exclude(status=Membership.Status.SUSPENDED).filter(user__deleted_at__isnull=True)
    return rows.order_by("name_key", "id")  # type: ignore[no-any-return]


def members_by_id(user_ids: Iterable[UUID]) -> list[Membership]:
    """Those of the given people who are members, deleted ones too, with their persons. One statement."""
    rows = Membership.with_deleted.in_tenant().select_related("user").filter(user_id__in=list(user_ids))
    return list(rows.order_by("id"))


def lock_member(user_id: UUID) -> Membership:
    """One member, also a deleted one, locked to the end of the transaction. Raises MemberNotFound."""
    rows = Membership.with_deleted.in_tenant().select_for_update(of=("self",)).select_related("user")
    return _found(rows.filter(user_id=user_id))


def names(user_ids: Iterable[UUID]) -> dict[UUID, str]:
    """The names of members of the current tenant, deleted ones too. One statement."""
    rows = Membership.with_deleted.in_tenant().filter(user_id__in=list(user_ids))
    return dict(rows.values_list("user_id", "name"))


def name_of(column: str) -> Subquery:
    """For annotating rows of another feature: the name of the member whom `column` names, deleted ones too."""
    return Subquery(Membership.with_deleted.in_tenant().filter(user_id=OuterRef(column)).values("name")[:1])


def memberships_of(user_id: UUID) -> list[Membership]:
    """The memberships of a person in all tenants, deleted ones left out: what they may read of themselves.

    One statement; callers ask for roles and tenants together.
    """
    with person(user_id):
        return list(Membership.objects.filter(user_id=user_id).select_related("user").order_by("created_at", "id"))


def other_owners(user_id: UUID) -> set[UUID]:
    """The ids of the owners besides this person who could sign in. Ownership stays locked to the transaction's end."""
    owners = roles.lock_owners() - {user_id}
    rows = Membership.objects.in_tenant().filter(user_id__in=owners).exclude(status=Membership.Status.SUSPENDED)
    return set(rows.filter(user__is_active=True, user__deleted_at__isnull=True).values_list("user_id", flat=True))


def user(user_id: UUID, **besides: Any) -> User:
    """A person, with `besides` as in `membership_rows`. Raises UserNotFound."""
    rows = User.objects.filter(id=user_id)
    found: User | None = (rows.annotate(**besides) if besides else rows).first()
    if found is None:
        raise UserNotFound(f"there is no person {user_id}")
    return found


def any_user(user_id: UUID) -> User:
    """A person, also a deleted one. Raises UserNotFound."""
    found: User | None = User.with_deleted.filter(id=user_id).first()
    if found is None:
        raise UserNotFound(f"there is no person {user_id}")
    return found


def deleted_by_email(email: str) -> list[UUID]:
    """The ids of deleted people who had this address: it was free again. One statement."""
    rows = User.with_deleted.filter(email_key=folded(email), deleted_at__isnull=False)
    return list(rows.order_by("id").values_list("id", flat=True))


def tenant_ids_of(user_id: UUID) -> list[UUID]:
    """The tenants that a person is or was a member of. One statement."""
    with person(user_id):
        rows = Membership.with_deleted.filter(user_id=user_id).order_by("tenant_id")
        return list(rows.values_list("tenant_id", flat=True))


def back_from_erasure() -> Iterator[UUID]:
    """The ids of people whose keys were destroyed, and of whom there is more than an id. A statement for each 1000."""
    erased = list(tombstones.buried())
    for first in range(0, len(erased), 1000):
        rows = User.with_deleted.filter(id__in=erased[first : first + 1000]).exclude(email=ERASED)
        yield from rows.order_by("id").values_list("id", flat=True)


def lock_user(user_id: UUID) -> User:
    """A person, also a deleted one, locked to the end of the transaction. Raises UserNotFound."""
    found: User | None = User.with_deleted.select_for_update().filter(id=user_id).first()
    if found is None:
        raise UserNotFound(f"there is no person {user_id}")
    return found


def user_by_email(email: str) -> User | None:
    """The person with this address, however it is written, or None."""
    found: User | None = User.objects.filter(email_key=folded(email)).first()
    return found


def users(user_ids: Iterable[UUID]) -> list[User]:
    """Those of the given people who exist."""
    return list(User.objects.filter(id__in=list(user_ids)).order_by("id"))


def member_ids() -> list[UUID]:
    """The ids of all who are or were members of the current tenant. One statement."""
    rows = Membership.with_deleted.in_tenant().order_by("user_id")
    return list(rows.values_list("user_id", flat=True))


def belongs_only_to(user_id: UUID, tenant_id: UUID) -> bool:
    """True for somebody who is not staff and is, or ever was, a member of no other tenant. Two statements."""
    if User.objects.filter(id=user_id, is_platform_staff=True).exists():
        return False
    with person(user_id):
        return not Membership.with_deleted.filter(user_id=user_id).exclude(tenant_id=tenant_id).exists()


def contacts() -> Iterator[dict[str, Any]]:
    """Everybody who is or was a member of the current tenant, with their address, by id: for exports. One statement."""
    rows = Membership.with_deleted.in_tenant().order_by("user_id").values("user_id", "name", "user__email", "status")
    for row in rows.iterator(chunk_size=1000):
        yield {"id": row["user_id"], "name": row["name"], "email": row["user__email"], "status": row["status"]}


def is_platform_staff(user_id: UUID) -> bool:
    """True for the platform's staff who could sign in. One statement."""
    return bool(User.objects.filter(id=user_id, is_platform_staff=True, is_active=True).exists())


def platform_staff_ids() -> set[UUID]:
    """The ids of the platform's staff who could sign in. One statement."""
    return set(User.objects.filter(is_platform_staff=True, is_active=True).values_list("id", flat=True))


def changes(where: ChangeFilter, *, limit: int) -> list[Change]:
    """Changes of memberships, newest first. What happens to a person elsewhere is not the tenant's business."""
    return changes_of(Membership, where=where, limit=limit)


def changes_of_member(membership: Membership, *, limit: int) -> list[Change]:
    """Changes of one membership and of its roles, newest first."""
    own = changes_of(Membership, where=ChangeFilter(entity_ids=(membership.id,)), limit=limit)
    return newest([own, roles.changes_of_holder(membership.user_id, limit=limit)], limit=limit)


def people_of(membership_ids: Iterable[UUID]) -> dict[UUID, tuple[UUID, str]]:
    """Person's id and name by membership, deleted ones too. One statement."""
    rows = Membership.with_deleted.in_tenant().filter(id__in=list(membership_ids))
    return {id_: (user_id, name) for id_, user_id, name in rows.values_list("id", "user_id", "name")}


def _described(rows: QuerySet[Membership]) -> QuerySet[Membership]:
    described = {"role_codes": roles.codes_held_by("user_id"), **credentials.latest("user_id")}
    return rows.select_related("user").annotate(**described)  # type: ignore[no-redef]


def _found(rows: Iterable[Membership]) -> Membership:
    for found in rows:
        return found
    raise MemberNotFound
