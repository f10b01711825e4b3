"""Corrected payloads: what people read and write, in plain and in the event's newest version, and what is kept."""

from __future__ import annotations

from typing import Any

import msgspec

from apps.core.errors import Invalid
from apps.core.events.concealing import Place, concealed_payload
from apps.core.events.dead_letters import envelope_of, original_of
from apps.core.events.definition import Event, definition_named, definition_of
from apps.core.events.envelope import Envelope
from apps.core.events.errors import InvalidMessage
from apps.core.events.models import DeadLetter
from apps.core.events.upcasting import lifted

Payload = dict[str, Any]


def readable(found: DeadLetter) -> Payload:
    """What the event itself says; as it lies in the log where that is not to be read."""
    return _readable(original_of(found))


def readable_now(found: DeadLetter) -> Payload:
    """What would be handled: the latest correction, or the event's own payload."""
    return _readable(envelope_of(found))


def readable_corrections(found: DeadLetter) -> list[dict[str, Any]]:
    """Every correction with its payload in plain, who made it, when and why; the oldest first."""
    original = original_of(found)
    return [
        {**one, "payload": _readable(_replaced(original, one["payload"], one["version"]))} for one in found.corrections
    ]


def checked(found: DeadLetter, payload: Payload) -> Event:
    """The event that this payload makes. Raises Invalid unless it could be that of the dead letter: of its struct, with
    no other members, of its key.
    """
    original = original_of(found)
    definition = definition_named(original.event_type)
    if definition is None:
        raise _refused(f"{original.event_type} is not declared in this process")
    try:
        event = _replaced(original, payload, definition.version).event()
    except InvalidMessage as error:
        raise _refused(str(error.__cause__ or error)) from error
    if definition.aggregate_id(event) != found.key:
        raise _refused(f"it must stay an event of the {definition.aggregate} {found.key}")
    if unknown := _unknown_members(payload, _plain(event)):
        raise _refused(f"{found.event_type} has no {', '.join(unknown)}")
    return event


def changes_something(found: DeadLetter, event: Event) -> bool:
    """Whether something else would be handled than without it."""
    return bool(_plain(event) != readable_now(found))


def stored(found: DeadLetter, event: Event) -> dict[str, Any]:
    """What is kept of a correction: the payload as the log would have it, what is personal encrypted; its version."""
    definition, original = definition_of(type(event)), original_of(found)
    place = Place(definition.database, original.metadata.tenant_id, original.event_id)
    return {"payload": concealed_payload(event, _plain(event), definition, place), "version": definition.version}


def _readable(envelope: Envelope) -> Payload:
    definition = definition_named(envelope.event_type)
    try:
        if definition is None:
            return envelope.payload
        return lifted(definition, envelope.plain_payload(), version=envelope.version)
    except InvalidMessage:
        return envelope.payload


def _replaced(original: Envelope, payload: Payload, version: int) -> Envelope:
    return msgspec.structs.replace(original, payload=payload, version=version)


def _plain(event: Event) -> Any:
    """As it travels, before anything is encrypted."""
    return msgspec.json.decode(msgspec.json.encode(event))


def _refused(message: str) -> Invalid:
    return Invalid(f"the payload is not accepted: {message}", errors={"payload": [message]})


def _unknown_members(given: Any, known: Any, path: str = "") -> list[str]:
    """The paths of what decoding would pass over in silence: misspelt names above all."""
    if isinstance(given, dict) and isinstance(known, dict):
        found = [f"{path}{name}" for name in given if name not in known]
        pairs = [(name, given[name], known[name]) for name in given if name in known]
    elif isinstance(given, list) and isinstance(known, list):
        found, pairs = [], [(str(place), *both) for place, both in enumerate(zip(given, known, strict=False))]
    else:
        return []
    return found + [one for name, item, like in pairs for one in _unknown_members(item, like, f"{path}{name}.")]
