"""People end their own sessions; administrators those of others."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from apps.core.history import Actor
from apps.iam.roles import queries as roles
from apps.iam.sessions import queries
from apps.iam.sessions.commands.end_session import end_session
from apps.iam.sessions.events import EndReason
from apps.iam.users import queries as users


def revoke_own(*, session_id: UUID, user_id: UUID, actor: Actor, now: datetime) -> None:
    """End one of one's own sessions, or one in which somebody acts as oneself. Raises SessionNotFound."""
    queries.session_of(user_id, session_id, now=now)
    end_session(session_id=session_id, reason=EndReason.REVOKED, actor=actor, now=now)


def revoke_others(*, user_id: UUID, keep: UUID | None, actor: Actor, now: datetime) -> int:
    """End all of one's own sessions but the present one. Returns how many. Safe to repeat."""
    ids = queries.sessions_of(user_id, now=now).values_list("id", flat=True)
    return _end_each([id_ for id_ in ids if id_ != keep], actor=actor, now=now)


def revoke_in_tenant(*, user_id: UUID, actor: Actor, now: datetime, session_id: UUID | None = None) -> int:
    """End a member's sessions that were used in the current tenant, or one of them. Returns how many.

    Safe to repeat. Nobody signs out somebody who may do more than they may themselves. Raises MemberNotFound,
    SessionNotFound, BeyondOwnPermissions.
    """
    users.membership(user_id)
    if actor.id != user_id:
        roles.require_within_own(actor, roles.permissions_of(user_id, everywhere=False))
    if session_id is not None:
        queries.session_in_tenant(user_id, session_id, now=now)
        return _end_each([session_id], actor=actor, now=now)
    ids = list(queries.sessions_in_tenant(user_id, now=now).values_list("id", flat=True))
    return _end_each(ids, actor=actor, now=now)


def _end_each(ids: list[UUID], *, actor: Actor, now: datetime) -> int:
    return sum(end_session(session_id=id_, reason=EndReason.REVOKED, actor=actor, now=now) for id_ in sorted(ids))
