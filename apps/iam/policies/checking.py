"""Is this text a policy that can be put into force? If not: where, what is wrong, and what helps."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from difflib import get_close_matches
from typing import Any
from uuid import UUID

import cedarpy
from django.conf import settings

from apps.core.auth.cedar.compiling import NotOneForbid, compiled
from apps.core.auth.cedar.schema import CONTEXT, PRINCIPAL, schema
from apps.core.auth.permissions import declared_permissions
from apps.core.auth.policy import PolicyText
from apps.core.auth.resource_kinds import resource_kinds
from apps.iam.groups import queries as groups_
from apps.iam.policies.models import TEXT_LENGTH
from apps.iam.policies.reading import Problem, Text
from apps.iam.roles import queries as roles_

MOST_TOLD = 10
_UNFINISHED = "unexpected end of input"
_PREFIX = re.compile(r"^for policy `[^`]*`, ")
_FOR_ACTION = re.compile(r' for Action::"[^"]*"')
_NO_ATTRIBUTE = re.compile(r"attribute `(?P<name>\w+)` (?:on entity type `(?P<type>\w+)`|in context)?.* not found")
_OPTIONAL = re.compile(r"optional attribute `(?P<name>\w+)`")
_NO_ACTION = re.compile(r'unrecognized action `Action::"(?P<code>[^"]*)"`')
_NO_TYPE = re.compile(r"unrecognized entity type `(?P<type>\w+)`")
_QUOTED = re.compile(r"`([^`]*)`")


def problems_here(text: str) -> list[Problem]:
    """`problems_of`, with the roles and groups of the current tenant. Two statements."""
    return problems_of(text, **names_here())


def names_here() -> dict[str, Collection[str]]:
    """The roles and groups of the current tenant, for `problems_of` many texts. Two statements."""
    return {"roles": roles_.labels(), "groups": {str(id_) for id_, _ in groups_.all_names()}}


def problems_of(
    text: str, *, roles: Collection[str] | None = None, groups: Collection[str] | None = None
) -> list[Problem]:
    """Everything that is wrong with a policy, at most MOST_TOLD things; nothing when it can be put into force.

    `roles` (codes) and `groups` (ids) are those that there are; where they are left out, it is not asked.
    """
    read = Text(text)
    if len(text) > TEXT_LENGTH:
        return [read.problem(TEXT_LENGTH, f"more than {TEXT_LENGTH} characters", "make several policies of it")]
    if not read.tokens:
        return [read.problem(0, "there is no policy", "begin with: forbid (principal, action, resource) when { … };")]
    too_much = read.beyond_limits()
    if too_much is not None:
        return [too_much]
    try:
        (policy,) = compiled([PolicyText(UUID(int=0), "", text)]).policies.values()
    except NotOneForbid as error:
        return [read.problem(_second_or_first(read), str(error))]
    except ValueError as error:
        return [_of_syntax(read, str(error))]
    known: dict[str, Collection[str] | None] = {"Role": roles, "Group": groups}
    return (_of_meaning(read) + _of_names(read, policy.tree, known))[:MOST_TOLD]


def _of_names(read: Text, tree: Any, known: dict[str, Collection[str] | None]) -> list[Problem]:
    """Roles and groups that there are not: Cedar takes any name, and the policy would be about nobody."""
    problems = []
    for type_, id_ in dict.fromkeys(_entities(tree)):
        there = known.get(type_)
        if there is not None and id_ not in there:
            near = get_close_matches(id_, there, n=1) if type_ == "Role" else []
            help_ = f"did you mean {near[0]}?" if near else f"/api/v1/{type_.lower()}s lists them"
            place = read.place_of(f'"{id_}"')
            problems.append(read.problem(place or 0, f"there is no {type_.lower()} {id_}", help_))
    return problems


def _entities(node: Any) -> Iterator[tuple[str, str]]:
    """Type and id of every entity that a policy names."""
    if isinstance(node, list):
        for part in node:
            yield from _entities(part)
    elif isinstance(node, dict):
        if set(node) == {"type", "id"}:
            yield node["type"], node["id"]
        for part in node.values():
            yield from _entities(part)


def _of_syntax(read: Text, message: str) -> Problem:
    """Cedar says what it met, and not where: the shortest beginning of the text that is refused ends in it."""
    if message.endswith(_UNFINISHED):
        return read.problem(
            len(read.text.rstrip()), "it ends too early", "a policy ends in `;`, each bracket is closed"
        )
    low, high = 0, len(read.tokens) - 1
    while low < high:
        middle = (low + high) // 2
        if _is_refused(read.text[: read.tokens[middle].end]):
            high = middle
        else:
            low = middle + 1
    met = _QUOTED.search(message) if "unexpected token" in message else None
    while met and low and read.tokens[low].text != met[1] and met[1] in [token.text for token in read.tokens[:low]]:
        low -= 1  # the parser reads on for a token or two before it gives up
    at = read.tokens[low].start
    if low == len(read.tokens) - 1 and "unexpected token" not in message:
        at = _place_in(read, message)
    return read.problem(at, message.removeprefix("Policy parse error: "), _syntax_help(message))


def _is_refused(beginning: str) -> bool:
    try:
        cedarpy.PolicySet.from_str(beginning)
    except ValueError as error:
        return not str(error).endswith(_UNFINISHED)
    return False


def _syntax_help(message: str) -> str:
    if "unexpected token" in message:
        return "compare with: forbid (principal, action, resource) when { … };"
    if "JSON" in message:
        return "it is nested too deeply: make several policies of it"
    return "https://docs.cedarpolicy.com/policies/syntax-policy.html describes what may stand there"


def _of_meaning(read: Text) -> list[Problem]:
    found = cedarpy.validate_policies(read.text, schema())
    problems: dict[str, Problem] = {}
    for error in found.errors:
        message = _FOR_ACTION.sub("", _PREFIX.sub("", error.error))
        if message not in problems:
            problems[message] = read.problem(_place_in(read, message), message, _meaning_help(message))
    if any("unrecognized" in message for message in problems):  # then that nothing applies follows from it
        problems = {message: one for message, one in problems.items() if "applicable action" not in message}
    if any("type `Tenant`" in message for message in problems):  # of which other kinds are as little meant
        problems = {
            message: one
            for message, one in problems.items()
            if "on entity type" not in message or "`Tenant`" in message
        }
    if not found.validation_passed and not problems:
        return [read.problem(0, "it does not fit the schema")]
    return list(problems.values())


def _meaning_help(message: str) -> str:
    if found := _NO_ACTION.search(message):
        return _about_action(found["code"])
    if found := _OPTIONAL.search(message):
        return f"it may be unknown: ask `… has {found['name']} &&` before it"
    if found := _NO_ATTRIBUTE.search(message):
        return _about_attribute(found["name"], found["type"] or "")
    if found := _NO_TYPE.search(message):
        return f"there are {', '.join(_types())}"
    if "applicable action" in message:
        return "no such permission is ever asked for such an object"
    if "IP address" in message:
        return 'write ip("10.0.0.0/8")'
    return ""


def _about_action(code: str) -> str:
    if code in settings.POLICY_EXEMPT:
        return "policies do not reach what it takes to change policies, or nobody could take them back"
    near = get_close_matches(code, declared_permissions(), n=1)
    return (f"did you mean {near[0]}? " if near else "") + "/api/v1/roles/matrix lists the permissions"


def _about_attribute(name: str, type_: str) -> str:
    if type_ == "Tenant":
        having = [kind.entity_type for kind in resource_kinds().values() if name in kind.attributes]
        if having:
            return f"say for which objects it is meant: `resource is {' or '.join(having)}`"
        return "a permission may be asked for the company as a whole, of which nothing is known"
    known = _attributes(type_)
    near = get_close_matches(name, known, n=1)
    return (f"did you mean {near[0]}? " if near else "") + (f"there are {', '.join(known)}" if known else "it has none")


def _attributes(type_: str) -> list[str]:
    kinds: dict[str, Iterable[str]] = {kind.entity_type: kind.attributes for kind in resource_kinds().values()}
    known: dict[str, Iterable[str]] = {
        "User": PRINCIPAL,
        "Service": PRINCIPAL,
        "": [*CONTEXT, "time", "address"],
        **kinds,
    }
    return sorted(known.get(type_, ()))


def _types() -> list[str]:
    kinds = [kind.entity_type for kind in resource_kinds().values()]
    return list(dict.fromkeys(["User", "Service", "Role", "Group", "Tenant", *kinds]))


def _place_in(read: Text, message: str) -> int:
    """Where the thing stands that a message names; else where the conditions begin, or the policy."""
    named: list[Any] = [name.removeprefix("Action::") for name in _QUOTED.findall(message)]
    wanted = [form for name in named for form in (name, f'"{name}"')]
    found = read.place_of(*wanted, "when", "unless")
    return read.tokens[0].start if found is None else found


def _second_or_first(read: Text) -> int:
    ends = [token for token in read.tokens if token.text == ";"]
    later = [token.start for token in read.tokens if ends and token.start > ends[0].start]
    return later[0] if later else read.tokens[0].start
