"""What platform staff do with a person, everywhere at once. Their memberships stay as they are, and useless."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import IntegrityError
from django.utils import timezone

from apps.core.events import unit_of_work
from apps.core.history import Actor
from apps.iam.sessions import commands as sessions
from apps.iam.sessions.events import EndReason
from apps.iam.users import queries
from apps.iam.users.errors import AddressTaken, PersonIsErased
from apps.iam.users.models import User


def suspend_user(*, user_id: UUID) -> User:
    """Keep a person out of every tenant, and end their sessions. Safe to repeat. Raises UserNotFound."""
    with unit_of_work(User):
        user = _with_activity(user_id, False)
        sessions.end_sessions_of(user_id=user_id, reason=EndReason.SUSPENDED, now=timezone.now())
    return user


def reinstate_user(*, user_id: UUID) -> User:
    """Let a suspended person in again. Safe to repeat. Raises UserNotFound."""
    return _with_activity(user_id, True)


def delete_user(*, user_id: UUID, actor: Actor, now: datetime) -> User:
    """Hide a person, and end their sessions; the address is free again. Safe to repeat. Raises UserNotFound."""
    with unit_of_work(User, actor=actor):
        user = queries.lock_user(user_id)
        if not user.is_deleted:
            user.soft_delete(at=now, by=actor.id)
            user.save(update_fields=["deleted_at", "deleted_by", "deletion_id"])
        sessions.end_sessions_of(user_id=user_id, reason=EndReason.DELETED, actor=actor, now=now)
    return user


def restore_user(*, user_id: UUID) -> User:
    """Undo a deletion. Safe to repeat. Raises UserNotFound, AddressTaken, PersonIsErased."""
    try:
        with unit_of_work(User):
            user = queries.lock_user(user_id)
            if user.is_erased:
                raise PersonIsErased
            if user.is_deleted:
                user.restore()
                user.save(update_fields=["deleted_at", "deleted_by", "deletion_id"])
    except IntegrityError as error:
        raise AddressTaken from error
    return user


def _with_activity(user_id: UUID, is_active: bool) -> User:
    with unit_of_work(User):
        user = queries.lock_user(user_id)
        if user.is_active != is_active:
            user.is_active = is_active
            user.save(update_fields=["is_active"])
    return user
