"""What a caller was given: roles, each by an assignment that may hold for one object only, or for a while."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from apps.core.errors import Invalid


@dataclass(frozen=True, slots=True)
class Resource:
    """One thing that may be acted on: its type, `order`, and its id. `attributes` are what conditions may ask of it,
    an amount or an owner, say; they are no part of its identity.
    """

    type: str
    id: UUID
    attributes: Mapping[str, Any] = field(default_factory=dict, compare=False)

    @classmethod
    def parsed(cls, text: str) -> Resource:
        """From `order:<id>`. Raises Invalid."""
        kind, _, id_ = text.partition(":")
        try:
            return cls(kind, UUID(id_))
        except ValueError as error:
            raise Invalid(errors={"resource": ["write it as <type>:<id>, for example order:<uuid>"]}) from error

    def __str__(self) -> str:
        return f"{self.type}:{self.id}"


@dataclass(frozen=True, slots=True)
class RoleNode:
    """A role: what it holds itself, and the codes of the roles that it includes."""

    code: str
    permissions: frozenset[str]
    includes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Grant:
    """One way of holding a role: directly, or as a member of a group. Without `resource_type` it holds everywhere."""

    role: str
    assignment_id: UUID | None = None
    group_id: UUID | None = None
    resource_type: str = ""
    resource_id: UUID | None = None
    expires_at: datetime | None = None

    def has_expired(self, now: datetime) -> bool:
        return self.expires_at is not None and self.expires_at <= now

    def covers(self, resource: Resource | None) -> bool:
        """True if it counts for this object; None stands for the tenant as a whole."""
        if not self.resource_type:
            return True
        return resource is not None and (self.resource_type, self.resource_id) == (resource.type, resource.id)

    def overlaps(self, other: Grant) -> bool:
        """True if there can be an object for which both count."""
        if not self.resource_type or not other.resource_type:
            return True
        return (self.resource_type, self.resource_id) == (other.resource_type, other.resource_id)


@dataclass(frozen=True, slots=True)
class Holdings:
    """All grants of somebody, with the roles that they reach; expired ones may be among them and count for nothing.

    `policies` is the stamp of the policies that hold in the tenant at that moment; None where there are none.
    """

    grants: tuple[Grant, ...] = ()
    roles: Mapping[str, RoleNode] = field(default_factory=dict)
    policies: UUID | None = None

    @classmethod
    def flat(cls, permissions: frozenset[str]) -> Holdings:
        """Permissions that come with the credential itself, through no role."""
        return cls((Grant(""),), {"": RoleNode("", permissions)})

    def chain(self, role: str, permission: str) -> tuple[str, ...] | None:
        """The codes from a role down to the nearest included one that holds the permission; None if none does."""
        for chain in chains_from(role, self.roles):
            if permission in self.roles[chain[-1]].permissions:
                return chain
        return None

    def permissions(self, now: datetime, *, everywhere: bool = True) -> frozenset[str]:
        """What they allow in the whole tenant; with `everywhere=False` also what they allow for single objects."""
        codes = {g.role for g in self.grants if not g.has_expired(now) and not (everywhere and g.resource_type)}
        return permissions_of(codes, self.roles)


def chains_from(role: str, roles: Mapping[str, RoleNode]) -> Iterator[tuple[str, ...]]:
    """The shortest chain of inclusions to each role that one reaches, itself first, nearest first.

    A role that does not exist is passed over. Ends even where roles include one another.
    """
    seen: set[str] = {role}
    waiting: deque[tuple[str, ...]] = deque([(role,)])
    while waiting:
        chain = waiting.popleft()
        node = roles.get(chain[-1])
        if node is None:
            continue
        yield chain
        for code in node.includes:
            if code not in seen:
                seen.add(code)
                waiting.append((*chain, code))


def reached_from(codes: Iterable[str], roles: Mapping[str, RoleNode]) -> frozenset[str]:
    """The codes of these roles and of all that they include."""
    return frozenset(chain[-1] for code in codes for chain in chains_from(code, roles))


def permissions_of(codes: Iterable[str], roles: Mapping[str, RoleNode]) -> frozenset[str]:
    """All that these roles hold, by themselves and through what they include."""
    return frozenset[str]().union(*(roles[code].permissions for code in reached_from(codes, roles)))
