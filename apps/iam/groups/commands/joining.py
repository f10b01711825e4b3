"""Who belongs to a group. To be in it is to hold its roles, so nobody adds to, or takes from, a group that may do more
than they may themselves, and nobody comes to hold what nobody may hold together.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from apps.core.db.ids import uuid7
from apps.core.events import UnitOfWork, unit_of_work
from apps.core.history import Actor
from apps.iam.access import subjects
from apps.iam.groups import queries
from apps.iam.groups.commands.limits import refuse_beyond_own, require_there
from apps.iam.groups.errors import InvalidGroup
from apps.iam.groups.events import GroupMembersAdded, GroupMembersRemoved
from apps.iam.groups.models import Group, GroupMember
from apps.iam.roles import separation

_FIELDS = {"user": "user_ids", "service": "service_account_ids"}
_Members = dict[str, set[UUID]]


def add_members(
    *,
    group_id: UUID,
    user_ids: Iterable[UUID] = (),
    service_ids: Iterable[UUID] = (),
    actor: Actor,
    now: datetime,
    expected_version: int | None = None,
) -> Group:
    """Let these people and service accounts belong to the group too.

    Safe to repeat: who belongs to it already changes nothing. Raises GroupNotFound, GroupIsDeleted, InvalidGroup for
    somebody who is not there, BeyondOwnPermissions, SeparationOfDutyViolated, PreconditionFailed.
    """
    wanted: _Members = {"user": set(user_ids), "service": set(service_ids)}
    with unit_of_work(GroupMember, actor=actor) as work:
        group = _locked(group_id, expected_version)
        _change(work, group, add=_difference(wanted, _belonging(group_id)), take={}, actor=actor, now=now)
    return queries.group(group_id)


def remove_members(
    *,
    group_id: UUID,
    user_ids: Iterable[UUID] = (),
    service_ids: Iterable[UUID] = (),
    actor: Actor,
    now: datetime,
    expected_version: int | None = None,
) -> Group:
    """Let these people and service accounts no longer belong to the group.

    Safe to repeat: who does not belong to it changes nothing. Raises GroupNotFound, GroupIsDeleted,
    BeyondOwnPermissions, PreconditionFailed.
    """
    unwanted: _Members = {"user": set(user_ids), "service": set(service_ids)}
    with unit_of_work(GroupMember, actor=actor) as work:
        group = _locked(group_id, expected_version)
        belonging = _belonging(group_id)
        take = {kind: ids & belonging[kind] for kind, ids in unwanted.items()}
        _change(work, group, add={}, take=take, actor=actor, now=now)
    return queries.group(group_id)


def replace_members(
    *,
    group_id: UUID,
    user_ids: Iterable[UUID] | None = None,
    service_ids: Iterable[UUID] | None = None,
    actor: Actor,
    now: datetime,
    expected_version: int | None = None,
) -> Group:
    """Let exactly these belong to the group; None leaves people, or service accounts, as they are.

    Safe to repeat. Raises as `add_members` does.
    """
    given = {"user": user_ids, "service": service_ids}
    with unit_of_work(GroupMember, actor=actor) as work:
        group = _locked(group_id, expected_version)
        belonging = _belonging(group_id)
        wanted = {kind: belonging[kind] if ids is None else set(ids) for kind, ids in given.items()}
        add, take = _difference(wanted, belonging), _difference(belonging, wanted)
        _change(work, group, add=add, take=take, actor=actor, now=now)
    return queries.group(group_id)


def leave_all_groups(*, member_id: UUID, deletion_id: UUID, actor: Actor, now: datetime) -> None:
    """Take somebody who is being deleted out of every group, as part of that deletion."""
    with unit_of_work(GroupMember, actor=actor) as work:
        rows = GroupMember.objects.in_tenant().filter(member_id=member_id)
        left = list(rows.order_by("id"))
        rows.update(deleted_at=now, deleted_by=actor.id, deletion_id=deletion_id)
        for membership in left:
            ids = {membership.member_kind: {member_id}}
            work.publish(GroupMembersRemoved(group_id=membership.group_id, **_by_kind(ids)))


def return_to_groups(*, member_id: UUID, deletion_id: UUID, actor: Actor) -> None:
    """Bring somebody back into exactly the groups that this deletion took them out of.

    Whether their roles may be held together is for the caller to ask, once all of them are back.
    """
    with unit_of_work(GroupMember, actor=actor) as work:
        rows = GroupMember.with_deleted.in_tenant().filter(member_id=member_id, deletion_id=deletion_id)
        returning = list(rows.order_by("id"))
        rows.update(deleted_at=None, deleted_by=None, deletion_id=None)
        for membership in returning:
            ids = {membership.member_kind: {member_id}}
            work.publish(GroupMembersAdded(group_id=membership.group_id, **_by_kind(ids)))


def _locked(group_id: UUID, expected_version: int | None) -> Group:
    group = queries.lock_group(group_id)
    require_there(group, expected_version)
    return group


def _belonging(group_id: UUID) -> _Members:
    found: _Members = {"user": set(), "service": set()}
    for membership in queries.members(group_id):
        found[membership.member_kind].add(membership.member_id)
    return found


def _difference(these: _Members, those: _Members) -> _Members:
    return {kind: ids - those[kind] for kind, ids in these.items()}


def _change(work: UnitOfWork, group: Group, *, add: _Members, take: _Members, actor: Actor, now: datetime) -> None:
    if not any(add.values()) and not any(take.values()):
        return
    refuse_beyond_own(group, actor)
    _require_there(add)
    if any(take.values()):
        for kind, ids in take.items():
            rows = GroupMember.objects.in_tenant().filter(group_id=group.id, member_kind=kind, member_id__in=ids)
            rows.update(deleted_at=now, deleted_by=actor.id, deletion_id=uuid7())
        work.publish(GroupMembersRemoved(group_id=group.id, **_by_kind(take)))
    if any(add.values()):
        GroupMember.objects.bulk_create(_joined(group, kind, id_, actor) for kind in add for id_ in sorted(add[kind]))
        work.publish(GroupMembersAdded(group_id=group.id, **_by_kind(add)))
    group.save(update_fields=["version"])  # its version, the ETag, covers the members
    separation.require_apart(add, now=now)


def _require_there(members: _Members) -> None:
    wrong = {
        _FIELDS[kind]: [f"there is no {subjects.WORDS[kind]} {', '.join(map(str, missing))}"]
        for kind, ids in members.items()
        if (missing := subjects.missing(kind, sorted(ids)))
    }
    if wrong:
        raise InvalidGroup(errors=wrong)


def _joined(group: Group, kind: str, member_id: UUID, actor: Actor) -> GroupMember:
    joined = GroupMember(group=group, member_id=member_id, member_kind=kind)
    joined.created_by = joined.updated_by = actor.id  # bulk_create passes `save` by, which would do this
    return joined


def _by_kind(members: _Members) -> dict[str, tuple[UUID, ...]]:
    return {f"{kind}_ids": tuple(sorted(members.get(kind, ()))) for kind in ("user", "service")}
