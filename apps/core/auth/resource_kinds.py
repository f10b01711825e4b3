"""What kinds of objects there are to act on, and which of their attributes policies may ask for.

A feature declares its own as plain data, importable in every process:

    ORDER = ResourceKind("order", nouns=("orders",), source="apps.business.facade.business.order_attributes",
                         attributes={"amount": Attribute("number", "Total, in minor units")})

`RESOURCE_KINDS` (config/settings/auth.py) names the declarations. The values come from the service that owns the
object, through its facade, and only when a policy asks.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Literal
from uuid import UUID

from django.conf import settings
from django.utils.module_loading import import_string

from apps.core.auth.grants import Resource


@dataclass(frozen=True, slots=True)
class Attribute:
    """One thing that is known of an object. One that is `optional` may be unknown; `choices` are all that it can be."""

    type: Literal["number", "text", "flag"]
    label: str
    optional: bool = False
    choices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ResourceKind:
    """A kind of object. Its permissions are those whose code begins with one of `nouns`. `source` is a dotted function
    `(ids) -> {id: {attribute: value}}` that answers for deleted ones too.
    """

    code: str
    nouns: tuple[str, ...]
    source: str = ""
    attributes: Mapping[str, Attribute] = field(default_factory=dict)

    @property
    def entity_type(self) -> str:
        """What policies call it: `Order`."""
        return self.code.capitalize()

    def concerns(self, permission: str) -> bool:
        """True for a permission that can be asked for one such object."""
        return permission.partition(".")[0] in self.nouns


def resource_kinds() -> dict[str, ResourceKind]:
    """Every declared kind by its code."""
    return _declared(tuple(settings.RESOURCE_KINDS))


def attributes_of(resource: Resource) -> Mapping[str, Any] | None:
    """What is known of an object now; None when it does not exist. What comes with it already is believed.

    At most one question to the service that owns it.
    """
    if resource.attributes:
        return resource.attributes
    return attributes(resource.type, [resource.id]).get(resource.id)


def attributes(kind: str, ids: Iterable[UUID]) -> dict[UUID, Mapping[str, Any]]:
    """The attributes of those of the given objects that exist. One question to the service that owns them."""
    declared = resource_kinds().get(kind)
    wanted = list(ids)
    if declared is None or not wanted:
        return {}
    if not declared.source:
        return {id_: {} for id_ in wanted}  # nothing can be asked of it, so nothing has to be looked up
    found: dict[UUID, Mapping[str, Any]] = import_string(declared.source)(wanted)
    return found


@cache
def _declared(dotted: tuple[str, ...]) -> dict[str, ResourceKind]:
    kinds: list[ResourceKind] = [import_string(name) for name in dotted]
    return {kind.code: kind for kind in sorted(kinds, key=lambda kind: kind.code)}
