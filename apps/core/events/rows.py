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


def envelope_of(row: tuple[Any, ...]) -> Envelope:
    """The envelope of a row of COLUMNS."""
    (
        id_,
        type_,
        aggregate_id,
        aggregate,
        version,
        at,
        payload,
        causation,
        correlation,
        user,
        tenant,
        sequence,
        parent,
        impersonator,
        origin,
    ) = row
    metadata = Metadata(
        causation_id=causation,
        correlation_id=correlation,
        user_id=user,
        tenant_id=tenant,
        sequence=sequence,
        traceparent=parent,
        impersonator_id=impersonator,
        origin=msgspec.json.decode(origin, type=EventOrigin) if origin else UNSET,
    )
    return Envelope(
        event_id=id_,
        event_type=type_,
        aggregate_id=aggregate_id,
        aggregate_type=aggregate,
        version=version,
        timestamp=at,
        payload=msgspec.json.decode(payload),
        metadata=metadata,
    )
