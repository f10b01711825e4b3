"""Give a session a name."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from apps.core.errors import PreconditionFailed
from apps.core.events import unit_of_work
from apps.core.history import Actor
from apps.iam.sessions import queries
from apps.iam.sessions.errors import InvalidSession, SessionNotFound
from apps.iam.sessions.models import NAME_LENGTH, Session


def name_session(
    *, session_id: UUID, user_id: UUID, name: str, actor: Actor, now: datetime, expected_version: int | None = None
) -> Session:
    """Call one of one's own sessions something else; an empty name gives the device's back.

    Safe to repeat. Raises SessionNotFound, InvalidSession, PreconditionFailed.
    """
    name = " ".join(name.split())
    if len(name) > NAME_LENGTH or not name.isprintable():
        raise InvalidSession(errors={"name": [f"at most {NAME_LENGTH} characters, on one line"]})
    with unit_of_work(Session, actor=actor):
        session = queries.lock_session(session_id)
        if session.user_id != user_id or session.is_over(at=now):
            raise SessionNotFound
        if expected_version is not None and session.version != expected_version:
            raise PreconditionFailed(version=session.version)
        if session.name != name:
            session.name = name
            session.save(update_fields=["name"])
    return session
