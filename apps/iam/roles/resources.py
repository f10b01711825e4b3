"""Objects of any service that a role may be given for: what they are called, and whether there are any of that id."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from django.conf import settings
from django.utils.module_loading import import_string

from apps.core.auth.grants import Resource
from apps.iam.roles.errors import InvalidAssignment


def resource_types() -> list[str]:
    """The types there are, in alphabetical order."""
    return sorted(settings.RESOURCE_TYPES)


def resource_names(resources: Iterable[Resource]) -> dict[Resource, str]:
    """What to call each object: `order 581587`; its id where no name is known. One question to its service per type."""
    by_type: dict[str, list[Resource]] = {}
    for resource in resources:
        by_type.setdefault(resource.type, []).append(resource)
    found: dict[Resource, str] = {}
    for kind, wanted in by_type.items():
        called = _names(kind, {resource.id for resource in wanted})
        found |= {resource: f"{kind} {called.get(resource.id, resource.id)}" for resource in wanted}
    return found


def require_resource(kind: str, id_: UUID | None) -> None:
    """Return if there is such an object, or none is named at all. Raises InvalidAssignment."""
    if not kind and id_ is None:
        return
    if kind not in settings.RESOURCE_TYPES:
        known = ", ".join(resource_types())
        raise InvalidAssignment(errors={"resource_type": [f"one of: {known}; or leave both out"]})
    if id_ is None or id_ not in _names(kind, {id_}):
        raise InvalidAssignment(errors={"resource_id": [f"there is no such {kind}"]})


def _names(kind: str, ids: set[UUID]) -> dict[UUID, str]:
    source = settings.RESOURCE_TYPES.get(kind)
    return import_string(source)(ids) if source else {}
