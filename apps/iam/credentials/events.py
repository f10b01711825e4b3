"""What others may know about invitations by mail. All of one invitation's events are in order."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from apps.core.events import Event, event


@event(topic="iam.invitations", aggregate="Invitation", version=1)
class InvitationSent(Event):
    """A link to join the tenant went to a member's address. Sent again, it replaces the link before."""

    invitation_id: UUID
    user_id: UUID
    expires_at: datetime


@event(topic="iam.invitations", aggregate="Invitation", version=1)
class InvitationAccepted(Event):
    """The person followed the link and is a member from now on."""

    invitation_id: UUID
    user_id: UUID


@event(topic="iam.invitations", aggregate="Invitation", version=1)
class InvitationRevoked(Event):
    """The link is good for nothing any more, and the person cannot join by signing in."""

    invitation_id: UUID
    user_id: UUID
