"""Passwords: another one by who knows the present one, and a new one by who reads the person's mail."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from django.conf import settings

from apps.core import mail
from apps.core.db.after_commit import try_after_commit
from apps.core.db.router import alias_for
from apps.core.events import unit_of_work
from apps.core.history import Actor, current_origin
from apps.iam.audit import commands as audit
from apps.iam.audit.kinds import Kind
from apps.iam.credentials.errors import LinkIsOver, WrongPassword
from apps.iam.credentials.links import LIFETIME_S, Purpose, SignedLink, signed
from apps.iam.credentials.models import Invitation
from apps.iam.credentials.passwords import check_strength
from apps.iam.oidc import commands as oidc
from apps.iam.oidc import people as access
from apps.iam.oidc import sessions as provider
from apps.iam.oidc import throttle
from apps.iam.sessions import commands as sessions
from apps.iam.sessions.events import EndReason
from apps.iam.users import commands as users
from apps.iam.users import queries as people
from apps.iam.users.errors import UserNotFound


def change_password(
    *, user_id: UUID, password: str, current: str | None, is_proven: bool, session_id: UUID | None, now: datetime
) -> None:
    """Use another password from now on. Sessions of the person end, except the given one; a mail tells of it.

    The present password is asked for unless the sign-in behind the request proves enough (`is_proven`). Raises
    WrongPassword, InvalidPassword, UserNotFound.
    """
    with unit_of_work(Invitation):
        user = people.lock_user(user_id)
        _check_current(user, current, is_proven)
        check_strength(password, user=user)
        users.set_password(user_id=user_id, password=password)
        _end_sessions(user_id, keep=session_id, now=now)
        audit.record_security_event(Kind.PASSWORD_CHANGED, subject_id=user_id)
        _tell(user, now)


def request_password_reset(*, email: str, now: datetime) -> bool:
    """Mail the person with this address, if there is one, a link to choose a new password. True if it was sent.

    Nobody is told which: run it where no caller waits for it (`credentials.tasks`).
    """
    user = people.user_by_email(email)
    if user is None or not user.is_active:
        return False
    with unit_of_work(Invitation, actor=_self(user)):
        sent = mail.notify(
            template="password_reset",
            to=user.email,
            context={
                "name": user.name,
                "url": f"{settings.BASE_URL}/sign-in/reset/{signed(Purpose.RESET_PASSWORD, user)}",
                "minutes": LIFETIME_S[Purpose.RESET_PASSWORD] // 60,
            },
            person_id=user.id,
            now=now,
        )
        if sent:
            home = access.home_of(user.id)
            audit.record_security_event(Kind.PASSWORD_RESET_REQUESTED, subject_id=user.id, tenant_id=home)
    return sent is not None


def person_of_reset(*, token: str) -> Any:
    """Whose password the link resets. Changes nothing. Raises LinkIsOver."""
    link = SignedLink.read(Purpose.RESET_PASSWORD, token)
    try:
        user = people.user(link.user_id)
    except UserNotFound as error:
        raise LinkIsOver from error
    link.check(user)
    return user


def reset_password(*, token: str, password: str, now: datetime) -> None:
    """Use the password from now on, by a link from a mail. Ends all sessions, lifts all locks, tells of it by mail.

    The link is over with it, and so are all others like it. Raises LinkIsOver, InvalidPassword.
    """
    user = person_of_reset(token=token)
    with unit_of_work(Invitation, actor=_self(user)):
        user = people.lock_user(user.id)
        SignedLink.read(Purpose.RESET_PASSWORD, token).check(user)  # again, for two may have come at once
        check_strength(password, user=user)
        users.set_password(user_id=user.id, password=password)
        home = access.home_of(user.id)
        if users.verify_email(user_id=user.id, now=now):
            audit.record_security_event(Kind.EMAIL_VERIFIED, subject_id=user.id, tenant_id=home)
        _end_sessions(user.id, keep=None, now=now)
        audit.record_security_event(Kind.PASSWORD_RESET, subject_id=user.id, tenant_id=home)
        _tell(user, now)
        try_after_commit(throttle.lift, user.email, using=alias_for(Invitation))


def _check_current(user: Any, current: str | None, is_proven: bool) -> None:
    if current is None and is_proven:
        return
    if not current:
        raise WrongPassword(errors={"current_password": ["is needed"]})
    if not user.check_password(current):
        raise WrongPassword(errors={"current_password": ["is another one"]})


def _end_sessions(user_id: UUID, *, keep: UUID | None, now: datetime) -> None:
    """Every session was begun with the old password; the one that goes on is given the new one."""
    sessions.end_sessions_of(user_id=user_id, reason=EndReason.PASSWORD_CHANGED, keep=keep, now=now)
    if keep is not None:
        auth_hash = people.user(user_id).get_session_auth_hash()
        oidc.keep_tokens(sid=keep, auth_hash=auth_hash)
        try_after_commit(provider.keep, keep, auth_hash, using=alias_for(Invitation))


def _tell(user: Any, now: datetime) -> None:
    mail.notify(
        template="password_changed",
        to=user.email,
        context={"name": user.name, "address": current_origin().address},
        person_id=user.pk,
        now=now,
    )


def _self(user: Any) -> Actor:
    return Actor(kind="user", id=user.pk, name=user.name)
