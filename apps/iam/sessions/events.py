"""What others may know about sessions."""

from __future__ import annotations

from uuid import UUID

from django.db import models

from apps.core.events import Event, event


class Kind(models.TextChoices):
    """What a session is. The values are told to others: one never changes."""

    SIGN_IN = "sign_in"
    IMPERSONATION = "impersonation"


class EndReason(models.TextChoices):
    """Why a session is over. The values are told to others: one never changes."""

    SIGNED_OUT = "signed_out"
    EXPIRED = "expired"
    REVOKED = "revoked"
    SUSPENDED = "suspended"
    DELETED = "deleted"
    PASSWORD_CHANGED = "password_changed"  # noqa: S105 (no password)
    PARENT_ENDED = "parent_ended"


@event(topic="iam.sessions", aggregate="Session", version=1)
class SessionEnded(Event):
    """A session is over, with every token that was issued in it; the last event of a session, and told once.

    Lies in the log of the tenant in which the session was last used, or of the platform where it was in none.
    `kind` is one of `Kind`, `reason` one of `EndReason`; `impersonator_id` is whoever acted as the person.
    """

    session_id: UUID
    user_id: UUID
    kind: str
    reason: str
    impersonator_id: UUID | None = None
