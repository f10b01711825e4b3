"""What a record of the security log is made of, before it has its place in the chain."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from apps.core.events import Envelope, Event, EventOrigin
from apps.iam.audit.events import SecurityEventRecorded
from apps.iam.audit.relevance import relevant_events


@dataclass(frozen=True, slots=True)
class Facts:
    """Who did what to whom, when, from where. `event_id` is the event's in the log, and so the record's own."""

    event_id: UUID
    at: datetime
    kind: str
    outcome: str
    actor_kind: str
    actor_id: UUID | None
    actor_name: str
    impersonator_id: UUID | None
    impersonator_name: str
    subject_id: UUID
    address: str
    user_agent: str
    session_id: str
    reason: str
    details: Mapping[str, str]
    trace_id: str


def facts_told(told: SecurityEventRecorded, envelope: Envelope) -> Facts:
    """Of something that was told on purpose. It may have happened before it was told: see `occurred_at`."""
    return Facts(
        event_id=envelope.event_id,
        at=told.occurred_at or envelope.timestamp,
        kind=told.kind,
        outcome=told.outcome,
        actor_kind=told.actor_kind,
        actor_id=told.actor_id,
        actor_name=told.actor_name,
        impersonator_id=told.impersonator_id,
        impersonator_name=told.impersonator_name,
        subject_id=told.subject_id,
        address=told.address,
        user_agent=told.user_agent,
        session_id=told.session_id,
        reason=told.reason,
        details=told.details,
        trace_id=envelope.metadata.correlation_id,
    )


def facts_of(happened: Event, envelope: Envelope) -> Facts:
    """Of a domain event that was registered as relevant. One without an origin is older than the security log."""
    relevance, metadata = relevant_events()[type(happened)], envelope.metadata
    origin = envelope.origin() or EventOrigin(actor_kind="user" if metadata.user_id else "system")
    return Facts(
        event_id=envelope.event_id,
        at=envelope.timestamp,
        kind=relevance.kind,
        outcome="success",
        actor_kind=origin.actor_kind,
        actor_id=metadata.user_id,
        actor_name=origin.actor_name,
        impersonator_id=metadata.impersonator_id,
        impersonator_name=origin.impersonator_name,
        subject_id=relevance.subject_of(happened),
        address=origin.address,
        user_agent=origin.user_agent,
        session_id=origin.session_id,
        reason="",
        details=relevance.details_of(happened),
        trace_id=metadata.correlation_id,
    )
