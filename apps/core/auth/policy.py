"""Conditions on attributes: the place where a policy engine has its say in a decision.

    RBAC allows, then a policy may forbid; a policy may permit what no role does.

`POLICY_ENGINE` names the engine, a class without arguments that fits `Condition`. The platform's own is
`apps.core.auth.cedar.CedarPolicies`, whose policies only ever forbid (ADR 16).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import TYPE_CHECKING, Any, Protocol
from uuid import UUID

from django.conf import settings
from django.utils.module_loading import import_string

from apps.core.auth.grants import Resource
from apps.core.history import current_origin

if TYPE_CHECKING:
    from apps.core.auth.principal import Principal


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked of an engine: may this principal do this action (a permission's code) to this resource, now?"""

    principal: Principal
    action: str
    resource: Resource | None
    now: datetime
    granted: bool
    """True if a role allows it."""

    @property
    def context(self) -> dict[str, Any]:
        """The attributes of the moment: `time`, `address`, `acr`; `amount` and `owner` of the resource, where known."""
        attributes = self.resource.attributes if self.resource else {}
        known = {name: attributes[name] for name in ("amount", "owner") if name in attributes}
        return {"time": self.now, "address": current_origin().address, "acr": self.principal.acr, **known}


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the policies say. One that forbids outweighs all that permit. `policies` names those that decided,
    `policy_ids` are their ids where they have some, and `conditions` the attributes that they looked at, with their
    values as text. `error` says why they could not be evaluated, which forbids.
    """

    permits: bool = False
    forbids: bool = False
    policies: tuple[str, ...] = ()
    conditions: Mapping[str, str] | None = None
    policy_ids: tuple[UUID, ...] = ()
    error: str = ""


NO_OPINION = Verdict()


@dataclass(frozen=True, slots=True)
class PolicyText:
    """One policy in the engine's own language."""

    id: UUID
    name: str
    text: str


@dataclass(frozen=True, slots=True)
class PoliciesInForce:
    """The policies that hold in a tenant. `stamp` changes whenever they do, and comes with every principal's holdings,
    so that no process goes by old ones for longer than one request.
    """

    stamp: UUID | None
    policies: tuple[PolicyText, ...] = ()


class Condition(Protocol):
    """A policy engine."""

    def evaluate(self, question: Question) -> Verdict:
        """Never raises for what a tenant's administrator wrote: a policy that cannot be evaluated forbids."""
        ...


class NoPolicies:
    """The engine of a platform without policies."""

    def evaluate(self, question: Question) -> Verdict:
        return NO_OPINION


def policy_engine() -> Condition:
    """The engine that the settings name, one for the process."""
    return _engine(settings.POLICY_ENGINE)


@cache
def _engine(dotted: str) -> Condition:
    engine: Condition = import_string(dotted)()
    return engine
