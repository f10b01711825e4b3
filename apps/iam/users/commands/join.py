"""Turn an open invitation into a membership."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from apps.core.events import unit_of_work
from apps.iam.users import queries
from apps.iam.users.events import MemberUpdated
from apps.iam.users.models import Membership


def join(*, user_id: UUID, now: datetime) -> Membership:
    """The person has accepted the invitation to the current tenant. Safe to repeat. Raises MemberNotFound."""
    with unit_of_work(Membership) as work:
        membership = queries.lock_member(user_id)
        if membership.is_deleted or membership.status != Membership.Status.INVITED:
            return membership
        membership.join(at=now)
        membership.save(update_fields=["status", "joined_at"])
        work.publish(
            MemberUpdated(membership_id=membership.id, user_id=user_id, name=membership.name, status=membership.status)
        )
    return membership
