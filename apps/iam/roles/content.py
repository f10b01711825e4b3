"""What a tenant says that a role is, and what makes no sense."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from apps.core.auth.grants import RoleNode
from apps.core.auth.permissions import OWNER, declared_permissions
from apps.iam.roles.errors import InheritanceTooDeep, InvalidRole, RoleCircle
from apps.iam.roles.models import CODE, DESCRIPTION_LENGTH, NAME_LENGTH, Role

DEEPEST = 8
"""Steps of inheritance from a role to the last one it includes. People stop understanding much earlier."""
MOST_INCLUDED = 50
RESERVED = frozenset({"matrix", "new"})  # addresses beside the roles' own


@dataclass(frozen=True, slots=True)
class RoleContent:
    """All of a role but its code: what people call it, what it holds itself, and the codes of what it includes."""

    name: str
    description: str = ""
    permissions: tuple[str, ...] = ()
    includes: tuple[str, ...] = ()

    @classmethod
    def of(cls, role: Role) -> RoleContent:
        return cls(role.name, role.description, tuple(role.permissions), tuple(role.includes))

    def normalised(self) -> RoleContent:
        """Without surrounding space, in order, each thing once."""
        permissions, includes = tuple(sorted(set(self.permissions))), tuple(sorted(set(self.includes)))
        return RoleContent(self.name.strip(), self.description.strip(), permissions, includes)

    def changed(self, **changes: Any) -> RoleContent:
        """This, with some members replaced."""
        members = {name: changes.get(name, getattr(self, name)) for name in RoleContent.__slots__}
        return RoleContent(**{**members, **{n: tuple(members[n]) for n in ("permissions", "includes")}})


def require_valid(code: str, content: RoleContent, graph: Mapping[str, RoleNode], *, kept: Iterable[str] = ()) -> None:
    """Raises InvalidRole naming every field that is wrong. `graph` holds the roles there are; `kept` are permissions
    that the role holds already: one that no feature declares any more allows nothing, and may stay.
    """
    wrong: dict[str, list[str]] = {}
    if not re.fullmatch(CODE, code) or code in RESERVED:
        wrong["code"] = [
            "2 to 63 small letters, digits, hyphens and underscores, beginning with a letter; not matrix or new"
        ]
    if not content.name or len(content.name) > NAME_LENGTH or "\x00" in content.name:
        wrong["name"] = [f"1 to {NAME_LENGTH} characters"]
    if len(content.description) > DESCRIPTION_LENGTH or "\x00" in content.description:
        wrong["description"] = [f"at most {DESCRIPTION_LENGTH} characters"]
    if unknown := sorted(set(content.permissions) - set(declared_permissions()) - set(kept)):
        wrong["permissions"] = [f"unknown: {', '.join(unknown)}"]
    if unknown := sorted(set(content.includes) - set(graph)):
        wrong["includes"] = [f"unknown: {', '.join(unknown)}"]
    elif OWNER in content.includes:
        wrong["includes"] = ["ownership is given to each person, and never by another role"]
    elif len(content.includes) > MOST_INCLUDED:
        wrong["includes"] = [f"at most {MOST_INCLUDED} roles"]
    if wrong:
        raise InvalidRole(errors=wrong)


def require_acyclic(code: str, graph: Mapping[str, RoleNode]) -> None:
    """Raises RoleCircle, naming it, or InheritanceTooDeep, for the chains that run through a role."""
    _descend((code,), graph)
    below = _depth(code, graph, {})
    above = _depth(code, _turned(graph), {})
    if above + below > DEEPEST:
        raise InheritanceTooDeep(f"that would be {above + below} steps of inheritance; at most {DEEPEST} are allowed")


def _descend(chain: tuple[str, ...], graph: Mapping[str, RoleNode]) -> None:
    """Look for a way back to where the chain began. Each role is visited once."""
    start, seen, waiting = chain[0], {chain[0]}, [chain]
    while waiting:
        here = waiting.pop()
        for code in graph[here[-1]].includes if here[-1] in graph else ():
            if code == start:
                raise RoleCircle(f"{' includes '.join((*here, start))}: roles may not include one another in a circle")
            if code not in seen:
                seen.add(code)
                waiting.append((*here, code))


def _depth(code: str, graph: Mapping[str, RoleNode], known: dict[str, int]) -> int:
    """Steps from a role to the farthest one below it. The graph has no circle through it."""
    if code not in known:
        known[code] = 0  # ends the descent in a circle elsewhere, of which there is none
        below = graph[code].includes if code in graph else ()
        known[code] = max((1 + _depth(included, graph, known) for included in below), default=0)
    return known[code]


def _turned(graph: Mapping[str, RoleNode]) -> dict[str, RoleNode]:
    above: dict[str, list[str]] = {}
    for node in graph.values():
        for included in node.includes:
            above.setdefault(included, []).append(node.code)
    return {code: RoleNode(code, frozenset(), tuple(codes)) for code, codes in above.items()}
