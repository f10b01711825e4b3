"""A directory's people: made, changed and taken out as members of the current tenant.

A person is of the platform, and may be a member elsewhere: nothing here changes more of them than this tenant's
membership and what its directory says of them. The address by which they sign in stays theirs to change.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import IntegrityError

from apps.core import mail
from apps.core.errors import NotFound
from apps.core.events import UnitOfWork, unit_of_work
from apps.core.history import Actor
from apps.iam.credentials import commands as credentials
from apps.iam.scim import queries, representing
from apps.iam.scim.commands.limits import check_version
from apps.iam.scim.errors import InvalidAttribute, NotProvisioned, UserNameTaken
from apps.iam.scim.events import DirectoryEntryChanged
from apps.iam.scim.models import DirectoryEntry
from apps.iam.scim.profiles import Profile, compared, manager_of, profile_of
from apps.iam.scim.resources import as_id
from apps.iam.users import commands as users
from apps.iam.users import queries as members
from apps.iam.users.names import folded

Change = Callable[[Any], Any]


def create_person(*, resource: Any, actor: Actor, now: datetime) -> UUID:
    """Make the person that a User resource describes a member, with the role of the connection; returns their id.

    Whoever was a member before is restored, with the roles of before. Raises UserNameTaken, InvalidAttribute,
    InvalidMember, BeyondOwnPermissions, SeparationOfDutyViolated, ApprovalNeeded.
    """
    profile = profile_of(resource)
    with _named_once(), unit_of_work(DirectoryEntry, actor=actor) as work:
        if queries.is_user_name_taken(profile.user_name):
            raise UserNameTaken(f"somebody in this company has the userName {profile.user_name}")
        user_id = _enrolled(profile, actor, now)
        _set_apart(user_id, profile, actor)
        _describe(work, user_id, profile)
    return user_id


def change_person(
    *, user_id: Any, change: Change, actor: Actor, now: datetime, expected_version: str | None = None
) -> UUID:
    """Let a member be as `change` makes of their User resource. Returns their id.

    Safe to repeat: what changes nothing publishes nothing. Raises NotProvisioned, UserNameTaken, InvalidAttribute,
    InvalidMember, BeyondOwnPermissions, NotYourself, LastOwner, PreconditionFailed, and what `change` raises.
    """
    with _named_once(), unit_of_work(DirectoryEntry, actor=actor) as work:
        id_ = _locked(user_id)
        present = representing.person(id_)
        check_version(present, expected_version)
        profile = profile_of(change(present))
        if queries.is_user_name_taken(profile.user_name, besides=id_):
            raise UserNameTaken(f"somebody else in this company has the userName {profile.user_name}")
        _set_apart(id_, profile, actor)
        _describe(work, id_, profile)
    return id_


def delete_person(*, user_id: Any, actor: Actor, now: datetime, expected_version: str | None = None) -> None:
    """End a membership, all its roles and places in groups; the person stays, and can be restored.

    Raises NotProvisioned (also for somebody who is deleted), NotYourself, LastOwner, BeyondOwnPermissions,
    PreconditionFailed.
    """
    with unit_of_work(DirectoryEntry, actor=actor):
        id_ = _locked(user_id)
        if expected_version is not None:
            check_version(representing.person(id_), expected_version)
        users.delete_member(user_id=id_, actor=actor, now=now)
        entry = queries.lock_entry(id_)
        if entry is not None:
            _forget(entry, actor, now)


def _locked(user_id: Any) -> UUID:
    id_ = as_id(user_id)
    try:
        membership = members.lock_member(id_) if id_ else None
    except NotFound:
        membership = None
    if membership is None or membership.is_deleted:
        raise NotProvisioned(f"there is no User {user_id}")
    return UUID(str(membership.user_id))


def _enrolled(profile: Profile, actor: Actor, now: datetime) -> UUID:
    try:
        known = members.member_by_email(profile.address, with_deleted=True)
    except NotFound:
        return _invited(profile, actor, now)
    if not known.is_deleted:
        raise UserNameTaken(f"{profile.address} is a member of this company already")
    return UUID(str(users.restore_member(user_id=known.user_id, actor=actor, now=now).user_id))


def _invited(profile: Profile, actor: Actor, now: datetime) -> UUID:
    connection = queries.connection_of(actor.id)
    by_mail = connection.sends_invitations and profile.active is not False and mail.is_on()
    facts = {"email": profile.address, "name": profile.name, "roles": [connection.default_role]}
    invite = credentials.invite if by_mail else users.invite_member
    return UUID(str(invite(**facts, with_password=False, actor=actor, now=now).membership.user_id))


def _set_apart(user_id: UUID, profile: Profile, actor: Actor) -> None:
    """The membership's part. Left alone where nothing changes: not everybody may be changed by everybody."""
    present = members.membership(user_id)
    suspended = None if profile.active is None else not profile.active
    is_suspended = present.status == present.Status.SUSPENDED
    name = None if profile.name == present.name else profile.name
    suspended = None if suspended == is_suspended else suspended
    if name is not None or suspended is not None:
        users.update_member(user_id=user_id, actor=actor, name=name, suspended=suspended)


def _describe(work: UnitOfWork, user_id: UUID, profile: Profile) -> None:
    """The directory's part."""
    _require_manager(profile, user_id)
    entry = queries.lock_entry(user_id) or DirectoryEntry(user_id=user_id)
    before = _said(entry)
    after = {"userName": profile.user_name, "externalId": profile.external_id, **profile.attributes}
    changed = sorted(name for name in {*before, *after} if before.get(name) != after.get(name))
    if not changed and not entry._state.adding:
        return
    entry.user_name, entry.user_name_key = profile.user_name, folded(profile.user_name)
    entry.external_id, entry.attributes = profile.external_id, profile.attributes
    entry.compared = compared(profile.attributes)
    entry.save()
    work.publish(
        DirectoryEntryChanged(
            directory_entry_id=entry.id,
            user_id=user_id,
            user_name=entry.user_name,
            external_id=entry.external_id,
            changed=tuple(changed),
        )
    )


def _said(entry: DirectoryEntry) -> dict[str, Any]:
    if entry._state.adding:
        return {}
    return {"userName": entry.user_name, "externalId": entry.external_id, **entry.attributes}


def _require_manager(profile: Profile, user_id: UUID) -> None:
    manager = manager_of(profile.attributes)
    if manager is not None and manager not in members.names([manager]):
        raise InvalidAttribute(errors={"manager": [f"there is no User {manager}"]})


def _forget(entry: DirectoryEntry, actor: Actor, now: datetime) -> None:
    """The userName is free again; whoever provisions the person again says all anew."""
    entry.soft_delete(at=now, by=actor.id)
    entry.save(update_fields=["deleted_at", "deleted_by", "deletion_id"])


@contextmanager
def _named_once() -> Iterator[None]:
    """Two who want the same userName in the same moment: the constraint lets one through."""
    try:
        yield
    except IntegrityError as error:
        raise UserNameTaken("somebody else took this userName in this very moment") from error
