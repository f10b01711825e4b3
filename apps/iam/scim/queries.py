"""Reads for provisioning: members and groups of the current tenant with what its directory says of them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.db.models import DateTimeField, Exists, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce, Greatest

from apps.iam.groups import queries as groups
from apps.iam.scim.errors import ConnectionNotFound
from apps.iam.scim.models import Connection, DirectoryEntry
from apps.iam.users import queries as users
from apps.iam.users.names import folded

DEFAULT_ROLE = "viewer"


def people() -> QuerySet[Any]:
    """Members, oldest first, each with its person, `has_entry`, `user_name_key` and `changed_at`. One statement."""
    entry = DirectoryEntry.objects.in_tenant().filter(user_id=OuterRef("user_id"))
    rows = users.members().annotate(
        has_entry=Exists(entry),
        user_name_key=Coalesce(Subquery(entry.values("user_name_key")[:1]), "user__email_key"),
        changed_at=Greatest(
            "updated_at", Subquery(entry.values("updated_at")[:1], output_field=DateTimeField())
        ),  # PostgreSQL's greatest() passes nulls by
    )
    return rows.order_by("id")


def entries() -> QuerySet[DirectoryEntry]:
    """What the directory says of members, as a part of other queries."""
    rows: QuerySet[DirectoryEntry] = DirectoryEntry.objects.in_tenant()
    return rows


def entries_of(user_ids: Iterable[UUID]) -> dict[UUID, DirectoryEntry]:
    """What the directory says of these people, where it says anything. One statement."""
    return {entry.user_id: entry for entry in entries().filter(user_id__in=list(user_ids))}


def ever_said_of(user_id: UUID) -> QuerySet[DirectoryEntry]:
    """What the directory says of one person, and said before it took them away, newest first. One statement."""
    rows = DirectoryEntry.with_deleted.in_tenant().filter(user_id=user_id)
    found: QuerySet[DirectoryEntry] = rows.order_by("-created_at", "-id")
    return found


def lock_entry(user_id: UUID) -> DirectoryEntry | None:
    """What the directory says of one member, locked to the transaction's end."""
    found: DirectoryEntry | None = (
        DirectoryEntry.objects.in_tenant().select_for_update().filter(user_id=user_id).first()
    )
    return found


def entry_with_user_name(user_name: str, *, besides: UUID | None = None) -> DirectoryEntry | None:
    """The entry with this userName, however it is written, of somebody else than `besides`. One statement."""
    rows = entries().filter(user_name_key=folded(user_name))
    return (rows.exclude(user_id=besides) if besides else rows).first()


def is_user_name_taken(user_name: str, *, besides: UUID | None = None) -> bool:
    """True if a member other than `besides` goes by it. One statement."""
    rows = people().filter(user_name_key=folded(user_name))
    return bool((rows.exclude(user_id=besides) if besides else rows).exists())


def groups_of(user_ids: Iterable[UUID]) -> dict[UUID, list[tuple[UUID, str]]]:
    """The groups of each of these people, as ids and names, by name. One statement."""
    found: dict[UUID, list[tuple[UUID, str]]] = {}
    for member_id, group_id, name in groups.places_of(user_ids):
        found.setdefault(member_id, []).append((group_id, name))
    return found


def people_in(group_ids: Iterable[UUID]) -> dict[UUID, list[UUID]]:
    """The ids of the people in each of these groups, in the order in which they came. One statement."""
    found: dict[UUID, list[UUID]] = {}
    for group_id, member_id in groups.people_in(group_ids):
        found.setdefault(group_id, []).append(member_id)
    return found


def connections() -> list[Connection]:
    """The directories that provision this tenant, oldest first. One statement."""
    return list(Connection.objects.in_tenant().order_by("id"))


def connection(connection_id: UUID) -> Connection:
    """One of them. Raises ConnectionNotFound."""
    found: Connection | None = Connection.objects.in_tenant().filter(id=connection_id).first()
    if found is None:
        raise ConnectionNotFound
    return found


def connection_of(account_id: UUID | None) -> Connection:
    """The connection of a service account; one with the defaults, not saved, where none was described."""
    found: Connection | None = Connection.objects.in_tenant().filter(account_id=account_id).first()
    return found or Connection(account_id=account_id, default_role=DEFAULT_ROLE)


def without_entry(condition: Q) -> Q:
    """A condition that holds only for members of whom the directory says nothing."""
    return Q(has_entry=False) & condition
