"""A policy as a form: who may not do what to which objects, under which conditions. Compiles to Cedar.

    {"permissions": ["orders.cancel"], "resource": "order", "roles": ["clerk"], "when": {"amount_over": 100000}}

All that is filled in must be true at once for the policy to forbid.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from ipaddress import ip_network
from typing import Any

from apps.core.auth.cedar.facts import WEEKDAYS
from apps.core.auth.resource_kinds import resource_kinds

MOST_NAMED = 50
_MOST_NUMBER = 2**62
_FIELDS = ("permissions", "resource", "roles", "groups", "when")


class InvalidRule(ValueError):
    """`sentences` say what is wrong with the form."""

    def __init__(self, sentences: list[str]) -> None:
        self.sentences = sentences
        super().__init__("; ".join(sentences))


@dataclass(frozen=True, slots=True)
class Rule:
    """Empty `permissions`: all. Empty `roles` and `groups`: everybody; else whoever has one of them."""

    permissions: tuple[str, ...] = ()
    resource: str = ""
    roles: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    when: Mapping[str, Any] = field(default_factory=dict)

    def stored(self) -> dict[str, Any]:
        """As JSON, without what is empty."""
        found = {
            "permissions": list(self.permissions),
            "resource": self.resource,
            "roles": list(self.roles),
            "groups": list(self.groups),
            "when": dict(self.when),
        }
        return {name: value for name, value in found.items() if value}

    def cedar(self) -> str:
        """The policy's text."""
        kind = resource_kinds()[self.resource] if self.resource else None
        scope = [
            "principal",
            f"action in [{', '.join(f'Action::{_quoted(code)}' for code in self.permissions)}]"
            if self.permissions
            else "action",
            f"resource is {kind.entity_type}" if kind else "resource",
        ]
        who = [f"principal in Role::{_quoted(code)}" for code in self.roles]
        who += [f"principal in Group::{_quoted(id_)}" for id_ in self.groups]
        clauses = [" || ".join(who)] if who else []
        clauses += [CONDITIONS[name].cedar(value) for name, value in self.when.items()]
        conditions = "".join(f"\nwhen {{ {clause} }}" for clause in clauses)
        return f"forbid (\n    {(',' + chr(10) + '    ').join(scope)}\n){conditions};"


class Condition:
    """One thing that may be filled in. `attribute` is what the object must have for it; empty: it is about none."""

    attribute = ""

    def wrong(self, value: Any) -> str:
        """What is wrong with a value; empty when nothing is."""
        raise NotImplementedError

    def cedar(self, value: Any) -> str:
        raise NotImplementedError


class _Number(Condition):
    def __init__(self, form: str, least: int, most: int, attribute: str = "") -> None:
        self.form, self.least, self.most, self.attribute = form, least, most, attribute

    def wrong(self, value: Any) -> str:
        fits = isinstance(value, int) and not isinstance(value, bool) and self.least <= value <= self.most
        return "" if fits else f"a whole number from {self.least} to {self.most}"

    def cedar(self, value: Any) -> str:
        return self.form.format(value)


class _Choice(Condition):
    """Each choice is an expression of its own."""

    def __init__(self, choices: Mapping[Any, str], attribute: str = "") -> None:
        self.choices, self.attribute = choices, attribute

    def wrong(self, value: Any) -> str:
        fits = isinstance(value, str | bool) and value in self.choices
        return "" if fits else f"one of: {', '.join(json.dumps(choice) for choice in self.choices)}"

    def cedar(self, value: Any) -> str:
        return self.choices[value]


class _AnyOf(Condition):
    """Some texts; `choices` are all that there are, where that is known beforehand."""

    def __init__(self, form: str, choices: Sequence[str] = (), attribute: str = "") -> None:
        self.form, self.choices, self.attribute = form, choices, attribute

    def wrong(self, value: Any) -> str:
        if not isinstance(value, list) or not 0 < len(value) <= MOST_NAMED:
            return f"a list of 1 to {MOST_NAMED}"
        if self.choices and not all(isinstance(one, str) and one in self.choices for one in value):
            return f"some of: {', '.join(self.choices)}"
        return "" if all(isinstance(one, str) and 0 < len(one) <= 100 for one in value) else "texts"

    def cedar(self, value: Any) -> str:
        return self.form.format(", ".join(map(_quoted, value)))


