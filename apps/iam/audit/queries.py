"""Who changed what in the current tenant, in every service: one list, merged from the sources that settings name."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from django.conf import settings
from django.utils.module_loading import import_string

from apps.business.facade import business
from apps.core.history.changes import Change, ChangeFilter, newest
from apps.iam.groups import membership as group_names
from apps.iam.groups import queries as groups
from apps.iam.oidc.clients import queries as clients
from apps.iam.roles import assignments
from apps.iam.service_accounts import queries as accounts
from apps.iam.users import queries as users

ACTIONS = ("created", "updated", "deleted", "restored")


@dataclass(frozen=True, slots=True)
class AuditedChange(Change):
    """A change with a name to show instead of its id, where one is known."""

    entity_label: str = ""


def entities() -> list[str]:
    """The names of everything whose changes are kept, in alphabetical order."""
    return sorted({name for names in settings.CHANGE_SOURCES.values() for name in names})


def changes(where: ChangeFilter, *, limit: int) -> list[AuditedChange]:
    """The latest wanted changes, newest first. Three statements per entity, and one for each kind of name."""
    pages = [
        import_string(source)(where, limit=limit)
        for source, known in settings.CHANGE_SOURCES.items()
        if not where.entities or set(known) & set(where.entities)
    ]
    return _named(newest(pages, limit=limit))


def _named(page: list[Change]) -> list[AuditedChange]:
    names = {
        **_names_of_members(page),
        **_names_of_assignments(page),
        **_names_of_groups(page),
        **_names_of_group_members(page),
        **_names_of_clients(page),
        **_names_of_products(page),
        **_names_of_orders(page),
    }
    return [_audited(change, names.get(change.entity_id)) for change in page]


@dataclass(frozen=True, slots=True)
class _Name:
    """What to call a changed row, and by which id it is asked for."""

    label: str
    id: UUID


def _audited(change: Change, name: _Name | None) -> AuditedChange:
    fields = {field: getattr(change, field) for field in Change.__slots__}
    if name is None:
        return AuditedChange(**fields)
    return AuditedChange(**{**fields, "entity_id": name.id}, entity_label=name.label)


def _names_of_members(page: list[Change]) -> dict[UUID, _Name]:
    """A member is asked for by the person's id, not the membership's."""
    people = users.people_of(_ids(page, "Membership"))
    return {membership_id: _Name(name, user_id) for membership_id, (user_id, name) in people.items()}


def _names_of_assignments(page: list[Change]) -> dict[UUID, _Name]:
    held = assignments.holders_and_roles(_ids(page, "RoleAssignment"))
    holders = {holder_id for holder_id, _ in held.values()}
    called = {**accounts.names(holders), **group_names.names(holders), **users.names(holders)}
    return {id_: _Name(f"{role} for {called.get(holder, holder)}", id_) for id_, (holder, role) in held.items()}


def _names_of_groups(page: list[Change]) -> dict[UUID, _Name]:
    return {id_: _Name(name, id_) for id_, name in group_names.names(_ids(page, "Group")).items()}


def _names_of_group_members(page: list[Change]) -> dict[UUID, _Name]:
    """A membership of a group is shown on the group's page."""
    joined = groups.memberships(_ids(page, "GroupMember"))
    people = users.names({member_id for _, member_id in joined.values()})
    called = group_names.names({group_id for group_id, _ in joined.values()})
    return {
        id_: _Name(f"{people.get(member_id, member_id)} in {called.get(group_id, group_id)}", group_id)
        for id_, (group_id, member_id) in joined.items()
    }


def _names_of_clients(page: list[Change]) -> dict[UUID, _Name]:
    """Service accounts, their keys, and applications."""
    found = {
        **(accounts.names(ids) if (ids := _ids(page, "ServiceAccount")) else {}),
        **(accounts.key_names(ids) if (ids := _ids(page, "ApiKey")) else {}),
        **(clients.names(ids) if (ids := _ids(page, "Application")) else {}),
    }
    return {id_: _Name(name, id_) for id_, name in found.items()}


def _names_of_products(page: list[Change]) -> dict[UUID, _Name]:
    ids = _ids(page, "Product")
    return {id_: _Name(found.name, id_) for id_, found in (business.products(ids) if ids else {}).items()}


def _names_of_orders(page: list[Change]) -> dict[UUID, _Name]:
    ids = _ids(page, "Order")
    return {id_: _Name(str(found.number), id_) for id_, found in (business.orders(ids) if ids else {}).items()}


def _ids(page: list[Change], entity: str) -> set[UUID]:
    return {change.entity_id for change in page if change.entity == entity}
