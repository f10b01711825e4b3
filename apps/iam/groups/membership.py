"""Who belongs to which group, for those who ask what somebody holds: beneath `roles`, which `queries` stands on."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet

from apps.iam.groups.models import Group, GroupMember

_BELONGING = """
select m.member_id, m.group_id from {member} m
  join {group} g on g.tenant_id = m.tenant_id and g.id = m.group_id and g.deleted_at is null
 where m.tenant_id = %s and m.member_id = any(%s) and m.member_kind = %s and m.deleted_at is null
"""


def names(group_ids: Iterable[UUID]) -> dict[UUID, str]:
    """The names of groups, deleted ones too. One statement."""
    rows = Group.with_deleted.in_tenant().filter(id__in=list(group_ids))
    return dict(rows.values_list("id", "name"))


def existing(group_ids: Iterable[UUID]) -> dict[UUID, str]:
    """The names of those of the given groups that are there and not deleted. One statement."""
    rows = Group.objects.in_tenant().filter(id__in=list(group_ids))
    return dict(rows.values_list("id", "name"))


def member_ids(group_ids: Iterable[UUID], *, or_lost_since: datetime | None = None) -> dict[str, set[UUID]]:
    """Who belongs to any of these groups that are not deleted, by kind, `user` and `service`. One statement.

    With `or_lost_since` also who left one, or whose group was deleted, after that instant.
    """
    there, group_there = Q(deleted_at__isnull=True), Q(group__deleted_at__isnull=True)
    if or_lost_since:
        there, group_there = (
            there | Q(deleted_at__gt=or_lost_since),
            group_there | Q(group__deleted_at__gt=or_lost_since),
        )
    rows = GroupMember.with_deleted.in_tenant().filter(there, group_there, group_id__in=list(group_ids))
    found: dict[str, set[UUID]] = {"user": set(), "service": set()}
    for kind, member_id in rows.values_list("member_kind", "member_id"):
        found[kind].add(member_id)
    return found


def belonging() -> str:
    """The SELECT of `member_id` and `group_id` of each membership in a group that is not deleted, to be joined with by
    a statement of another feature. Its parameters: a tenant's id, members' ids, their kind.
    """
    return _BELONGING.format(member=GroupMember._meta.db_table, group=Group._meta.db_table)


def groups_of(member_id: UUID, kind: str) -> frozenset[UUID]:
    """The ids of the groups that somebody belongs to, without deleted ones. One statement."""
    rows = GroupMember.objects.in_tenant().filter(member_id=member_id, member_kind=kind)
    return frozenset(rows.filter(group__deleted_at__isnull=True).values_list("group_id", flat=True))


def members_as_rows(group_ids: Any, kind: str) -> QuerySet[GroupMember, Any]:
    """The ids of those of one kind who belong to the groups of a subquery, as a subquery."""
    rows = GroupMember.objects.in_tenant().filter(group_id__in=group_ids, member_kind=kind)
    found: QuerySet[GroupMember, Any] = rows.filter(group__deleted_at__isnull=True).values("member_id")
    return found
