"""How an event is declared, and the registry of all that were."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar, dataclass_transform
from uuid import UUID

import msgspec
from django.conf import settings

from apps.core.events.personal import PersonalField, personal_fields


@dataclass_transform(kw_only_default=True, frozen_default=True, field_specifiers=(msgspec.field,))
class _EventMeta(msgspec.StructMeta):
    """Fields by name only, in every subclass: msgspec itself does not inherit that."""

    def __new__(cls, name: str, bases: tuple[type, ...], namespace: dict[str, Any], **config: Any) -> Any:
        return super().__new__(cls, name, bases, namespace, **{"kw_only": True, **config})  # type: ignore[call-arg]


class EventPart(msgspec.Struct, metaclass=_EventMeta, frozen=True, rename="camel"):
    """A value inside an event, say a line of an order. camelCase on the wire; unknown members are ignored."""


class Event(EventPart):
    """Something that has happened: past tense, ids and values, no models. Declare it with `@event`.

    A published event is never edited: add an optional field, or publish a new version.
    """


@dataclass(frozen=True, slots=True)
class Definition:
    """What the platform knows of an event: its class is its newest version."""

    cls: type[Event]
    name: str
    version: int
    topic: str
    aggregate: str
    id_field: str
    personal: tuple[PersonalField, ...] = ()

    def aggregate_id(self, happened: Event) -> UUID:
        """The id of the thing that the event happened to."""
        return UUID(str(getattr(happened, self.id_field)))

    @property
    def service(self) -> str:
        """The service that announces it: the first part of its topic."""
        return self.topic.partition(".")[0]

    @property
    def database(self) -> str:
        """The alias of the database whose log holds it."""
        return str(settings.EVENTS_LOG_OF_SERVICE[self.service])


E = TypeVar("E", bound=Event)

_by_class: dict[type[Event], Definition] = {}
_with_origin: set[type[Event]] = set()
_by_name: dict[str, Definition] = {}


def event(*, topic: str, aggregate: str, version: int = 1) -> Callable[[type[E]], type[E]]:
    """Declare an event. `topic` is `<service>.<feature>`; the id of the aggregate is the field `<aggregate>_id`.

    Its name is the class's. The class is its newest `version`: older ones that were published are lifted to it
    (`upcasts`). Raises TypeError when the class does not fit, ValueError when the name is taken.
    """

    def register(cls: type[E]) -> type[E]:
        _check(cls, topic, version)
        id_field, personal = f"{_snake(aggregate)}_id", personal_fields(cls)
        definition = Definition(cls, cls.__name__, version, topic, aggregate, id_field, personal)
        if definition.id_field not in cls.__struct_fields__:
            raise TypeError(f"{cls.__name__} happens to a {aggregate}, so it needs the field {definition.id_field}")
        known = _by_name.setdefault(definition.name, definition)
        if known is not definition:
            raise ValueError(f"{definition.name} is already declared in {known.cls.__module__}")
        _by_class[cls] = definition
        return cls

    return register


def definition_of(cls: type[Event]) -> Definition:
    """The declaration of an event's class. Raises TypeError if it was never declared."""
    try:
        return _by_class[cls]
    except KeyError:
        raise TypeError(f"{cls.__name__} is not declared: put @event(topic=…, aggregate=…) above it") from None


def remember_origin(cls: type[Event]) -> None:
    """Let each such event tell in its metadata who acted and from where. Not for everything: it is personal data."""
    _with_origin.add(cls)


def remembers_origin(cls: type[Event]) -> bool:
    """Whether these events carry their origin."""
    return cls in _with_origin


def definition_named(name: str) -> Definition | None:
    """The declaration of an event, or None when this process does not know it."""
    return _by_name.get(name)


def definitions() -> list[Definition]:
    """Every event declared in this process, by name."""
    return [_by_name[name] for name in sorted(_by_name)]


def _forget(cls: type[Event]) -> None:
    """For tests that declare events of their own."""
    del _by_name[_by_class.pop(cls).name]


def _check(cls: type[Event], topic: str, version: int) -> None:
    if version < 1:
        raise ValueError(f"{cls.__name__} has version {version}: versions are counted from 1")
    if not issubclass(cls, Event):
        raise TypeError(f"{cls.__name__} must be a subclass of Event")
    if not re.fullmatch(r"[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)+", topic):
        raise ValueError(f"topic {topic!r} must be <service>.<feature> in lower case")


def _snake(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()
