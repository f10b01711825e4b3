"""What if? Who would gain and who would lose which permissions, before anything is saved."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from apps.core.auth.grants import Grant, Holdings, RoleNode
from apps.core.auth.permissions import SYSTEM_ROLES
from apps.iam.access import subjects
from apps.iam.groups import membership as groups
from apps.iam.roles import queries, separation
from apps.iam.roles.assignments import assignment as assignment_by_id
from apps.iam.roles.content import RoleContent, require_acyclic, require_valid
from apps.iam.roles.errors import BuiltInRole
from apps.iam.roles.holdings import codes_reaching, holdings_of, role_graph, role_node
from apps.iam.roles.resources import require_resource

MOST_TOLD = 100
MOST_LOOKED_AT = 10_000
_AT_ONCE = 1000
_Change = Callable[[Holdings], Holdings]


@dataclass(frozen=True, slots=True)
class Effect:
    """What a change means for one person or service account."""

    kind: str
    id: UUID
    name: str
    gains: tuple[str, ...]
    loses: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Preview:
    """What a change means for everybody: how many gain and lose each permission, and the first MOST_TOLD of them.

    `complete` is False where more than MOST_LOOKED_AT hold what is changed: then it tells of those. `refusals` say what
    separation of duty would refuse.
    """

    gains: Mapping[str, int]
    loses: Mapping[str, int]
    affected_count: int
    affected: list[Effect]
    refusals: list[str]
    complete: bool = True


def of_role(code: str, content: RoleContent, *, now: datetime) -> Preview:
    """If the role were this: a new one, or one that there is. Some statements for each thousand of its holders.

    Raises BuiltInRole, InvalidRole, RoleCircle, InheritanceTooDeep.
    """
    if code in SYSTEM_ROLES:
        raise BuiltInRole
    graph, content = role_graph(), content.normalised()
    require_valid(code, content, graph)
    changed = {**graph, code: role_node(code, content.permissions, content.includes)}
    require_acyclic(code, changed)
    holders = queries.holder_ids(codes_reaching(code, changed), now=now)

    def change(holdings: Holdings) -> Holdings:
        return replace(holdings, roles=changed)

    return _preview(holders, graph, change, now)


def of_deletion(code: str, *, now: datetime) -> Preview:
    """If the role were gone. Raises RoleNotFound."""
    queries.role(code)
    graph = role_graph()
    without = {known: node for known, node in graph.items() if known != code}
    holders = queries.holder_ids([code], now=now)
    return _preview(holders, graph, lambda holdings: replace(holdings, roles=without), now)


def of_assignment(
    *, holder_kind: str, holder_id: UUID, role: str, resource_type: str, resource_id: UUID | None, now: datetime
) -> Preview:
    """If the role were given. Raises SubjectNotFound, UnknownRole, InvalidAssignment."""
    subjects.subject(holder_kind, holder_id)
    queries.roles_by_code([role])
    require_resource(resource_type, resource_id)
    grant = Grant(role, None, holder_id if holder_kind == "group" else None, resource_type, resource_id)
    return _preview(
        _with_members(holder_kind, holder_id),
        role_graph(),
        lambda holdings: replace(holdings, grants=(*holdings.grants, grant)),
        now,
    )


def of_end(assignment_id: UUID, *, now: datetime) -> Preview:
    """If the assignment were ended. Raises AssignmentNotFound."""
    given = assignment_by_id(assignment_id)

    def change(holdings: Holdings) -> Holdings:
        return replace(holdings, grants=tuple(g for g in holdings.grants if g.assignment_id != assignment_id))

    return _preview(_with_members(given.holder_kind, given.holder_id), role_graph(), change, now)


def _with_members(kind: str, id_: UUID) -> dict[str, set[UUID]]:
    if kind != "group":
        return {kind: {id_}}
    return {**groups.member_ids([id_]), "group": {id_}}


def _preview(
    holders: Mapping[str, Iterable[UUID]], graph: Mapping[str, RoleNode], change: _Change, now: datetime
) -> Preview:
    known = separation.rules()
    gains: Counter[str] = Counter()
    loses: Counter[str] = Counter()
    effects: list[Effect] = []
    refusals: list[separation.Violation] = []
    count = looked_at = 0
    for kind, id_, before, after in _each(holders, graph, change, now):
        looked_at += 1
        refusals += separation.violations_in(kind, id_, after, known, now)
        effect = _effect(kind, id_, before, after, now)
        if kind == "group" or not (effect.gains or effect.loses):
            continue
        gains.update(effect.gains)
        loses.update(effect.loses)
        count += 1
        effects += [effect] if len(effects) < MOST_TOLD else []
    told = separation.told(refusals[: separation.MOST_TOLD], verb="would hold")
    return Preview(
        dict(sorted(gains.items())),
        dict(sorted(loses.items())),
        count,
        _named(effects),
        [violation["sentence"] for violation in told],
        complete=looked_at < MOST_LOOKED_AT,
    )


def _each(
    holders: Mapping[str, Iterable[UUID]], graph: Mapping[str, RoleNode], change: _Change, now: datetime
) -> Iterator[tuple[str, UUID, Holdings, Holdings]]:
    left = MOST_LOOKED_AT
    for kind in subjects.KINDS:
        ids = sorted(holders.get(kind, ()))[:left]
        left -= len(ids)
        for start in range(0, len(ids), _AT_ONCE):
            for id_, held in holdings_of(ids[start : start + _AT_ONCE], kind=kind, now=now).items():
                before = replace(held, roles=graph)
                yield kind, id_, before, change(before)


def _effect(kind: str, id_: UUID, before: Holdings, after: Holdings, now: datetime) -> Effect:
    old, new = before.permissions(now, everywhere=False), after.permissions(now, everywhere=False)
    return Effect(kind, id_, "", tuple(sorted(new - old)), tuple(sorted(old - new)))


def _named(effects: list[Effect]) -> list[Effect]:
    called = {
        kind: subjects.names(kind, [effect.id for effect in effects if effect.kind == kind])
        for kind in ("user", "service")
    }
    return sorted((replace(e, name=called[e.kind][e.id]) for e in effects), key=lambda e: (e.name, str(e.id)))
