"""Static separation of duty: pairs of roles that nobody may hold together, however they come by them.

Checked whenever somebody could come to hold more: at an assignment, a change of a role, a change of a group. Checks of
one tenant queue on an advisory lock to the end of their transactions, so that two who each give one half of a pair
cannot both pass. It is taken last, after the rows are written, so it is no part of a deadly embrace.
Source: ANSI INCITS 359-2012, RBAC, static separation of duty relations.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice, product
from typing import Any
from uuid import UUID

from django.db import connections

from apps.core.auth.decision import Path
from apps.core.auth.grants import Grant, Holdings, RoleNode, chains_from, reached_from
from apps.core.db.router import alias_for
from apps.core.tenancy import require_tenant_id
from apps.iam.access import subjects
from apps.iam.groups import membership as groups
from apps.iam.roles import queries
from apps.iam.roles.errors import RuleNotFound, SeparationOfDutyViolated
from apps.iam.roles.holdings import codes_reaching, holdings_of, role_graph
from apps.iam.roles.models import SeparationRule

MOST_TOLD = 50
_AT_ONCE = 1000
_NEVER = datetime.min.replace(tzinfo=UTC)  # roles do not expire, only assignments do


@dataclass(frozen=True, slots=True)
class Violation:
    """Somebody holds both roles of a rule; a path for each. A role that includes both is a `role` whose id is none."""

    rule: SeparationRule
    kind: str
    holder_id: UUID | None
    first: Path
    second: Path


def rules() -> list[SeparationRule]:
    """The rules of the tenant by name. One statement."""
    return list(SeparationRule.objects.in_tenant().order_by("name", "id"))


def rule(rule_id: UUID) -> SeparationRule:
    """One rule. One statement. Raises RuleNotFound."""
    found: SeparationRule | None = SeparationRule.objects.in_tenant().filter(id=rule_id).first()
    if found is None:
        raise RuleNotFound
    return found


def lock_rule(rule_id: UUID) -> SeparationRule:
    """One rule, also a deleted one, locked to the end of the transaction. Raises RuleNotFound."""
    found: SeparationRule | None = (
        SeparationRule.with_deleted.in_tenant().select_for_update().filter(id=rule_id).first()
    )
    if found is None:
        raise RuleNotFound
    return found


def require_apart(holders: Mapping[str, Iterable[UUID]], *, now: datetime) -> None:
    """Raises SeparationOfDutyViolated if one of these holders, by kind, holds what nobody may hold together.

    A group stands for its members and for itself. Call it after the rows are written. Two statements where there are
    no rules.
    """
    known = _locked_rules()
    if known:
        _refuse(_of_holders(_with_members(holders), known, now))


def require_roles_apart(changed: str, *, now: datetime) -> None:
    """The same for everybody who holds a role that was changed, and for the roles that include it."""
    known = _locked_rules()
    if not known:
        return
    graph = role_graph()
    above = codes_reaching(changed, graph)
    _refuse(_of_roles(above, graph, known))
    touched = reached_from([changed], graph)
    concerned = [rule for rule in known if {rule.first_role, rule.second_role} & touched]
    if concerned:
        _refuse(_of_holders(queries.holder_ids(above, now=now), concerned, now))


def violations_of(rule: SeparationRule, *, now: datetime) -> list[Violation]:
    """Who breaks a rule now: roles that include both halves, then everybody who holds both. Some statements."""
    graph = role_graph()
    one = queries.holder_ids(codes_reaching(rule.first_role, graph), now=now)
    other = queries.holder_ids(codes_reaching(rule.second_role, graph), now=now)
    both = {kind: sorted(ids & other[kind]) for kind, ids in one.items()}
    return [*_of_roles(frozenset(graph), graph, [rule]), *_of_holders(both, [rule], now)]


def violations_in(
    kind: str, holder_id: UUID | None, holdings: Holdings, known: Iterable[SeparationRule], now: datetime
) -> Iterator[Violation]:
    """The rules that these holdings break, each with the plainest two paths. No statement."""
    reached: dict[str, list[Path]] = {}
    for grant in holdings.grants:
        if not grant.has_expired(now):
            for chain in chains_from(grant.role, holdings.roles):
                reached.setdefault(chain[-1], []).append(Path(grant, chain))
    for rule in known:
        pairs = product(reached.get(rule.first_role, ()), reached.get(rule.second_role, ()))
        together = next(((one, other) for one, other in pairs if one.grant.overlaps(other.grant)), None)
        if together:
            yield Violation(rule, kind, holder_id, *together)


def lock() -> None:
    """Wait for whoever else is checking in this tenant; held to the end of the transaction."""
    with connections[alias_for(SeparationRule)].cursor() as cursor:
        cursor.execute("select pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"separation:{require_tenant_id()}"])


def told(violations: list[Violation], *, verb: str = "holds") -> list[dict[str, Any]]:
    """Violations for people and programs: who, which rule, by which paths. At most five statements."""
    called = {kind: _names(kind, violations) for kind in subjects.KINDS}
    of_groups = groups.names({p.grant.group_id for v in violations for p in (v.first, v.second) if p.grant.group_id})
    labels = queries.labels()
    return [_told(violation, verb, called, of_groups, labels) for violation in violations]


def way(path: Path, labels: Mapping[str, str], of_groups: Mapping[UUID, str]) -> str:
    """A path in words: `through the group Finance, whose role Lead includes Approver`."""
    roles = [labels.get(code, code) for code in path.chain]
    start = f"the group {of_groups.get(path.grant.group_id, path.grant.group_id)}" if path.grant.group_id else ""
    inherited = " includes ".join(roles)
    if start:
        return f"through {start}" + (f", whose role {inherited}" if len(roles) > 1 else "")
    return f"as {inherited}" if len(roles) > 1 else "directly"


def _locked_rules() -> list[SeparationRule]:
    lock()
    return rules()


def _with_members(holders: Mapping[str, Iterable[UUID]]) -> dict[str, set[UUID]]:
    everybody = {kind: set(ids) for kind, ids in holders.items()}
    if everybody.get("group"):
        for kind, ids in groups.member_ids(everybody["group"]).items():
            everybody.setdefault(kind, set()).update(ids)
    return everybody


def _of_holders(
    holders: Mapping[str, Iterable[UUID]], known: list[SeparationRule], now: datetime
) -> Iterator[Violation]:
    for kind in subjects.KINDS:
        ids = sorted(holders.get(kind, ()))
        for start in range(0, len(ids), _AT_ONCE):
            held = holdings_of(ids[start : start + _AT_ONCE], kind=kind, now=now)
            for holder_id, holdings in held.items():
                yield from violations_in(kind, holder_id, holdings, known, now)


def _of_roles(codes: Iterable[str], graph: Mapping[str, RoleNode], known: list[SeparationRule]) -> Iterator[Violation]:
    for code in sorted(codes):
        held = Holdings((Grant(code),), graph)
        yield from violations_in("role", None, held, known, _NEVER)


def _refuse(violations: Iterator[Violation]) -> None:
    broken = list(islice(violations, MOST_TOLD))
    if not broken:
        return
    found = told(broken, verb="would hold")
    raise SeparationOfDutyViolated(found[0]["sentence"], violations=found)


def _names(kind: str, violations: list[Violation]) -> dict[UUID, str]:
    return subjects.names(kind, [v.holder_id for v in violations if v.kind == kind and v.holder_id])


def _told(
    violation: Violation,
    verb: str,
    called: Mapping[str, Mapping[UUID, str]],
    of_groups: Mapping[UUID, str],
    labels: Mapping[str, str],
) -> dict[str, Any]:
    rule, paths = violation.rule, (violation.first, violation.second)
    halves = [f"{labels.get(path.chain[-1], path.chain[-1])} {way(path, labels, of_groups)}" for path in paths]
    role = labels.get(violation.first.chain[0], violation.first.chain[0])
    who = called[violation.kind][violation.holder_id] if violation.holder_id else f"the role {role}"
    return {
        "rule_id": str(rule.id),
        "rule": rule.name,
        "holder_kind": violation.kind,
        "holder_id": str(violation.holder_id) if violation.holder_id else None,
        "holder": who,
        "paths": [_path(path) for path in paths],
        "sentence": f"{who} {verb} {halves[0]} and {halves[1]}, which the rule “{rule.name}” keeps apart",
    }


def _path(path: Path) -> dict[str, Any]:
    grant = path.grant
    return {
        "chain": list(path.chain),
        "assignment_id": str(grant.assignment_id) if grant.assignment_id else None,
        "group_id": str(grant.group_id) if grant.group_id else None,
        "resource": f"{grant.resource_type}:{grant.resource_id}" if grant.resource_type else None,
    }
