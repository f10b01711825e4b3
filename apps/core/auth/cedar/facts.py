"""A question in Cedar's terms: who asks, about what, under which circumstances. `schema` declares the same names."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC
from ipaddress import IPv6Address, ip_address
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.conf import settings
from django.utils.module_loading import import_string

from apps.core.auth.grants import reached_from
from apps.core.auth.policy import Question
from apps.core.auth.resource_kinds import attributes_of, resource_kinds
from apps.core.history import current_origin

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_LEVELS = {"aal1": 1, "aal2": 2}
_PRINCIPALS = {"user": "User", "service": "Service"}


class UnknownResource(LookupError):
    """There is no such object, so nothing can be known of it."""


@dataclass(slots=True)
class Facts:
    """A request and the entities that it is about. `values` are all attributes by path, as text, for people."""

    request: dict[str, Any]
    entities: list[dict[str, Any]]
    values: dict[str, str] = field(default_factory=dict)


def facts_of(question: Question, *, with_resource: bool, with_groups: bool) -> Facts:
    """Everything that a policy may look at. With what costs a question to a service only where it is asked for.

    Raises UnknownResource.
    """
    principal, context = _principal(question), _context(question)
    resource = _resource(question, with_attributes=with_resource)
    groups = _groups(question) if with_groups else frozenset()
    parents = [{"type": "Role", "id": code} for code in sorted(_roles(question))]
    parents += [{"type": "Group", "id": str(id_)} for id_ in sorted(groups)]
    caller = {"type": _PRINCIPALS[question.principal.kind], "id": str(question.principal.subject)}
    return Facts(
        request={
            "principal": caller,
            "action": {"type": "Action", "id": question.action},
            "resource": resource["uid"],
            "context": context,
        },
        entities=[{"uid": caller, "attrs": principal, "parents": parents}, resource],
        values={
            f"{variable}.{name}": _text(value)
            for variable, found in (("principal", principal), ("resource", resource["attrs"]), ("context", context))
            for name, value in found.items()
        },
    )


def _principal(question: Question) -> dict[str, Any]:
    who = question.principal
    found: dict[str, Any] = {
        "id": str(who.subject),
        "email": who.email,
        "acr": who.acr,
        "aal": _LEVELS.get(who.acr, 0),
        "method": who.method,
        "impersonated": who.is_impersonated,
    }
    if who.authenticated_at is not None:
        found["authenticated_s"] = max(0, int((question.now - who.authenticated_at).total_seconds()))
    return found


def _context(question: Question) -> dict[str, Any]:
    here = question.now.astimezone(ZoneInfo(question.principal.tenant_time_zone or "UTC"))
    found: dict[str, Any] = {
        "tenant": str(question.principal.tenant_id),
        "time": {"__extn": {"fn": "datetime", "arg": f"{question.now.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"}},
        "hour": here.hour,
        "minute": here.minute,
        "weekday": WEEKDAYS[here.weekday()],
    }
    if address := _address(current_origin().address):
        found["address"] = {"__extn": {"fn": "ip", "arg": address}}
    return found


def _address(text: str) -> str:
    """As policies compare it: an IPv4 address that comes in IPv6's clothes is one of IPv4. Empty where it is none."""
    try:
        address = ip_address(text.partition("%")[0])
    except ValueError:
        return ""
    return str((isinstance(address, IPv6Address) and address.ipv4_mapped) or address)


def _resource(question: Question, *, with_attributes: bool) -> dict[str, Any]:
    asked = question.resource
    if asked is None:
        return _entity("Tenant", question.principal.tenant_id, {})
    kind = resource_kinds().get(asked.type)
    if kind is None:
        return _entity(asked.type.capitalize(), asked.id, {})
    known = attributes_of(asked) if with_attributes else {}
    if known is None:
        raise UnknownResource(f"there is no {asked.type} {asked.id}")
    attrs = {name: known[name] for name in kind.attributes if known.get(name) is not None}
    return _entity(kind.entity_type, asked.id, attrs)


def _entity(type_: str, id_: UUID, attrs: dict[str, Any]) -> dict[str, Any]:
    return {"uid": {"type": type_, "id": str(id_)}, "attrs": attrs, "parents": []}


def _roles(question: Question) -> frozenset[str]:
    """The roles that count for this object at this moment, with all that they include."""
    holdings = question.principal.holdings
    counting = [
        grant.role
        for grant in holdings.grants
        if grant.role and grant.covers(question.resource) and not grant.has_expired(question.now)
    ]
    return reached_from(counting, holdings.roles)


def _groups(question: Question) -> frozenset[UUID]:
    who = question.principal
    found: frozenset[UUID] = import_string(settings.GROUPS_SOURCE)(who.subject, who.kind)
    return found


def _text(value: Any) -> str:
    if isinstance(value, dict):
        return str(value["__extn"]["arg"])
    return str(value).lower() if isinstance(value, bool) else str(value)
