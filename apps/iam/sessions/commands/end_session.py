"""End a session: no token of it is good any more, in any process, from the commit on."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings

from apps.core.auth import session_news
from apps.core.db.after_commit import try_after_commit
from apps.core.db.router import alias_for
from apps.core.events import unit_of_work
from apps.core.events.unit import UnitOfWork
from apps.core.history import SYSTEM, Actor
from apps.core.tenancy import PLATFORM, tenant
from apps.iam.audit import commands as audit
from apps.iam.audit.kinds import Kind as Happening
from apps.iam.oidc import commands as oidc
from apps.iam.oidc import sessions as provider
from apps.iam.sessions import queries
from apps.iam.sessions.commands.tell_clients import queue_notices
from apps.iam.sessions.errors import SessionNotFound
from apps.iam.sessions.events import EndReason, SessionEnded
from apps.iam.sessions.models import Session

_BATCH = 500


def end_session(*, session_id: UUID, reason: EndReason, now: datetime, actor: Actor | None = None) -> bool:
    """End a session, and those in which its person acts as somebody else. True if it was not over yet.

    Without an actor it is the person's own doing where they signed out, else the platform's. Safe to repeat: a second
    call changes, publishes and records nothing.
    """
    with unit_of_work(Session) as work:
        try:
            session = queries.lock_session(session_id)
        except SessionNotFound:
            return False
        if session.ended_at is not None:
            return False
        _end(work, session, reason=reason, actor=actor or _actor_of(session, reason), now=now)
        for child in queries.live_ids(now=now, parent_id=session_id):
            end_session(session_id=child, reason=EndReason.PARENT_ENDED, now=now, actor=actor)
    return True


def end_sessions_of(
    *,
    user_id: UUID,
    reason: EndReason,
    now: datetime,
    actor: Actor | None = None,
    keep: UUID | None = None,
    tenant_id: UUID | None = None,
) -> int:
    """End the sessions of a person, and those in which they act as somebody else. Returns how many. Safe to repeat.

    `keep` names one that stays; with `tenant_id` only those are ended that were last used there.
    """
    own = queries.live_ids(now=now, user_id=user_id, tenant_id=tenant_id)
    found = {*own, *queries.live_ids(now=now, impersonator_id=user_id, tenant_id=tenant_id)} - {keep}
    return sum(end_session(session_id=id_, reason=reason, now=now, actor=actor) for id_ in sorted(found))


def end_expired(*, now: datetime) -> int:
    """End what nobody has ended and whose time has passed, so that others hear of it. Safe to run twice at once."""
    ids = queries.expired_ids(now=now, limit=_BATCH)
    return sum(end_session(session_id=id_, reason=EndReason.EXPIRED, now=now, actor=SYSTEM) for id_ in ids)


def forget_old(*, now: datetime) -> None:
    """Delete the rows of sessions that have been over for SESSION_KEEP_DAYS. Safe to repeat."""
    with unit_of_work(Session):
        old = Session.objects.filter(ended_at__lt=now - timedelta(days=settings.SESSION_KEEP_DAYS))
        old.filter(parent__isnull=False).delete()
        old.delete()


def take_away(session_id: UUID) -> None:
    """What is outside the database: the provider's cookie opens nothing any more, and open pages are told.

    Safe to repeat. Raises SessionsUnavailable, RedisError.
    """
    provider.destroy(session_id)
    session_news.tell_end(str(session_id))


def _end(work: UnitOfWork, session: Session, *, reason: EndReason, actor: Actor, now: datetime) -> None:
    session.end(at=now, reason=reason)
    session.save(update_fields=["ended_at", "end_reason"])
    queue_notices(session, now=now)
    oidc.revoke_tokens(sid=session.id)
    with tenant(session.tenant_id or PLATFORM):
        work.publish(
            SessionEnded(
                session_id=session.id,
                user_id=session.user_id,
                kind=session.kind,
                reason=reason,
                impersonator_id=session.impersonator_id,
            )
        )
        _record(session, reason=reason, actor=actor)
    # With Redis away the tokens are refused all the same, and the event's handler does it again.
    try_after_commit(take_away, session.id, using=alias_for(Session))


def _record(session: Session, *, reason: EndReason, actor: Actor) -> None:
    happening = _happening(session, reason)
    if happening is not None:
        audit.record_security_event(
            happening,
            subject_id=session.user_id,
            actor=actor,
            session_id=str(session.id),
            reason=session.reason,
            details={"because": str(reason), "device": str(session)},
        )


def _happening(session: Session, reason: EndReason) -> Happening | None:
    """None for a session whose time had come: nobody did anything."""
    if session.is_impersonation:
        return Happening.IMPERSONATION_ENDED
    if reason is EndReason.EXPIRED:
        return None
    return Happening.SIGNED_OUT if reason is EndReason.SIGNED_OUT else Happening.SESSION_REVOKED


def _actor_of(session: Session, reason: EndReason) -> Actor:
    if reason is not EndReason.SIGNED_OUT:
        return SYSTEM
    own = session.impersonator if session.impersonator is not None else session.user
    return Actor(kind="user", id=own.pk, name=own.name)
