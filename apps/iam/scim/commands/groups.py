"""A directory's groups, which are the tenant's."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any
from uuid import UUID

from apps.core.errors import NotFound
from apps.core.events import unit_of_work
from apps.core.history import Actor
from apps.iam.groups import commands as groups
from apps.iam.groups import queries as known
from apps.iam.groups.errors import GroupNameTaken
from apps.iam.scim import representing
from apps.iam.scim.commands.limits import check_version
from apps.iam.scim.errors import InvalidAttribute, NotProvisioned
from apps.iam.scim.models import DirectoryEntry
from apps.iam.scim.resources import as_id
from apps.iam.users import queries as users

Change = Callable[[Any], Any]


def create_group(*, resource: Any, actor: Actor, now: datetime) -> UUID:
    """Make the group that a Group resource describes, with its people; returns its id.

    Raises GroupNameTaken, InvalidGroup, InvalidAttribute, BeyondOwnPermissions, SeparationOfDutyViolated.
    """
    with unit_of_work(DirectoryEntry, actor=actor):
        external_id = resource.external_id or ""
        if external_id and known.groups(external_id=external_id).exists():
            raise GroupNameTaken(f"another group has the externalId {external_id}")
        group = groups.create_group(name=resource.display_name or "", external_id=external_id, actor=actor)
        if wanted := _people(resource):
            groups.add_members(group_id=group.id, user_ids=wanted, actor=actor, now=now)
    return UUID(str(group.id))


def change_group(
    *, group_id: Any, change: Change, actor: Actor, now: datetime, expected_version: str | None = None
) -> UUID:
    """Let a group be as `change` makes of its resource. Service accounts in it stay. Returns its id.

    Safe to repeat. Raises NotProvisioned, GroupNameTaken, InvalidGroup, InvalidAttribute, BeyondOwnPermissions,
    SeparationOfDutyViolated, PreconditionFailed, and what `change` raises.
    """
    with unit_of_work(DirectoryEntry, actor=actor):
        id_ = _locked(group_id)
        present = representing.group(id_)
        check_version(present, expected_version)
        before = _people(present)
        wanted = change(present)
        facts = {"name": wanted.display_name or "", "external_id": wanted.external_id or ""}
        groups.update_group(group_id=id_, **facts, actor=actor)
        after = _people(wanted)
        if after != before:
            groups.replace_members(group_id=id_, user_ids=after, actor=actor, now=now)
    return id_


def delete_group(*, group_id: Any, actor: Actor, now: datetime, expected_version: str | None = None) -> None:
    """Take a group out of use, with what its members held through it; it can be restored in the console.

    Raises NotProvisioned (also for one that is deleted), BeyondOwnPermissions, PreconditionFailed.
    """
    with unit_of_work(DirectoryEntry, actor=actor):
        id_ = _locked(group_id)
        if expected_version is not None:
            check_version(representing.group(id_), expected_version)
        groups.delete_group(group_id=id_, actor=actor, now=now)


def _locked(group_id: Any) -> UUID:
    id_ = as_id(group_id)
    try:
        group = known.lock_group(id_) if id_ else None
    except NotFound:
        group = None
    if group is None or group.is_deleted:
        raise NotProvisioned(f"there is no Group {group_id}")
    return UUID(str(group.id))


def _people(resource: Any) -> set[UUID]:
    """The ids of a group's people. Raises InvalidAttribute for what is no person of this tenant."""
    said = [member.value for member in resource.members or ()]
    ids = {as_id(value) for value in said}
    missing = [str(value) for value in said if as_id(value) is None]
    if not missing:
        there = users.names(id_ for id_ in ids if id_)
        missing = [str(id_) for id_ in ids if id_ not in there]
    if missing:
        raise InvalidAttribute(errors={"members": [f"there is no User {', '.join(sorted(missing)[:5])}"]})
    return {id_ for id_ in ids if id_}
