"""What a change of policies would mean for what was asked lately, before it is saved: the dry run.

Each recent decision is made twice, by the policies in force and by those that would be, with the same circumstances,
and with roles and objects as they are now. So all that differs comes from the change.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from redis.exceptions import RedisError

from apps.core.auth import Principal, Resource, declared_permissions
from apps.core.auth.cedar import TheseOnly
from apps.core.auth.cedar.compiling import compiled
from apps.core.auth.decision import Decision, decide
from apps.core.auth.policy import PolicyText
from apps.core.auth.recent import RecentDecision, recent_decisions
from apps.core.auth.resource_kinds import attributes
from apps.core.history import Origin, coming_from
from apps.core.tenancy import require_tenant_id
from apps.iam.access import queries as access
from apps.iam.access.subjects import Subject, subjects
from apps.iam.policies import queries
from apps.iam.policies.content import PolicyContent

MOST_TOLD = 100
_NOBODY = UUID(int=0)


@dataclass(frozen=True, slots=True)
class Turned:
    """A recent decision that would be another one. `policies` and `conditions` are those of whichever denies."""

    at: datetime
    subject: Subject
    permission: str
    permission_label: str
    resource: str
    becomes: str
    policies: tuple[str, ...]
    conditions: Mapping[str, str]
    error: str

    @property
    def sentence(self) -> str:
        """`Ada King could not cancel orders (orders.cancel) any more, by “Large cancellations”`"""
        could = "could not do this any more" if self.becomes == "denied" else "could do this again"
        return f"{self.subject.name} {could}: {self.permission_label} ({self.permission})"


@dataclass(slots=True)
class Preview:
    """How a change would have turned what was asked lately. `text` is the policy as it would be in force.

    Of `looked_at` decisions `denied` would be denied from then on and `allowed` be allowed again; `turned` are the
    newest MOST_TOLD of both. `available` is false while recent decisions cannot be read.
    """

    text: str
    looked_at: int = 0
    since: datetime | None = None
    denied: int = 0
    allowed: int = 0
    people: int = 0
    turned: list[Turned] = field(default_factory=list)
    available: bool = True


def of_policy(content: PolicyContent, *, policy_id: UUID | None = None, now: datetime) -> Preview:
    """What would change if a policy said this: a new one, or the one named. Saves nothing.

    Raises InvalidPolicy, PolicyNotFound.
    """
    content = content.checked()
    if policy_id is not None:
        queries.policy(policy_id)
    others = [text for text in queries.in_force().policies if text.id != policy_id]
    wanted = [PolicyText(policy_id or _NOBODY, content.name, content.text)] if content.enabled else []
    outlook = Preview(content.text)
    try:
        recent = recent_decisions(require_tenant_id())
    except RedisError:
        outlook.available = False
        return outlook
    after = TheseOnly(compiled([*others, *wanted]))
    before = TheseOnly(compiled(queries.in_force().policies))
    _try(outlook, recent, before, after, now)
    return outlook


def _try(outlook: Preview, recent: list[RecentDecision], before: TheseOnly, after: TheseOnly, now: datetime) -> None:
    people, resources = _people(recent), _resources(recent)
    principals = access.principals_of(people.values(), now=now)
    hit: set[UUID] = set()
    for one in recent:
        subject = people.get(UUID(one.subject))
        resource = resources.get(one.resource)
        if subject is None or (one.resource and resource is None) or one.permission not in declared_permissions():
            continue
        outlook.looked_at += 1
        outlook.since = one.moment
        who = _as_then(principals[subject.id], one)
        with coming_from(Origin(address=one.address)):
            was = decide(who, one.permission, resource, now=one.moment, policies=before)
            becomes = decide(who, one.permission, resource, now=one.moment, policies=after)
        if was.allowed != becomes.allowed:
            hit.add(subject.id)
            _tell(outlook, one, subject, was, becomes)
    outlook.people = len(hit)


def _tell(outlook: Preview, one: RecentDecision, subject: Subject, was: Decision, becomes: Decision) -> None:
    if becomes.allowed:
        outlook.allowed += 1
    else:
        outlook.denied += 1
    if len(outlook.turned) < MOST_TOLD:
        verdict = (was if becomes.allowed else becomes).verdict
        outlook.turned.append(
            Turned(
                at=one.moment,
                subject=subject,
                permission=one.permission,
                permission_label=declared_permissions()[one.permission].label,
                resource=one.resource,
                becomes="allowed" if becomes.allowed else "denied",
                policies=verdict.policies,
                conditions=dict(verdict.conditions or {}),
                error=verdict.error,
            )
        )


def _as_then(principal: Principal, one: RecentDecision) -> Principal:
    """The principal of now, signed in as it was then."""
    signed_in_at = None if one.authenticated_at is None else datetime.fromtimestamp(one.authenticated_at, UTC)
    return replace(
        principal,
        acr=one.acr,
        authenticated_at=signed_in_at,
        method=one.method,
        impersonator_id=_NOBODY if one.impersonated else None,
    )


def _people(recent: list[RecentDecision]) -> dict[UUID, Subject]:
    """Those who asked and are still there. Two statements."""
    found: dict[UUID, Subject] = {}
    for kind in ("user", "service"):
        found |= subjects(kind, [UUID(one.subject) for one in recent if one.kind == kind])
    return found


def _resources(recent: list[RecentDecision]) -> dict[str, Resource]:
    """The objects that are still there, with what policies may ask of them. One question for each kind."""
    by_kind: dict[str, set[UUID]] = {}
    for one in recent:
        if one.resource:
            asked = Resource.parsed(one.resource)
            by_kind.setdefault(asked.type, set()).add(asked.id)
    found: dict[str, Resource] = {}
    for kind, ids in by_kind.items():
        for id_, known in attributes(kind, ids).items():
            found[f"{kind}:{id_}"] = Resource(kind, id_, dict[str, Any](known))
    return found
