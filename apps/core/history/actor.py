"""Who is acting. Commands take an `Actor`; the database's history triggers read the current one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Literal
from uuid import UUID, uuid4


@dataclass(frozen=True, slots=True)
class Actor:
    """A person, a service account or the platform itself; and whoever acts in that person's name.

    `limited_to` holds the permissions of a credential that may do less than its holder: an API key with scopes.
    """

    kind: Literal["user", "service", "system"]
    id: UUID | None = None
    name: str = ""
    impersonator_id: UUID | None = None
    impersonator_name: str = ""
    limited_to: frozenset[str] | None = None


SYSTEM = Actor(kind="system", name="system")


@dataclass(frozen=True, slots=True)
class Provenance:
    """What a changed row's history remembers of the change: by whom, why, in which trace."""

    actor: Actor
    reason: str = ""
    trace_id: str = ""
    id: UUID = field(default_factory=uuid4)

    def metadata(self) -> dict[str, str]:
        """The JSON object kept beside each history row. Empty members are left out."""
        actor_id = str(self.actor.id) if self.actor.id else ""
        everything = {
            "actor_kind": self.actor.kind,
            "actor_id": actor_id,
            "actor_name": self.actor.name,
            "impersonator_id": str(self.actor.impersonator_id or ""),
            "impersonator_name": self.actor.impersonator_name,
            "reason": self.reason,
            "trace_id": self.trace_id,
        }
        return {key: value for key, value in everything.items() if value}


_provenance: ContextVar[Provenance | None] = ContextVar("provenance", default=None)


def current_provenance() -> Provenance | None:
    """The provenance of whatever is written now; None outside `acting`."""
    return _provenance.get()


def current_actor() -> Actor:
    """Who is acting now; the system when nobody said otherwise."""
    provenance = _provenance.get()
    return provenance.actor if provenance else SYSTEM


@contextmanager
def acting(actor: Actor, *, reason: str = "", trace_id: str = "") -> Iterator[Provenance]:
    """Every row written inside is remembered as changed by `actor`, in every database."""
    traced = trace_id if trace_id.strip("0") else ""  # all zeros: nothing is being traced
    provenance = Provenance(actor=actor, reason=reason[:500], trace_id=traced)
    token = _provenance.set(provenance)
    try:
        yield provenance
    finally:
        _provenance.reset(token)
