"""Old versions of an event are lifted to the newest one, step by step, before anybody sees them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from apps.core.events.definition import Definition, Event, definition_of
from apps.core.events.errors import InvalidMessage

Payload = dict[str, Any]
Upcaster = Callable[[Payload], Payload]
U = TypeVar("U", bound=Upcaster)

_steps: dict[tuple[str, int], Upcaster] = {}


def upcasts(cls: type[Event], *, from_version: int) -> Callable[[U], U]:
    """Declare how the payload of one version becomes that of the next: a pure function of what travelled.

        @upcasts(OrderPlaced, from_version=1)
        def with_channel(payload):
            return {**payload, "channel": "shop"}  # there was no other

    Names are those on the wire (camelCase). Raises ValueError when the step is taken or leads nowhere.
    """
    definition = definition_of(cls)
    if not 1 <= from_version < definition.version:
        raise ValueError(f"{definition.name} is at version {definition.version}: no step leads on from {from_version}")

    def register(step: U) -> U:
        if _steps.setdefault((definition.name, from_version), step) is not step:
            raise ValueError(f"{definition.name} has another upcaster from version {from_version}")
        return step

    return register


def lifted(definition: Definition, payload: Payload, *, version: int) -> Payload:
    """A payload of some version as one of the newest. Raises InvalidMessage.

    An event of a version that is yet to come was published by a newer release: this one must not guess what it means.
    """
    if version > definition.version:
        raise InvalidMessage(
            f"{definition.name} version {version} is newer than this process, which knows version {definition.version}:"
            " deploy the newer release here, then retry"
        )
    for step in range(version, definition.version):
        payload = _next(definition, payload, version=step)
    return payload


def upcasters_of(name: str) -> list[Upcaster]:
    """Every step of an event, from the oldest version on."""
    return [_steps[key] for key in sorted(_steps) if key[0] == name]


def gaps(definitions: Iterable[Definition]) -> list[tuple[str, int]]:
    """The name and version of each step that nobody declared."""
    steps = ((definition.name, step) for definition in definitions for step in range(1, definition.version))
    return [step for step in steps if step not in _steps]


def _next(definition: Definition, payload: Payload, *, version: int) -> Payload:
    step = _steps.get((definition.name, version))
    if step is None:
        raise InvalidMessage(f"{definition.name} has no upcaster from version {version}")
    try:
        return step(dict(payload))
    except (LookupError, TypeError, ValueError, AttributeError) as error:  # what a payload that lacks something causes
        raise InvalidMessage(f"the upcaster of {definition.name} from version {version} fails: {error!r}") from error


def _forget(name: str) -> None:
    """For tests that declare upcasters of their own."""
    for key in [key for key in _steps if key[0] == name]:
        del _steps[key]
