"""The schema that policies are checked against: permissions are actions, and every name of `facts` has its type."""

from __future__ import annotations

from functools import cache
from typing import Any

import cedarpy
from django.conf import settings

from apps.core.auth.permissions import declared_permissions
from apps.core.auth.resource_kinds import Attribute, resource_kinds

_TYPES = {"number": "Long", "text": "String", "flag": "Bool"}

PRINCIPAL = {
    "id": Attribute("text", "Its id, to be compared with an object's owner"),
    "email": Attribute("text", "Its address; empty for a service account"),
    "acr": Attribute("text", "How sure we are of it: aal1, aal2, or empty", choices=("", "aal1", "aal2")),
    "aal": Attribute("number", "The same as a number: 0, 1 or 2"),
    "authenticated_s": Attribute("number", "Seconds since it signed in", optional=True),
    "method": Attribute("text", "Which credential it uses", choices=("session", "bearer", "api_key")),
    "impersonated": Attribute("flag", "Somebody else acts in its name"),
}
CONTEXT = {
    "hour": Attribute("number", "Hour of the day, 0 to 23, in the company's time zone"),
    "minute": Attribute("number", "Minute of the hour, 0 to 59"),
    "weekday": Attribute("text", "Day of the week", choices=("mon", "tue", "wed", "thu", "fri", "sat", "sun")),
    "tenant": Attribute("text", "The company's id"),
}
_SPECIAL = ("time: datetime", "address?: ipaddr")  # what only Cedar has types for


def schema() -> Any:
    """The parsed schema (`cedarpy.Schema`)."""
    return _parsed(schema_text())


def schema_text() -> str:
    """The schema in Cedar's own words, for those who write policies."""
    return _text(tuple(declared_permissions()), tuple(settings.RESOURCE_KINDS), tuple(settings.POLICY_EXEMPT))


@cache
def _parsed(text: str) -> Any:
    return cedarpy.Schema.from_str(text)


@cache
def _text(permissions: tuple[str, ...], _kinds: tuple[str, ...], exempt: tuple[str, ...]) -> str:
    kinds = list(resource_kinds().values())
    lines = ["entity Role;", "entity Tenant;"]
    lines += [] if any(kind.entity_type == "Group" for kind in kinds) else ["entity Group;"]
    lines += [f"entity {kind.entity_type} = {_record(kind.attributes)};" for kind in kinds]
    lines += [f"entity User, Service in [Role, Group] = {_record(PRINCIPAL)};"]
    lines += [f"type Circumstances = {_record(CONTEXT, *_SPECIAL)};"]
    for code in permissions:
        if code not in exempt:
            resources = ["Tenant", *(kind.entity_type for kind in kinds if kind.concerns(code))]
            lines.append(
                f'action "{code}" appliesTo {{principal: [User, Service], resource: [{", ".join(resources)}], '
                "context: Circumstances};"
            )
    return "\n".join(lines) + "\n"


def _record(attributes: Any, *more: str) -> str:
    named = [f"{name}{'?' if one.optional else ''}: {_TYPES[one.type]}" for name, one in attributes.items()]
    return "{" + ", ".join([*named, *more]) + "}"
