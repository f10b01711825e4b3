"""What the security log is told."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from apps.core.events import Event, event


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
    actor_name: str
    impersonator_id: UUID | None = None
    impersonator_name: str = ""
    address: str = ""
    user_agent: str = ""
    session_id: str = ""
    reason: str = ""
    details: dict[str, str] = {}
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
