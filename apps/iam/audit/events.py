"""What the security log is told."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

from apps.core.events import Event, Personal, event


@event(topic="iam.security", aggregate="Subject", version=1)
class SecurityEventRecorded(Event):
    """Something happened that matters to whoever keeps watch. Lies in the log of the tenant it happened in, or of the
    platform (`tenancy.PLATFORM`) where there was none.

    `subject_id` is whose security it is about: a person, a service account, a tenant. `kind` and `outcome` are values
    of `audit.kinds`. No secret is ever among the `details`.
    """

    subject_id: UUID
    kind: str
    outcome: str
    actor_kind: str
    actor_id: UUID | None
    actor_name: Annotated[str, Personal("actor_id")]
    impersonator_id: UUID | None = None
    impersonator_name: Annotated[str, Personal("impersonator_id")] = ""
    # Of whoever acted; while nobody knows who that was, of the one who is concerned.
    address: Annotated[str, Personal("actor_id", "subject_id")] = ""
    user_agent: Annotated[str, Personal("actor_id", "subject_id")] = ""
    session_id: str = ""
    reason: Annotated[str, Personal("subject_id")] = ""
    details: Annotated[dict[str, str], Personal("subject_id")] = {}
    # When it was told later than it happened.
    occurred_at: datetime | None = None


@event(topic="iam.security", aggregate="SecurityLog", version=1)
class SecurityLogAnchored(Event):
    """A checkpoint: at that moment the chain of the tenant ended with this record.

    `checkpoint` is the same, signed (a compact JWS): whoever keeps it can tell later whether the chain was rewritten.
    """

    security_log_id: UUID
    sequence: int
    hash: str
    checkpoint: str
    occurred_at: datetime
