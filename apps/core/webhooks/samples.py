"""An event that never happened, for test deliveries."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import msgspec

from apps.core.db.ids import uuid7
from apps.core.events import Envelope, Metadata
from apps.core.events.examples import example_of
from apps.core.webhooks.event_types import EventType


def sample_envelope(event_type: EventType, *, tenant_id: UUID, user_id: UUID | None, now: datetime) -> Envelope:
    """The example of an event, as if it had happened now in this tenant. Each has an id of its own."""
    event_id = uuid7()
    metadata = Metadata(
        causation_id=event_id, correlation_id="0" * 32, user_id=user_id, tenant_id=tenant_id, sequence=1
    )
    example = example_of(event_type.definition)
    return msgspec.structs.replace(example, event_id=event_id, timestamp=now, metadata=metadata)
