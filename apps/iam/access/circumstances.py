"""Which other circumstances would turn a policy's refusal: found by deciding again as if they were so.

Nothing is concluded from what a policy looks like: what is told was tried by the very function that enforces, one
change at a time. So all that is told is true, and what takes two changes at once is not told.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from ipaddress import ip_network
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from apps.core.auth import Principal, Resource
from apps.core.auth.cedar.compiling import CompiledPolicy, compiled
from apps.core.auth.decision import decide
from apps.core.auth.resource_kinds import Attribute, attributes_of, resource_kinds
from apps.core.history import Origin, coming_from, current_origin
from apps.iam.policies import queries as policies

MOST_TRIED = 20
_DAY_H = 24


@dataclass(frozen=True, slots=True)
class _Case:
    """What is decided about, and everything that policies may look at."""

    principal: Principal
    permission: str
    resource: Resource | None
    now: datetime
    address: str

    def allowed(self) -> bool:
        with coming_from(Origin(address=self.address)):
            return decide(self.principal, self.permission, self.resource, now=self.now).allowed

    def at(self, moment: datetime) -> _Case:
        """At another time of day or week, with a sign-in as long ago as now."""
        signed_in_at = self.principal.authenticated_at
        moved = signed_in_at + (moment - self.now) if signed_in_at else None
        return replace(self, now=moment, principal=replace(self.principal, authenticated_at=moved))

    def knowing(self, name: str, value: Any) -> _Case:
        """With another attribute of the object."""
        assert self.resource is not None  # noqa: S101 (asked by the caller)
        known = {**self.resource.attributes, name: value}
        return replace(self, resource=replace(self.resource, attributes=known))


def what_would_help(
    principal: Principal, permission: str, resource: Resource | None, policy_ids: Iterable[UUID], *, now: datetime
) -> list[str]:
    """Each circumstance under which the policies that forbid it would not, as a sentence.

    Two statements, and one question for the object's attributes; some dozens of decisions.
    """
    wanted = set(policy_ids)
    texts = [text for text in policies.in_force().policies if text.id in wanted]
    forbidding = list(compiled(texts).policies.values()) if texts else []
    if resource is not None:
        resource = replace(resource, attributes=dict(attributes_of(resource) or {}))
    case = _Case(principal, permission, resource, now, current_origin().address)
    reads = {path for policy in forbidding for path in policy.reads}
    found: list[str] = []
    for paths, tried in _WAYS.items():
        if reads & set(paths):
            found += tried(case, forbidding)
    return found + list(_of_object(case, forbidding, reads))


def _of_sign_in(case: _Case, _: list[CompiledPolicy]) -> Iterator[str]:
    fresh = replace(case, principal=replace(case.principal, authenticated_at=case.now))
    strong = replace(fresh, principal=replace(fresh.principal, acr="aal2"))
    if fresh.allowed():
        yield "sign in again right before"
    elif strong.allowed():
        yield "sign in again with a second factor (aal2)"


def _of_impersonation(case: _Case, _: list[CompiledPolicy]) -> Iterator[str]:
    if case.principal.is_impersonated:
        in_person = replace(case, principal=replace(case.principal, impersonator_id=None, impersonator_name=""))
        if in_person.allowed():
            yield "do it in person, and not in somebody else's name"


def _of_network(case: _Case, forbidding: list[CompiledPolicy]) -> Iterator[str]:
    networks = dict.fromkeys(value for policy in forbidding for value in _arguments(policy.tree, "ip"))
    for text in list(networks)[:MOST_TRIED]:
        if replace(case, address=str(ip_network(text, strict=False)[0])).allowed():
            yield f"come from the network {text}"


def _of_time(case: _Case, _: list[CompiledPolicy]) -> Iterator[str]:
    zone = case.principal.tenant_time_zone or "UTC"
    here = case.now.astimezone(ZoneInfo(zone))
    hours = [hour for hour in range(_DAY_H) if case.at(here.replace(hour=hour, minute=0, second=0)).allowed()]
    if hours:
        yield f"do it {' or '.join(_ranges(hours))} ({zone})"
    days = [here + timedelta(days=ahead) for ahead in range(1, 7)]
    others = [day for day in days if case.at(day).allowed()]
    if others and not hours:
        yield f"do it on {_listed(f'{day:%A}' for day in sorted(others, key=datetime.weekday))}"


_WAYS: dict[tuple[str, ...], Callable[[_Case, list[CompiledPolicy]], Iterator[str]]] = {
    ("principal.acr", "principal.aal", "principal.authenticated_s"): _of_sign_in,
    ("principal.impersonated",): _of_impersonation,
    ("context.address",): _of_network,
    ("context.hour", "context.minute", "context.weekday", "context.time"): _of_time,
}


def _of_object(case: _Case, forbidding: list[CompiledPolicy], reads: set[str]) -> Iterator[str]:
    kind = resource_kinds().get(case.resource.type) if case.resource else None
    for name, attribute in kind.attributes.items() if kind else ():
        if f"resource.{name}" in reads:
            yield from _of_attribute(case, forbidding, name, attribute)


def _of_attribute(case: _Case, forbidding: list[CompiledPolicy], name: str, attribute: Attribute) -> Iterator[str]:
    assert case.resource is not None  # noqa: S101 (asked by the caller)
    if name == "owner":
        if case.knowing(name, str(case.principal.subject)).allowed():
            yield "it would have to be their own"
        elif case.knowing(name, str(UUID(int=0))).allowed():
            yield "it would have to be somebody else's"
    elif attribute.choices:
        fitting = [choice for choice in attribute.choices if case.knowing(name, choice).allowed()]
        if fitting:
            yield f"its {name} would have to be {_listed(fitting, 'or')}"
    elif attribute.type == "number":
        yield from _of_number(case, forbidding, name, case.resource.attributes.get(name))


def _of_number(case: _Case, forbidding: list[CompiledPolicy], name: str, value: Any) -> Iterator[str]:
    """The nearest numbers below and above that fit, of those next to the numbers that policies name."""
    named = [number for policy in forbidding for number in _numbers(policy.tree)][:MOST_TRIED]
    near = sorted({number + step for number in named for step in (-1, 0, 1)})
    fitting = [number for number in near if case.knowing(name, number).allowed()]
    if isinstance(value, int) and (below := [number for number in fitting if number < value]):
        yield f"its {name} would have to be at most {below[-1]}"
    if isinstance(value, int) and (above := [number for number in fitting if number > value]):
        yield f"its {name} would have to be at least {above[0]}"


def _numbers(node: Any) -> Iterator[int]:
    if isinstance(node, list):
        for part in node:
            yield from _numbers(part)
    elif isinstance(node, dict):
        for name, part in node.items():
            if name == "Value" and isinstance(part, int) and not isinstance(part, bool):
                yield part
            else:
                yield from _numbers(part)


def _arguments(node: Any, function: str) -> Iterator[str]:
    """The texts that are given to a function of Cedar's."""
    if isinstance(node, list):
        for part in node:
            yield from _arguments(part, function)
    elif isinstance(node, dict):
        for name, part in node.items():
            if name == function and isinstance(part, list):
                yield from (one["Value"] for one in part if isinstance(one.get("Value"), str))
            else:
                yield from _arguments(part, function)


def _ranges(hours: list[int]) -> list[str]:
    """`from 08:00 to 18:00` for each run of full hours."""
    runs: list[list[int]] = []
    for hour in hours:
        if runs and runs[-1][-1] == hour - 1:
            runs[-1].append(hour)
        else:
            runs.append([hour])
    return [f"from {run[0]:02}:00 to {run[-1] + 1:02}:00" for run in runs]


def _listed(words: Iterable[str], last: str = "or") -> str:
    *first, end = words
    return f"{', '.join(first)} {last} {end}" if first else end
