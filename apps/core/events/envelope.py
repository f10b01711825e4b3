"""What surrounds every event on its way: who, when, where in the stream, why."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from msgspec import UNSET, UnsetType

from apps.core.events.definition import Event, definition_named
from apps.core.events.errors import InvalidMessage
from apps.core.events.upcasting import lifted


class EventOrigin(msgspec.Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """More of who acted, beside the ids in the metadata, and from where. Empty members were not known."""

    actor_kind: str
    actor_name: str = ""
    impersonator_name: str = ""
    address: str = ""
    user_agent: str = ""
    session_id: str = ""


class Metadata(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Why it happened and for whom. `sequence` is the place in the aggregate's stream, counted from 1.

    `causation_id` is the command or the event that led to it, `correlation_id` the trace that all of it belongs to,
    `impersonator_id` whoever acted in the name of `user_id`.
    `origin` is there for events whose class asks for it (`remember_origin`).
    """

    causation_id: UUID
    correlation_id: str
    user_id: UUID | None
    tenant_id: UUID
    sequence: int
    traceparent: str = ""
    impersonator_id: UUID | None = None
    origin: EventOrigin | UnsetType = UNSET


class Envelope(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """An event as it travels. `version` is that of the schema, `timestamp` (UTC) when it was recorded."""

    event_id: UUID
    event_type: str
    aggregate_id: UUID
    aggregate_type: str
    version: int
    timestamp: datetime
    payload: dict[str, Any]
    metadata: Metadata

    def event(self) -> Event:
        """The event itself, in its newest version, whichever it was published in.

        Raises InvalidMessage when this process does not know it, only knows older versions, or the payload is broken.
        """
        definition = definition_named(self.event_type)
        if definition is None:
            raise InvalidMessage(f"{self.event_type} is not declared in this process")
        payload = lifted(definition, self.payload, version=self.version)
        try:
            return msgspec.convert(payload, definition.cls)
        except msgspec.ValidationError as error:
            raise InvalidMessage(f"the payload of {self.event_type} {self.event_id} is broken: {error}") from error


_decoder = msgspec.json.Decoder(Envelope)


def encode(envelope: Envelope) -> bytes:
    """JSON in camelCase, times in UTC with `Z`."""
    return msgspec.json.encode(envelope)


def decode(data: bytes | str) -> Envelope:
    """The reverse of `encode`. Raises InvalidMessage."""
    try:
        return _decoder.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise InvalidMessage(f"this is no event envelope: {error}") from error


_handling: ContextVar[Envelope | None] = ContextVar("handling", default=None)


def being_handled() -> Envelope | None:
    """The event whose handler runs now, or None."""
    return _handling.get()


@contextmanager
def handling(envelope: Envelope) -> Iterator[None]:
    """Events published inside name `envelope` as their cause."""
    token = _handling.set(envelope)
    try:
        yield
    finally:
        _handling.reset(token)
