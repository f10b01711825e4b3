"""Every write of sessions, one file per command."""

from apps.iam.sessions.commands.begin_session import begin_session
from apps.iam.sessions.commands.end_session import end_expired, end_session, end_sessions_of, forget_old, take_away
from apps.iam.sessions.commands.impersonate import (
    Granted,
    begin_impersonation,
    end_impersonation,
    permit_impersonation,
)
from apps.iam.sessions.commands.name_session import name_session
from apps.iam.sessions.commands.note_use import note_seen, note_use
from apps.iam.sessions.commands.revoke_session import revoke_in_tenant, revoke_others, revoke_own
from apps.iam.sessions.commands.tell_clients import deliver_notice

__all__ = [
    "Granted",
    "begin_impersonation",
    "begin_session",
    "deliver_notice",
    "end_expired",
    "end_impersonation",
    "end_session",
    "end_sessions_of",
    "forget_old",
    "name_session",
    "note_seen",
    "note_use",
    "permit_impersonation",
    "revoke_in_tenant",
    "revoke_others",
    "revoke_own",
    "take_away",
]
