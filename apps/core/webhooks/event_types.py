"""Which events can be had, and how a webhook says which of them it wants.

They are the public events of every service, named `<topic>.<event>`: `business.orders.OrderPlaced`. A webhook names
some, or whole families: `business.orders.*`, `business.*`, `*`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from importlib import import_module

from django.conf import settings

from apps.core.events import Envelope, Event
from apps.core.events.contracts import doc_of
from apps.core.events.definition import Definition, definition_of
from apps.core.events.examples import example_of

EVERYTHING = "*"
_PATTERN = re.compile(r"\*|[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)*(\.\*|\.[A-Za-z][A-Za-z0-9]*)")


@dataclass(frozen=True, slots=True)
class EventType:
    """A public event as receivers know it."""

    name: str
    definition: Definition

    @property
    def topic(self) -> str:
        return self.definition.topic

    @property
    def version(self) -> int:
        return self.definition.version

    @property
    def description(self) -> str:
        """What it means: the first paragraph of what its class says of itself."""
        return " ".join(doc_of(self.definition.cls).partition("\n\n")[0].split())

    @property
    def schema_path(self) -> str:
        """Where the JSON Schema of its `payload` can be had."""
        return f"/api/v1/event-types/{self.definition.name}/{self.version}/schema"

    @property
    def sample(self) -> Envelope:
        """An event that could be."""
        return example_of(self.definition)


def event_types() -> dict[str, EventType]:
    """Every public event by its name, in order of name."""
    return _public(tuple(settings.PUBLIC_EVENTS))


def public_classes() -> list[type[Event]]:
    """The classes of the public events, in order of name."""
    return [event_type.definition.cls for event_type in event_types().values()]


def name_of(cls: type[Event]) -> str:
    """`business.orders.OrderPlaced`."""
    definition = definition_of(cls)
    return f"{definition.topic}.{definition.name}"


def patterns_of(name: str) -> list[str]:
    """Each way to ask for this event: its name, and the families that it belongs to, the nearest first."""
    parts = name.split(".")[:-1]
    families = [".".join(parts[:length]) + ".*" for length in range(len(parts), 0, -1)]
    return [name, *families, EVERYTHING]


def unknown(patterns: Iterable[str]) -> list[str]:
    """Those of the patterns that no public event fits."""
    known = {pattern for name in event_types() for pattern in patterns_of(name)}
    return [pattern for pattern in patterns if not _PATTERN.fullmatch(pattern) or pattern not in known]


@cache
def _public(modules: tuple[str, ...]) -> dict[str, EventType]:
    classes = [getattr(module, name) for module in map(import_module, modules) for name in module.__all__]
    found = {name_of(cls): EventType(name_of(cls), definition_of(cls)) for cls in classes}
    return dict(sorted(found.items()))
