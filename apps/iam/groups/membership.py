"""Who belongs to which group, for those who ask what somebody holds: beneath `roles`, which `queries` stands on."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet

from apps.iam.groups.models import Group, GroupMember


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


def belonging(member_ids: Iterable[UUID], kind: str) -> QuerySet[GroupMember, Any]:
    """`member_id` and `group_id` of each membership of these in a group that is not deleted, to be joined with."""
    rows = GroupMember.objects.in_tenant().filter(member_id__in=list(member_ids), member_kind=kind)
    found: QuerySet[GroupMember, Any] = rows.filter(group__deleted_at__isnull=True).values("member_id", "group_id")
    return found


def members_as_rows(group_ids: Any, kind: str) -> QuerySet[GroupMember, Any]:
    """The ids of those of one kind who belong to the groups of a subquery, as a subquery."""
    rows = GroupMember.objects.in_tenant().filter(group_id__in=group_ids, member_kind=kind)
    found: QuerySet[GroupMember, Any] = rows.filter(group__deleted_at__isnull=True).values("member_id")
    return found
