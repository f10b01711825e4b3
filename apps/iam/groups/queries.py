"""Reads of groups and of who belongs to them, in the current tenant."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.db.models import Count, Q, QuerySet, Value
from django.db.models.functions import Coalesce

from apps.core.history.changes import Change, ChangeFilter, changes_of, newest
from apps.iam.groups.errors import GroupNotFound
from apps.iam.groups.models import Group, GroupMember
from apps.iam.roles import queries as roles
from apps.iam.service_accounts import queries as service_accounts
from apps.iam.users import queries as users
from apps.iam.users.names import folded

STATES = ("active", "deleted")


def groups(*, q: str = "", member: UUID | None = None, external_id: str = "", state: str = "") -> QuerySet[Group]:
    """Groups by name, each with its `member_count` and `role_codes`. One statement. `q` begins a word of the name."""
    rows = Group.with_deleted.in_tenant().filter(deleted_at__isnull=state != "deleted")
    if key := folded(q):
        rows = rows.filter(Q(name_key__startswith=key) | Q(name_key__contains=f" {key}"))
    if member:
        rows = rows.filter(id__in=GroupMember.objects.in_tenant().filter(member_id=member).values("group_id"))
    if external_id:
        rows = rows.filter(external_id=external_id)
    return _described(rows).order_by("name_key", "id")


def group(group_id: UUID) -> Group:
    """One group, also a deleted one, as `groups` gives them. One statement. Raises GroupNotFound."""
    return _found(_described(Group.with_deleted.in_tenant()).filter(id=group_id))


def lock_group(group_id: UUID) -> Group:
    """One group, also a deleted one, locked to the end of the transaction. Raises GroupNotFound."""
    return _found(Group.with_deleted.in_tenant().select_for_update().filter(id=group_id))


def all_names() -> list[tuple[UUID, str]]:
    """Every group by name, for choosing one. One statement."""
    return list(Group.objects.in_tenant().order_by("name_key", "id").values_list("id", "name"))


def members(group_id: UUID) -> QuerySet[GroupMember]:
    """Who belongs to a group, each with a `name`, in the order in which they came. One statement."""
    name = Coalesce(users.name_of("member_id"), service_accounts.name_of("member_id"), Value(""))
    rows = GroupMember.objects.in_tenant().filter(group_id=group_id).annotate(name=name)
    found: QuerySet[GroupMember] = rows.order_by("id")
    return found


def belongs(group_id: UUID, member_id: UUID) -> bool:
    """True if somebody belongs to a group. One statement."""
    return bool(GroupMember.objects.in_tenant().filter(group_id=group_id, member_id=member_id).exists())


def groups_of(member_id: UUID) -> list[Group]:
    """The groups that somebody belongs to, by name. One statement."""
    return list(groups(member=member_id))


def places_of(user_ids: Iterable[UUID]) -> list[tuple[UUID, UUID, str]]:
    """Where these people belong: person, group and the group's name, by name. One statement."""
    rows = _people_inside().filter(member_id__in=list(user_ids)).order_by("group__name_key", "id")
    return list(rows.values_list("member_id", "group_id", "group__name"))


def people_in(group_ids: Iterable[UUID]) -> list[tuple[UUID, UUID]]:
    """Who belongs to these groups: group and person, in the order in which they came. One statement."""
    rows = _people_inside().filter(group_id__in=list(group_ids)).order_by("id")
    return list(rows.values_list("group_id", "member_id"))


def people_with_groups() -> QuerySet[Any, Any]:
    """The ids of all people who belong to any group: for narrowing lists of people."""
    return _people_inside().values("member_id")


def groups_with_people() -> QuerySet[Any, Any]:
    """The ids of all groups that any person belongs to: for narrowing lists of groups."""
    return _people_inside().values("group_id")


def changes(where: ChangeFilter, *, limit: int) -> list[Change]:
    """Changes of groups and of who belongs to them, newest first."""
    return changes_of(Group, GroupMember, where=where, limit=limit)


def changes_of_group(group_id: UUID, *, limit: int) -> list[Change]:
    """Changes of one group and of its members, newest first."""
    ids = GroupMember.with_deleted.in_tenant().filter(group_id=group_id).order_by("-id").values_list("id", flat=True)
    own = changes_of(Group, where=ChangeFilter(entity_ids=(group_id,)), limit=limit)
    of_members = changes_of(GroupMember, where=ChangeFilter(entity_ids=tuple(ids[: limit * 2])), limit=limit)
    return newest([own, of_members], limit=limit)


def memberships(ids: Iterable[UUID]) -> dict[UUID, tuple[UUID, UUID]]:
    """Group and member of each membership, ended ones too. One statement."""
    rows = GroupMember.with_deleted.in_tenant().filter(id__in=list(ids))
    return {id_: (group_id, member_id) for id_, group_id, member_id in rows.values_list("id", "group_id", "member_id")}


def _people_inside() -> QuerySet[Any, Any]:
    return GroupMember.objects.in_tenant().filter(member_kind=GroupMember.Kind.USER, group__deleted_at__isnull=True)  # type: ignore[no-any-return]


def _described(rows: QuerySet[Group]) -> QuerySet[Group]:
    counted = Count("members", filter=Q(members__deleted_at__isnull=True))
    return rows.annotate(  # type: ignore[no-redef]
        member_count=counted, role_codes=roles.codes_held_by("id")
    )


def _found(rows: QuerySet[Group]) -> Group:
    found = rows.first()
    if found is None:
        raise GroupNotFound
    return found