class _Networks(Condition):
    def wrong(self, value: Any) -> str:
        if not isinstance(value, list) or not 0 < len(value) <= MOST_NAMED:
            return f"a list of 1 to {MOST_NAMED} networks"
        return "" if all(map(_is_network, value)) else "networks such as 10.0.0.0/8 or 2001:db8::/32"

    def cedar(self, value: Any) -> str:
        within = " || ".join(f"context.address.isInRange(ip({_quoted(str(ip_network(one)))}))" for one in value)
        return f"!(context has address && ({within}))"


class _Hours(Condition):
    def wrong(self, value: Any) -> str:
        if isinstance(value, dict) and set(value) == {"from", "to"}:
            first, last = value["from"], value["to"]
            numbers = all(isinstance(one, int) and not isinstance(one, bool) for one in (first, last))
            if numbers and 0 <= first < last <= 24:
                return ""
        return '{"from": 8, "to": 18}: full hours, 0 to 24, in the company\'s time zone'

    def cedar(self, value: Any) -> str:
        return f"!(context.hour >= {value['from']} && context.hour < {value['to']})"


_OWN = "(resource has owner && resource.owner == principal.id)"
_RECENT = "!(principal has authenticated_s && principal.authenticated_s <= {})"
CONDITIONS: dict[str, Condition] = {
    "amount_over": _Number("resource.amount > {}", 0, _MOST_NUMBER, "amount"),
    "owner": _Choice({"self": _OWN, "others": f"!{_OWN}"}, "owner"),
    "status": _AnyOf("[{}].contains(resource.status)", attribute="status"),
    "outside_networks": _Networks(),
    "outside_hours": _Hours(),
    "outside_weekdays": _AnyOf("![{}].contains(context.weekday)", WEEKDAYS),
    "below_acr": _Choice({"aal1": "principal.aal < 1", "aal2": "principal.aal < 2"}),
    "signed_in_longer_than_s": _Number(_RECENT, 1, 365 * 86400),
    "method": _AnyOf("[{}].contains(principal.method)", ("session", "bearer", "api_key")),
    "impersonated": _Choice({True: "principal.impersonated", False: "!principal.impersonated"}),
}


def rule_from(given: Mapping[str, Any]) -> Rule:
    """Raises InvalidRule. Whether there are such roles and permissions is no question of form."""
    wrong = [f"{name}: no such field; there are {', '.join(_FIELDS)}" for name in given if name not in _FIELDS]
    wrong += [
        f"{name}: a list of at most {MOST_NAMED} texts"
        for name in ("permissions", "roles", "groups")
        if not _are_texts(given.get(name, []))
    ]
    kind, when = given.get("resource", ""), given.get("when", {})
    if kind != "" and (not isinstance(kind, str) or kind not in resource_kinds()):
        wrong.append(f"resource: one of {', '.join(resource_kinds())}, or empty for everything")
    if not isinstance(when, dict):
        wrong.append(f"when: an object with some of {', '.join(CONDITIONS)}")
    if wrong:
        raise InvalidRule(wrong)
    wrong = [sentence for name, value in when.items() if (sentence := _wrong_condition(name, value, kind))]
    if wrong:
        raise InvalidRule(wrong)
    lists = {name: tuple(dict.fromkeys(given.get(name, ()))) for name in ("permissions", "roles", "groups")}
    return Rule(**lists, resource=kind, when={name: when[name] for name in CONDITIONS if name in when})


def _wrong_condition(name: str, value: Any, kind: str) -> str:
    condition = CONDITIONS.get(name)
    if condition is None:
        return f"when: no condition {name}; there are {', '.join(CONDITIONS)}"
    having = [one.code for one in resource_kinds().values() if condition.attribute in one.attributes]
    if condition.attribute and kind not in having:
        return f"when.{name}: needs a resource that has one: {', '.join(having)}"
    wrong = condition.wrong(value)
    return f"when.{name}: {wrong}" if wrong else ""


def _are_texts(value: Any) -> bool:
    if not isinstance(value, list | tuple) or len(value) > MOST_NAMED:
        return False
    return all(isinstance(one, str) and 0 < len(one) <= 100 for one in value)


def _is_network(text: Any) -> bool:
    try:
        ip_network(text if isinstance(text, str) else "")
    except ValueError:
        return False
    return True


def _quoted(text: str) -> str:
    """A Cedar string. Its escapes are Rust's: what JSON and Rust write differently is written by code point."""
    safe = (char if char.isprintable() and char not in '"\\' else f"\\u{{{ord(char):x}}}" for char in text)
    return f'"{"".join(safe)}"'
