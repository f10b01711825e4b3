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

from apps.core.crypto.sealing import Unreadable
from apps.core.crypto.tokens import PREFIX
from apps.core.events.concealing import Place, revealed_payload
from apps.core.events.definition import Definition, Event, definition_named
from apps.core.events.errors import InvalidMessage
from apps.core.events.upcasting import lifted


class EventOrigin(msgspec.Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """More of who acted, beside the ids in the metadata, and from where. Empty members were not known.

    Names, address and program are encrypted as personal fields are: `Envelope.origin` gives them in plain.
    """

    actor_kind: str
    actor_name: str = ""
    impersonator_name: str = ""
    address: str = ""
    user_agent: str = ""
    session_id: str = ""


# Whose each of them is: of the person who acted, or of whoever acted in their name.
PERSONAL_ORIGIN = {
    "actor_name": "id",
    "address": "id",
    "user_agent": "id",
    "impersonator_name": "impersonator_id",
}


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
        What is personal of somebody who was erased reads `ERASED`. Costs a statement for each key that this process
        does not remember.
        """
        definition = self._definition()
        payload = lifted(definition, self.plain_payload(), version=self.version)
        try:
            return msgspec.convert(payload, definition.cls)
        except msgspec.ValidationError as error:
            raise InvalidMessage(f"the payload of {self.event_type} {self.event_id} is broken: {error}") from error

    def plain_payload(self) -> dict[str, Any]:
        """The payload as it was published, its personal values in plain: for whoever may read them.

        Raises InvalidMessage, and costs, as `event`.
        """
        definition = self._definition()
        try:
            return revealed_payload(self.payload, self.version, definition, self._place(definition))
        except Unreadable as error:
            raise InvalidMessage(f"the payload of {self.event_type} {self.event_id} is broken: {error}") from error

    def origin(self) -> EventOrigin | None:
        """Who acted and from where, in plain; None for an event that does not tell. Otherwise as `plain_payload`."""
        told = self.metadata.origin
        if isinstance(told, UnsetType):
            return None
        place = self._place(self._definition())
        try:
            return msgspec.structs.replace(
                told, **{name: place.reveal(getattr(told, name), name) for name in PERSONAL_ORIGIN}
            )
        except Unreadable as error:
            raise InvalidMessage(f"the origin of {self.event_type} {self.event_id} is broken: {error}") from error

    def _definition(self) -> Definition:
        definition = definition_named(self.event_type)
        if definition is None:
            raise InvalidMessage(f"{self.event_type} is not declared in this process")
        return definition

    def _place(self, definition: Definition) -> Place:
        return Place(definition.database, self.metadata.tenant_id, self.event_id)


class Unopened(Envelope, frozen=True, kw_only=True, rename="camel"):
    """An envelope whose payload nobody has looked at. Most who get one want the event, which is made of it at once."""

    payload: msgspec.Raw  # type: ignore[assignment]

    def event(self) -> Event:
        definition = self._definition()
        if self.version != definition.version or (definition.personal and _TOKEN in bytes(self.payload)):
            return decode(encode(self)).event()
        try:
            return msgspec.json.decode(self.payload, type=definition.cls)
        except msgspec.ValidationError as error:
            raise InvalidMessage(f"the payload of {self.event_type} {self.event_id} is broken: {error}") from error

    def plain_payload(self) -> dict[str, Any]:
        return decode(encode(self)).plain_payload()


_TOKEN = PREFIX.encode()  # PostgreSQL writes letters of JSON as they are: where this is not, nothing was encrypted
_decoder = msgspec.json.Decoder(Envelope)
_decoder_of_unopened = msgspec.json.Decoder(Unopened)


def encode(envelope: Envelope) -> bytes:
    """JSON in camelCase, times in UTC with `Z`."""
    return msgspec.json.encode(envelope)


def decode(data: bytes | str) -> Envelope:
    """The reverse of `encode`. Raises InvalidMessage."""
    try:
        return _decoder.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise InvalidMessage(f"this is no event envelope: {error}") from error


def unopened(data: bytes | str) -> Unopened:
    """The same for what comes from the log, so that it needs no looking into until somebody does."""
    return _decoder_of_unopened.decode(data)


def plain_row(row: dict[str, Any]) -> dict[str, Any]:
    """A row of the log, as JSON, with its personal values in plain. One that cannot be opened stays as it is."""
    envelope = Envelope(
        event_id=UUID(row["id"]),
        event_type=row["type"],
        aggregate_id=UUID(row["aggregate_id"]),
        aggregate_type=row["aggregate_type"],
        version=row["version"],
        timestamp=datetime.fromisoformat(row["recorded_at"]),
        payload=row["payload"],
        metadata=Metadata(
            causation_id=UUID(row["causation_id"]),
            correlation_id=row["correlation_id"],
            user_id=None,
            tenant_id=UUID(row["tenant_id"]),
            sequence=row["sequence"],
            origin=msgspec.convert(row["origin"], EventOrigin) if row["origin"] else UNSET,
        ),
    )
    try:
        payload, origin = envelope.plain_payload(), envelope.origin()
    except InvalidMessage:
        return row
    return {**row, "payload": payload, "origin": msgspec.to_builtins(origin)}


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
