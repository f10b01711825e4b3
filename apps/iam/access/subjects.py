"""Whoever may hold roles, people, service accounts and groups alike: who they are, by kind and id."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from apps.iam.access.errors import SubjectNotFound
from apps.iam.groups import membership as groups
from apps.iam.service_accounts import queries as service_accounts
from apps.iam.users import queries as users

KINDS = ("user", "service", "group")
WORDS = {"user": "person", "service": "service account", "group": "group"}


@dataclass(frozen=True, slots=True)
class Subject:
    """A person, service account or group. `state` is active, invited, suspended, disabled or deleted; `standing` is
    empty, or says what keeps it from doing anything.
    """

    kind: str
    id: UUID
    name: str
    email: str = ""
    state: str = "active"
    standing: str = ""

    @property
    def is_there(self) -> bool:
        return self.state != "deleted"


def subjects(kind: str, ids: Iterable[UUID]) -> dict[UUID, Subject]:
    """Those of the given ones that the tenant knows, deleted ones too. One statement."""
    wanted = list(dict.fromkeys(ids))
    if not wanted:
        return {}
    if kind == "user":
        return {member.user_id: of_member(member) for member in users.members_by_id(wanted)}
    if kind == "service":
        return {account.id: of_account(account) for account in service_accounts.accounts_by_id(wanted)}
    there = groups.existing(wanted)
    return {
        id_: Subject("group", id_, name, state="active" if id_ in there else "deleted")
        for id_, name in groups.names(wanted).items()
    }


def of_member(member: Any) -> Subject:
    """A row of `users.queries`."""
    return Subject("user", member.user_id, member.name, member.user.email, member.state, member.standing)


def of_account(account: Any) -> Subject:
    """A row of `service_accounts.queries`."""
    standing = "" if account.state == "active" else account.state
    return Subject("service", account.id, account.name, state=account.state, standing=standing)


def subject(kind: str, id_: UUID) -> Subject:
    """One that is there. Raises SubjectNotFound."""
    found = subjects(kind, [id_]).get(id_)
    if found is None or not found.is_there:
        raise SubjectNotFound(f"there is no {WORDS[kind]} {id_}")
    return found


def missing(kind: str, ids: Iterable[UUID]) -> list[UUID]:
    """Those of the given ones that are not there, in order."""
    wanted = list(dict.fromkeys(ids))
    found = subjects(kind, wanted)
    return [id_ for id_ in wanted if id_ not in found or not found[id_].is_there]


def names(kind: str, ids: Iterable[UUID]) -> dict[UUID, str]:
    """What to call each of these, an id where no name is known. One statement."""
    wanted = list(dict.fromkeys(ids))
    found = subjects(kind, wanted)
    return {id_: found[id_].name if id_ in found else f"{WORDS[kind]} {id_}" for id_ in wanted}
