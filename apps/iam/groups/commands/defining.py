"""Make groups, rename, delete and restore them."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import IntegrityError

from apps.core.events import unit_of_work
from apps.core.history import Actor
from apps.iam.groups import queries
from apps.iam.groups.commands.limits import check_version, refuse_beyond_own, require_there
from apps.iam.groups.errors import GroupNameTaken, InvalidGroup
from apps.iam.groups.events import GroupCreated, GroupDeleted, GroupRestored, GroupUpdated
from apps.iam.groups.models import DESCRIPTION_LENGTH, EXTERNAL_ID_LENGTH, NAME_LENGTH, Group
from apps.iam.roles import commands as roles
from apps.iam.roles import separation
from apps.iam.users.names import folded


def create_group(*, name: str, description: str = "", external_id: str = "", actor: Actor) -> Group:
    """Make a group without members and roles.

    Safe to repeat with an `external_id`: a group that has it and the same name already is returned as it is. Raises
    InvalidGroup, GroupNameTaken.
    """
    group = Group()
    _describe(group, name, description, external_id)
    if external_id:
        known = queries.groups(external_id=group.external_id).first()
        if known is not None and known.name_key == group.name_key:
            return queries.group(known.id)
    _save(group, actor, GroupCreated, "created")
    return queries.group(group.id)


def update_group(
    *,
    group_id: UUID,
    actor: Actor,
    name: str | None = None,
    description: str | None = None,
    external_id: str | None = None,
    expected_version: int | None = None,
) -> Group:
    """Say otherwise what a group is called; None leaves things as they are.

    Safe to repeat: what changes nothing publishes nothing. Raises GroupNotFound, GroupIsDeleted, InvalidGroup,
    GroupNameTaken, PreconditionFailed.
    """
    with unit_of_work(Group, actor=actor):
        group = queries.lock_group(group_id)
        require_there(group, expected_version)
        before = (group.name, group.description, group.external_id)
        wanted = (name, description, external_id)
        after = tuple(old if new is None else new for old, new in zip(before, wanted, strict=True))
        _describe(group, *after)
        if (group.name, group.description, group.external_id) != before:
            _save(group, actor, GroupUpdated, "updated")
    return queries.group(group_id)


def delete_group(*, group_id: UUID, actor: Actor, now: datetime, expected_version: int | None = None) -> Group:
    """Take a group out of use with all its roles; everything can be restored together. Its members stay as they are.

    Safe to repeat. Raises GroupNotFound, BeyondOwnPermissions, PreconditionFailed.
    """
    with unit_of_work(Group, actor=actor) as work:
        group = queries.lock_group(group_id)
        if group.is_deleted:
            return group
        check_version(group, expected_version)
        refuse_beyond_own(group, actor)
        deletion_id = group.soft_delete(at=now, by=actor.id)
        group.save(update_fields=["deleted_at", "deleted_by", "deletion_id"])
        roles.end_assignments(holder_id=group_id, deletion_id=deletion_id, actor=actor, now=now)
        work.publish(GroupDeleted(group_id=group_id))
    return group


def restore_group(*, group_id: UUID, actor: Actor, now: datetime) -> Group:
    """Undo a deletion: the group is back with the members and roles of before.

    Safe to repeat. Raises GroupNotFound, GroupNameTaken, BeyondOwnPermissions, SeparationOfDutyViolated.
    """
    try:
        with unit_of_work(Group, actor=actor) as work:
            group = queries.lock_group(group_id)
            if group.is_deleted:
                deletion_id = group.restore()
                group.save(update_fields=["deleted_at", "deleted_by", "deletion_id"])
                if deletion_id:
                    roles.restore_assignments(
                        holder_id=group_id, holder_kind="group", deletion_id=deletion_id, actor=actor, now=now
                    )
                refuse_beyond_own(group, actor)
                separation.require_apart({"group": [group_id]}, now=now)
                work.publish(GroupRestored(group_id=group_id))
    except IntegrityError as error:
        raise GroupNameTaken from error
    return queries.group(group_id)


def _describe(group: Group, name: str, description: str, external_id: str) -> None:
    wrong, name = {}, " ".join(name.split())
    if not name or len(name) > NAME_LENGTH or len(folded(name)) > NAME_LENGTH * 2 or "\x00" in name:
        wrong["name"] = [f"1 to {NAME_LENGTH} characters"]
    if len(description) > DESCRIPTION_LENGTH or "\x00" in description:
        wrong["description"] = [f"at most {DESCRIPTION_LENGTH} characters"]
    if len(external_id) > EXTERNAL_ID_LENGTH or "\x00" in external_id:
        wrong["external_id"] = [f"at most {EXTERNAL_ID_LENGTH} characters"]
    if wrong:
        raise InvalidGroup(errors=wrong)
    group.name, group.name_key = name, folded(name)
    group.description, group.external_id = description.strip(), external_id.strip()


def _save(group: Group, actor: Actor, happened: type[GroupCreated | GroupUpdated], change: str) -> None:
    try:
        with unit_of_work(Group, actor=actor) as work:
            group.save()
            work.publish(happened(group_id=group.id, name=group.name, external_id=group.external_id))
    except IntegrityError as error:
        raise GroupNameTaken from error
