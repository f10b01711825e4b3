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

# When it was recorded, as msgspec writes times.
TIME = "to_char(event.recorded_at at time zone 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"')"
# The row as the text in which it travels (`envelope.encode`), for whoever passes it on or wants only a part of it.
ENVELOPE = f"""concat(
    '{{"eventId":"', event.id, '","eventType":', to_json(event.type), ',"aggregateId":"', event.aggregate_id,
    '","aggregateType":', to_json(event.aggregate_type), ',"version":', event.version, ',"timestamp":"', {TIME},
    '","payload":', event.payload, ',"metadata":{{"causationId":"', event.causation_id,
    '","correlationId":', to_json(event.correlation_id), ',"userId":', coalesce(to_json(event.user_id)::text, 'null'),
    ',"tenantId":"', event.tenant_id, '","sequence":', event.sequence, ',"traceparent":', to_json(event.traceparent),
    ',"impersonatorId":', coalesce(to_json(event.impersonator_id)::text, 'null'), ',"origin":' || event.origin::text,
    '}}}}')"""


def envelope_of(row: tuple[Any, ...]) -> Envelope:
    """The envelope of a row of COLUMNS."""
    id_, type_, aggregate_id, aggregate, version, at, payload, causation, correlation, user, tenant, sequence = row[:12]
    parent, impersonator, origin = row[12:]
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
