"""Policies as the engine holds them: parsed once, and what each of them looks at."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import cedarpy

from apps.core.auth.policy import PolicyText

_VARIABLES = ("principal", "resource", "context")


class NotOneForbid(ValueError):
    """A policy must be exactly one `forbid (…)`."""


@dataclass(frozen=True, slots=True)
class CompiledPolicy:
    """One policy: which permissions it has to do with (None: all), which attributes it looks at, in order, and whether
    it has to do with the object's attributes, in whatever way, and with groups.
    """

    id: UUID
    name: str
    tree: dict[str, Any]
    actions: frozenset[str] | None
    reads: tuple[str, ...]
    asks_resource: bool
    asks_groups: bool

    def concerns(self, action: str) -> bool:
        return self.actions is None or action in self.actions


@dataclass(frozen=True, slots=True)
class Compiled:
    """The policies of a tenant, ready to be asked, by id."""

    handle: Any
    policies: dict[str, CompiledPolicy]

    def concerning(self, action: str) -> list[CompiledPolicy]:
        """Those that have a say in a permission."""
        return [policy for policy in self.policies.values() if policy.concerns(action)]


def compiled(texts: Iterable[PolicyText]) -> Compiled:
    """Raises ValueError when one of them is no policy of ours. Milliseconds for some dozens: keep the result."""
    policies = {str(text.id): _policy(text) for text in texts}
    trees = {id_: policy.tree for id_, policy in policies.items()}
    document = {"staticPolicies": trees, "templates": {}, "templateLinks": []}
    return Compiled(cedarpy.PolicySet.from_json_str(json.dumps(document)), policies)


def tree_of(text: str) -> dict[str, Any]:
    """The one policy that a text is, in Cedar's JSON form. Raises ValueError; NotOneForbid for more, less, or others.

    The text must have passed `limits.require_within`: the parser itself does not survive every input.
    """
    found = json.loads(cedarpy.policies_to_json_str(text))
    policies = list(found["staticPolicies"].values())
    if len(policies) != 1 or found["templates"]:
        raise NotOneForbid("write exactly one policy, without ?principal or ?resource")
    tree: dict[str, Any] = policies[0]
    if tree["effect"] != "forbid":
        raise NotOneForbid("a policy of a company forbids: what people may do is given by roles")
    return tree


def _policy(text: PolicyText) -> CompiledPolicy:
    tree = tree_of(text.text)
    reads = tuple(dict.fromkeys(_paths(tree["conditions"])))
    return CompiledPolicy(
        id=text.id,
        name=text.name,
        tree=tree,
        actions=_actions(tree["action"]),
        reads=reads,
        asks_resource='"Var": "resource"' in json.dumps(tree["conditions"]),
        asks_groups='"type": "Group"' in json.dumps(tree),
    )


def _actions(scope: dict[str, Any]) -> frozenset[str] | None:
    """The permissions of the scope; None for every one, also where the scope says it in a way that we do not know."""
    if scope["op"] == "==" or (scope["op"] == "in" and "entity" in scope):
        return frozenset({scope["entity"]["id"]})
    if scope["op"] == "in" and "entities" in scope:
        return frozenset(entity["id"] for entity in scope["entities"])
    return None


def _paths(node: Any) -> Iterator[str]:
    """`resource.amount` for each look at an attribute, also the question whether there is one."""
    if isinstance(node, list):
        for part in node:
            yield from _paths(part)
    elif isinstance(node, dict):
        for name, part in node.items():
            variable = part["left"].get("Var") if name in (".", "has") and isinstance(part.get("left"), dict) else None
            if variable in _VARIABLES:
                yield f"{variable}.{part['attr']}"
            yield from _paths(part)
