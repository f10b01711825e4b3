"""E-mail addresses: confirmed by a link that went there, and changed by one that went to the new one."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from django.conf import settings

from apps.core import mail
from apps.core.events import unit_of_work
from apps.core.history import Actor
from apps.iam.audit import commands as audit
from apps.iam.audit.kinds import Kind
from apps.iam.credentials.errors import AlreadyVerified, InvalidProfile, LinkIsOver
from apps.iam.credentials.links import LIFETIME_S, Purpose, SignedLink, signed
from apps.iam.credentials.models import Invitation
from apps.iam.oidc import people as access
from apps.iam.users import commands as users
from apps.iam.users import queries as people
from apps.iam.users.errors import UserNotFound
from apps.iam.users.names import folded, valid_email


def request_verification(*, user_id: UUID, now: datetime) -> None:
    """Mail a person the link that confirms their address. Raises AlreadyVerified, MailIsOff, TooManyMessages."""
    user = people.user(user_id)
    if user.email_verified:
        raise AlreadyVerified
    url = f"{settings.BASE_URL}/email/verification/{signed(Purpose.VERIFY_EMAIL, user)}"
    _mail(user, template="email_verification", to=user.email, now=now, url=url)


def verify_email(*, token: str, now: datetime) -> str:
    """The address is the person's, as the link shows, which is over with it. Returns it. Raises LinkIsOver."""
    user, link = address_of(purpose=Purpose.VERIFY_EMAIL, token=token)
    with unit_of_work(Invitation, actor=_self(user)):
        user = people.lock_user(user.pk)
        link.check(user)
        users.verify_email(user_id=user.pk, now=now)
        audit.record_security_event(Kind.EMAIL_VERIFIED, subject_id=user.pk, tenant_id=access.home_of(user.pk))
    return str(user.email)


def request_email_change(*, user_id: UUID, email: str, now: datetime) -> None:
    """Mail the new address a link that changes to it, and tell the present one. Nothing changes yet.

    Whether somebody else has that address is not told: then nothing is sent there. Raises InvalidMember,
    InvalidProfile, MailIsOff, TooManyMessages.
    """
    email = valid_email(email)
    with unit_of_work(Invitation):
        user = people.user(user_id)
        if user.email == email:
            raise InvalidProfile(errors={"email": ["is your address already"]})
        other = people.user_by_email(email)
        if other is None or other.pk == user_id:
            url = f"{settings.BASE_URL}/email/change/{signed(Purpose.CHANGE_EMAIL, user, email=email)}"
            hours = LIFETIME_S[Purpose.CHANGE_EMAIL] // 3600
            _mail(user, template="email_change", to=email, now=now, url=url, email=email, hours=hours)
        _mail(user, template="email_change_notice", to=user.email, now=now, email=email)


def confirm_email_change(*, token: str, now: datetime) -> str:
    """Use the new address from now on, and tell the old one. Returns the new one. Raises LinkIsOver, AddressTaken."""
    user, link = address_of(purpose=Purpose.CHANGE_EMAIL, token=token)
    with unit_of_work(Invitation, actor=_self(user)):
        user = people.lock_user(user.pk)
        link.check(user)
        users.change_email(user_id=user.pk, email=link.email, now=now)
        facts = {"before": user.email, "after": link.email}
        audit.record_security_event(
            Kind.EMAIL_CHANGED, subject_id=user.pk, tenant_id=access.home_of(user.pk), details=facts
        )
        if folded(user.email) != folded(link.email):
            context = {"name": user.name, "email": link.email}
            mail.notify(template="email_changed", to=user.email, context=context, person_id=user.pk, now=now)
    return link.email


def address_of(*, purpose: Purpose, token: str) -> tuple[Any, SignedLink]:
    """Whose link this is, and what it carries. Changes nothing. Raises LinkIsOver."""
    link = SignedLink.read(purpose, token)
    try:
        user = people.user(link.user_id)
    except UserNotFound as error:
        raise LinkIsOver from error
    link.check(user)
    return user, link


def _mail(user: Any, *, template: str, to: str, now: datetime, **context: object) -> None:
    mail.send(template=template, to=to, context={"name": user.name, **context}, person_id=user.pk, now=now)


def _self(user: Any) -> Actor:
    return Actor(kind="user", id=user.pk, name=user.name)
