"""A decision in words: by which paths, what nearly counts, what would change it, and who could do that."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from uuid import UUID

from apps.core.auth import Principal, Resource, declared_permissions
from apps.core.auth.decision import Decision, MissReason, Path, Reason, decide
from apps.core.auth.permissions import SYSTEM_ROLES
from apps.core.history import coming_from
from apps.iam.access import queries
from apps.iam.access.circumstances import what_would_help
from apps.iam.access.subjects import Subject
from apps.iam.groups import membership as groups
from apps.iam.roles import queries as roles
from apps.iam.roles.catalogue import RoleInfo
from apps.iam.roles.resources import resource_names

MOST_ROLES = 5
_STANDING = {
    "suspended": "is suspended in this company",
    "disabled": "is disabled",
    "deleted": "was removed from this company",
    "barred": "is kept out of the whole platform",
    "tenant_suspended": "belongs to a company that is suspended",
}


@dataclass(frozen=True, slots=True)
class Way:
    """A path in words. `why` is empty for one that counts."""

    path: Path
    chain: tuple[str, ...]
    group: str
    scope: str
    expires_at: datetime | None
    why: str = ""

    @property
    def sentence(self) -> str:
        """`as Shift lead, which includes Clerk, through the group Night shift, for order 7 only, until 1 Dec 2026`."""
        parts = [f"as {', which includes '.join(self.chain)}"]
        parts += [f"through the group {self.group}"] if self.group else []
        parts += [f"for {self.scope} only"] if self.scope else []
        if self.expires_at and self.why != MissReason.EXPIRED:
            parts += [f"until {_moment(self.expires_at)}"]
        return ", ".join(parts)


@dataclass(frozen=True, slots=True)
class Remedy:
    """One thing that would change a refusal. `kind` is for programs."""

    kind: str
    text: str
    role: str = ""
    assignment_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Explanation:
    """Everything there is to say about one decision."""

    subject: Subject
    decision: Decision
    permission_label: str
    resource_name: str
    ways: list[Way]
    misses: list[Way]
    remedies: list[Remedy] = field(default_factory=list)
    grantors: list[Subject] = field(default_factory=list)

    @property
    def headline(self) -> str:
        """The answer in one sentence."""
        may = "may" if self.decision.allowed else "may not"
        where = f" for {self.resource_name}" if self.resource_name else ""
        return f"{self.subject.name} {may}: {self.permission_label} ({self.decision.permission}){where}"

    @property
    def because(self) -> str:
        """The reason in one sentence."""
        named = ", ".join(self.decision.verdict.policies) or "a policy"
        return {
            Reason.GRANTED: "a role allows it",
            Reason.PERMITTED: f"no role allows it, but the policy does: {named}",
            Reason.NOT_GRANTED: "no role that counts here allows it",
            Reason.FORBIDDEN: f"the policy {self._verb}: {named}",
            Reason.LIMITED: "the credential in use was not issued for it",
            Reason.IMPERSONATED: "it is done in person, and somebody else is acting in their name",
            Reason.NO_STANDING: f"{self.subject.name} {_STANDING.get(self.decision.standing, self.decision.standing)}",
        }[self.decision.reason]

    @property
    def _verb(self) -> str:
        error = self.decision.verdict.error
        return f"cannot be evaluated, which forbids it ({error})" if error else "forbids it"

    @property
    def conditions(self) -> dict[str, str]:
        """The attributes that policies looked at, with their values."""
        return dict(self.decision.verdict.conditions or {})

    def lines(self) -> list[str]:
        """The whole as a text for people, line by line."""
        found = [self.headline, f"  because {self.because}"]
        found += _section("Ways", [way.sentence for way in self.ways])
        found += _section("Nearly", [f"{way.sentence}: {way.why.replace('_', ' ')}" for way in self.misses])
        found += _section("Conditions", [f"{n} = {v}" for n, v in self.conditions.items()])
        found += _section("What would change it", [remedy.text for remedy in self.remedies])
        found += _section("Who can grant it", [person.name for person in self.grantors])
        return found


def explain(
    subject: Subject,
    permission: str,
    resource: Resource | None,
    *,
    now: datetime,
    caller: Principal | None = None,
    naming: bool = True,
) -> Explanation:
    """Why the subject may or may not do it. Six statements at most, and three more for naming who could grant it.

    `caller` is given by somebody who asks about themselves; without `naming` nobody else's name is told. Raises
    InvalidQuestion.
    """
    queries.require_permission_exists(permission)
    principal = queries.principal_of(subject, now=now, caller=caller)
    with coming_from(queries.origin_for(subject, caller)):
        decision = decide(principal, permission, resource, now=now)
        helping = _circumstances(decision, principal, now)
    labels = roles.labels()
    (ways,) = ways_of([decision], labels)
    named = resource_names([resource])[resource] if resource else ""
    explanation = Explanation(
        subject=subject,
        decision=decision,
        permission_label=declared_permissions()[permission].label,
        resource_name=named,
        ways=[way for way in ways if not way.why],
        misses=[way for way in ways if way.why],
    )
    if not decision.allowed:
        explanation.remedies.extend([*helping, *_remedies(explanation)])
        if naming and decision.reason is Reason.NOT_GRANTED:
            explanation.grantors.extend(queries.grantors(permission, now=now))
    return explanation


def ways_of(decisions: Iterable[Decision], labels: Mapping[str, str] | None = None) -> list[list[Way]]:
    """The paths of each decision in words, then its near misses. One statement for groups, one question for each type
    of object, one for the roles' labels where they are not given.
    """
    labels = roles.labels() if labels is None else labels
    found = [
        [(path, "") for path in decision.paths] + [(miss.path, str(miss.why)) for miss in decision.misses]
        for decision in decisions
    ]
    paths = [path for of_one in found for path, _ in of_one]
    called = groups.names({path.grant.group_id for path in paths if path.grant.group_id})
    scopes = resource_names({scope for path in paths if (scope := _scope(path))})
    return [[_way(path, why, labels, called, scopes) for path, why in of_one] for of_one in found]


def _way(
    path: Path, why: str, labels: Mapping[str, str], called: Mapping[UUID, str], scopes: Mapping[Resource, str]
) -> Way:
    grant, scope = path.grant, _scope(path)
    return Way(
        path,
        tuple(labels.get(code, code) for code in path.chain),
        called.get(grant.group_id, str(grant.group_id)) if grant.group_id else "",
        scopes[scope] if scope else "",
        grant.expires_at,
        why,
    )


def _scope(path: Path) -> Resource | None:
    grant = path.grant
    return Resource(grant.resource_type, grant.resource_id) if grant.resource_type and grant.resource_id else None


def _circumstances(decision: Decision, principal: Principal, now: datetime) -> list[Remedy]:
    """Under which other circumstances the policies that forbid it would not."""
    verdict = decision.verdict
    if decision.reason is not Reason.FORBIDDEN or verdict.error or not verdict.policy_ids:
        return []
    found = what_would_help(principal, decision.permission, decision.resource, verdict.policy_ids, now=now)
    return [Remedy("circumstance", text) for text in found]


def _remedies(explanation: Explanation) -> list[Remedy]:
    subject, decision = explanation.subject, explanation.decision
    if decision.reason is Reason.NO_STANDING:
        return [Remedy("standing", f"{subject.name} must be let in again first")]
    if decision.reason is Reason.LIMITED:
        return [Remedy("credential", f"use a credential that was issued for {decision.permission}")]
    if decision.reason is Reason.IMPERSONATED:
        return [Remedy("in_person", f"{subject.name} must do it in person")]
    if decision.reason is Reason.FORBIDDEN:
        return [Remedy("policy", f"change the policy {name}") for name in decision.verdict.policies or ("in force",)]
    return [*_of_misses(explanation), *_of_roles(explanation)]


def _of_misses(explanation: Explanation) -> Iterable[Remedy]:
    here = explanation.resource_name or "the whole company"
    for way in explanation.misses:
        grant = way.path.grant
        if way.why == MissReason.EXPIRED and grant.expires_at:
            text = f"give {way.chain[0]} again: it expired on {_moment(grant.expires_at)}"
            yield Remedy("extend", text, grant.role, grant.assignment_id)
        else:
            text = f"give {way.chain[0]} for {here}: it is held for {way.scope} only"
            yield Remedy("widen", text, grant.role, grant.assignment_id)


def _of_roles(explanation: Explanation) -> Iterable[Remedy]:
    """The roles that allow it, those that allow the least beyond it first; and the own roles that are held without."""
    code, known = explanation.decision.permission, roles.all_roles()
    allowing = sorted((role for role in known if code in role.permissions), key=_least)
    for role in allowing[:MOST_ROLES]:
        yield Remedy("assign", f"give the role {role.label}, which allows it", role.code)
    held = explanation.decision.held
    for role in known:
        if role.code in held and role.code not in SYSTEM_ROLES and code not in role.permissions:
            yield Remedy("change_role", f"put it into the role {role.label}, which is held without it", role.code)


def _least(role: RoleInfo) -> tuple[int, str]:
    return len(role.permissions), role.code


def _section(title: str, lines: list[str]) -> list[str]:
    return [f"{title}:", *(f"  - {line}" for line in lines)] if lines else []


def _moment(at: datetime) -> str:
    at = at.astimezone(UTC)
    return f"{at.day} {at:%b %Y, %H:%M} UTC"
