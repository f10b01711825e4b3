"""Act as somebody else: with a reason, for an hour at most, under both names."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db import IntegrityError

from apps.core.auth import MissingPermission, NotWhileImpersonating
from apps.core.events import unit_of_work
from apps.core.history import Actor, current_origin
from apps.core.tenancy import require_tenant_id
from apps.iam.audit import commands as audit
from apps.iam.audit.kinds import Kind as Happening
from apps.iam.roles import queries as roles
from apps.iam.sessions import impersonation_tokens, queries
from apps.iam.sessions.commands.end_session import end_session
from apps.iam.sessions.devices import device_name
from apps.iam.sessions.errors import (
    InvalidImpersonation,
    InvalidSubjectToken,
    LeaveUsed,
    NobodyToActAs,
    NoSessionOfYourOwn,
    NotAsYourself,
    SessionNotFound,
)
from apps.iam.sessions.events import EndReason, Kind
from apps.iam.sessions.impersonation_tokens import Leave
from apps.iam.sessions.models import REASON_LENGTH, Session
from apps.iam.sessions.permissions import ImpersonationPermission
from apps.iam.users import queries as users


@dataclass(frozen=True, slots=True)
class Granted:
    """Leave to act as somebody: the subject token, and when it ends (seconds since the epoch)."""

    subject_token: str
    expires_at: int


def permit_impersonation(*, user_id: UUID, reason: str, actor: Actor, session_id: str) -> Granted:
    """Let the actor, who is signed in in this session, act as a member of the current tenant: within a minute, once.

    Nothing has happened yet: `begin_impersonation` does it. Raises MemberNotFound, MissingPermission,
    BeyondOwnPermissions, NotWhileImpersonating, NotAsYourself, NoSessionOfYourOwn, NobodyToActAs, InvalidImpersonation.
    """
    reason = " ".join(reason.split())
    if not reason or len(reason) > REASON_LENGTH or not reason.isprintable():
        raise InvalidImpersonation(errors={"reason": [f"1 to {REASON_LENGTH} characters"]})
    if not session_id or actor.kind != "user" or actor.id is None:
        raise NoSessionOfYourOwn
    _check(user_id, actor)
    token, expires_at = impersonation_tokens.issued(
        user_id=user_id, actor_id=actor.id, tenant_id=require_tenant_id(), reason=reason
    )
    return Granted(token, expires_at)


def begin_impersonation(*, leave: Leave, actor: Actor, session_id: str, now: datetime) -> Session:
    """Begin a session in which the actor acts as a person, under the actor's own session `session_id`: it ends with
    that one, and after an hour (IMPERSONATION_S). The person is told by their security log.

    What leave was given for is looked at once more. Raises as `permit_impersonation` does, and LeaveUsed,
    InvalidSubjectToken, SessionNotFound.
    """
    if leave.actor_id != actor.id or leave.tenant_id != require_tenant_id():
        raise InvalidSubjectToken("leave was given to somebody else, or in another tenant")
    if not session_id:
        raise NoSessionOfYourOwn
    _check(leave.user_id, actor)
    with unit_of_work(Session, actor=actor):
        parent = queries.lock_session(UUID(session_id))
        if parent.user_id != actor.id or parent.is_impersonation or parent.is_over(at=now):
            raise SessionNotFound
        session = _begun(leave, parent, now)
        audit.record_security_event(
            Happening.IMPERSONATION_STARTED,
            subject_id=leave.user_id,
            actor=actor,
            session_id=str(session.id),
            reason=leave.reason,
            details={"until": session.expires_at.isoformat()},
        )
    return session


def end_impersonation(*, session_id: UUID | None, now: datetime) -> bool:
    """End a session in which somebody acts as somebody else; any other goes on. True if one ended. Safe to repeat."""
    if session_id is None or not queries.is_impersonation(session_id):
        return False
    return end_session(session_id=session_id, reason=EndReason.SIGNED_OUT, now=now)


def _check(user_id: UUID, actor: Actor) -> None:
    """May the actor act as this member at this moment? Four statements."""
    if actor.impersonator_id is not None:
        raise NotWhileImpersonating(f"{actor.impersonator_name} acts as {actor.name} already: stop that first")
    if actor.id == user_id:
        raise NotAsYourself
    if actor.id is None or ImpersonationPermission.IMPERSONATE not in roles.permissions_of(actor.id):
        needed = ImpersonationPermission.IMPERSONATE
        raise MissingPermission(f"this needs the permission {needed} ({needed.label})", permission=str(needed))
    member = users.membership(user_id)
    if member.state not in ("active", "invited") or not member.user.is_active or member.user.is_deleted:
        raise NobodyToActAs
    roles.require_within_own(actor, roles.permissions_of(user_id))


def _begun(leave: Leave, parent: Session, now: datetime) -> Session:
    origin = current_origin()
    session = Session(
        id=leave.session_id,
        kind=Kind.IMPERSONATION,
        user_id=leave.user_id,
        impersonator_id=leave.actor_id,
        parent=parent,
        reason=leave.reason,
        tenant_id=leave.tenant_id,
        tenant_ids=[leave.tenant_id],
        address=origin.address,
        user_agent=origin.user_agent,
        device=device_name(origin.user_agent),
        last_seen_at=now,
        expires_at=min(parent.expires_at, now + timedelta(seconds=settings.IMPERSONATION_S)),
    )
    try:
        with unit_of_work(Session):
            session.save()
    except IntegrityError as error:  # the id is the token's: somebody was here before
        raise LeaveUsed from error
    return session
