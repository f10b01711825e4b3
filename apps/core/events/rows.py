"""A row of the log as an envelope."""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import UNSET

from apps.core.events.envelope import Envelope, EventOrigin, Metadata

COLUMNS = (
    "event.id, event.type, event.aggregate_id, event.aggregate_type, event.version, event.recorded_at, "
    "event.payload::text, event.causation_id, event.correlation_id, event.user_id, event.tenant_id, event.sequence, "
    "event.traceparent, event.impersonator_id, event.origin::text"
)


# The same as texts, for what only passes an event on. Times as msgspec writes them, in UTC.
TEXTS = (
    "event.id::text, event.type, event.aggregate_id::text, event.aggregate_type, event.version, "
    "to_char(event.recorded_at at time zone 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"'), event.payload::text, "
    "event.causation_id::text, event.correlation_id, event.user_id::text, event.tenant_id::text, event.sequence, "
    "event.traceparent, event.impersonator_id::text, event.origin::text"
)


def envelope_of(row: tuple[Any, ...]) -> Envelope:
    """The envelope of a row of COLUMNS."""
    origin = msgspec.json.decode(row[14], type=EventOrigin) if row[14] else UNSET
    return _envelope(row, msgspec.json.decode(row[6]), origin)


def unopened(row: tuple[Any, ...]) -> Envelope:
    """The envelope of a row of TEXTS, to be encoded and no more: nothing in it was parsed."""
    return _envelope(row, msgspec.Raw(row[6]), msgspec.Raw(row[14]) if row[14] else UNSET)


def _envelope(row: tuple[Any, ...], payload: Any, origin: Any) -> Envelope:
    id_, type_, aggregate_id, aggregate, version, at, _, causation, correlation, user, tenant, sequence, *more = row
    parent, impersonator, _ = more
    metadata = Metadata(
        causation_id=causation,
        correlation_id=correlation,
        user_id=user,
        tenant_id=tenant,
        sequence=sequence,
        traceparent=parent,
        impersonator_id=impersonator,
        origin=origin,
    )
    return Envelope(
        event_id=id_,
        event_type=type_,
        aggregate_id=aggregate_id,
        aggregate_type=aggregate,
        version=version,
        timestamp=at,
        payload=payload,
        metadata=metadata,
    )
