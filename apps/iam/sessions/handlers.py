"""What sessions do when something happens to people."""

from __future__ import annotations

from uuid import UUID

from django.utils import timezone

from apps.core.events import Envelope, handles
from apps.iam.audit.events import SecurityEventRecorded
from apps.iam.audit.kinds import Kind, Outcome
from apps.iam.sessions import commands, queries, tasks
from apps.iam.sessions.events import EndReason, SessionEnded
from apps.iam.users.events import MemberDeleted, MemberUpdated

_PASSWORD_IS_ANOTHER = {Kind.PASSWORD_CHANGED, Kind.PASSWORD_RESET}


@handles(SessionEnded, group="iam.sessions.take_away", alone=True)
def take_away(event: SessionEnded) -> None:
    """Once more what was done after the commit: it may have met a Redis that was away. Alone, since Redis is asked."""
    commands.take_away(event.session_id)


@handles(SessionEnded, group="iam.sessions.tell_clients")
def tell_clients(event: SessionEnded) -> None:
    """Have each client told in a job of its own: none waits for the slow ones, and no lock is held meanwhile."""
    tasks.deliver_soon(queries.notices_of(event.session_id))


@handles(MemberDeleted, group="iam.sessions.end_of_members")
def end_sessions_of_deleted_member(event: MemberDeleted, *, envelope: Envelope) -> None:
    """Somebody who is no longer a member has no business here. What was ended already is not ended again."""
    _end_in_tenant(event.user_id, EndReason.DELETED, envelope)


@handles(MemberUpdated, group="iam.sessions.end_of_members")
def end_sessions_of_suspended_member(event: MemberUpdated, *, envelope: Envelope) -> None:
    """The same for somebody who is suspended."""
    if event.status == "suspended":
        _end_in_tenant(event.user_id, EndReason.SUSPENDED, envelope)


@handles(SecurityEventRecorded, group="iam.sessions.end_of_passwords")
def end_other_sessions(event: SecurityEventRecorded) -> None:
    """With another password all sessions end that were begun with the old one: but the one in which it was changed."""
    if event.kind not in _PASSWORD_IS_ANOTHER or event.outcome != Outcome.SUCCESS:
        return
    keep = event.session_id if event.kind == Kind.PASSWORD_CHANGED else ""
    commands.end_sessions_of(
        user_id=event.subject_id,
        reason=EndReason.PASSWORD_CHANGED,
        keep=UUID(keep) if keep else None,
        now=timezone.now(),
    )


def _end_in_tenant(user_id: UUID, reason: EndReason, envelope: Envelope) -> None:
    commands.end_sessions_of(user_id=user_id, reason=reason, tenant_id=envelope.metadata.tenant_id, now=timezone.now())
