"""Invitations by mail: sending, taking back, accepting."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.conf import settings

from apps.core import mail
from apps.core.db.ids import uuid7
from apps.core.events import unit_of_work
from apps.core.history import Actor
from apps.core.tenancy import require_tenant_id, tenant
from apps.iam.audit import commands as audit
from apps.iam.audit.kinds import Kind
from apps.iam.credentials import queries
from apps.iam.credentials.errors import HasJoined, LinkIsOver, NoInvitation
from apps.iam.credentials.events import InvitationAccepted, InvitationRevoked, InvitationSent
from apps.iam.credentials.links import InvitationToken
from apps.iam.credentials.models import Invitation
from apps.iam.credentials.passwords import check_strength
from apps.iam.sessions import commands as sessions
from apps.iam.sessions.events import EndReason
from apps.iam.tenants import queries as tenants
from apps.iam.users import commands as users
from apps.iam.users import queries as people
from apps.iam.users.errors import MemberIsDeleted


@dataclass(frozen=True, slots=True)
class Offer:
    """What an open link offers: to whom, where, and whether a password is to be chosen with it."""

    user_id: UUID
    email: str
    name: str
    tenant_name: str
    expires_at: datetime
    needs_password: bool


def invite(
    *, email: str, name: str, roles: Iterable[str], actor: Actor, now: datetime, with_password: bool = False
) -> users.Invitation:
    """Let somebody into the current tenant and mail them the link to join, in one transaction.

    A one-time password is given to somebody new with `with_password`, or when the installation sends no mail. Raises
    as `users.invite_member` does, and TooManyMessages.
    """
    by_mail = mail.is_on()
    given = with_password or not by_mail
    with unit_of_work(Invitation, actor=actor):
        invited = users.invite_member(email=email, name=name, roles=roles, actor=actor, now=now, with_password=given)
        if by_mail:
            known_password = invited.one_time_password is not None
            send_invitation(user_id=invited.membership.user_id, actor=actor, now=now, by_link_only=not known_password)
    return invited


def send_invitation(*, user_id: UUID, actor: Actor, now: datetime, by_link_only: bool = True) -> Invitation:
    """Mail an invited member of the current tenant the link to join; any link before is over. Good for seven days.

    Each call sends a mail. Raises MemberNotFound, MemberIsDeleted, HasJoined, MailIsOff, TooManyMessages.
    """
    with unit_of_work(Invitation, actor=actor) as work:
        membership = people.lock_member(user_id)
        if membership.is_deleted:
            raise MemberIsDeleted
        if membership.status != membership.Status.INVITED:
            raise HasJoined
        found = queries.lock_invitation(user_id)
        invitation = found or Invitation(id=uuid7(), user_id=user_id, by_link_only=by_link_only)
        token = InvitationToken.new(tenant_id=require_tenant_id(), invitation_id=invitation.id)
        invitation.renew(token_hash=token.hash, at=now)
        invitation.save()
        _mail(membership, invitation, token, actor=actor, now=now)
        work.publish(InvitationSent(invitation_id=invitation.id, user_id=user_id, expires_at=invitation.expires_at))
    return invitation


def revoke_invitation(*, user_id: UUID, actor: Actor, now: datetime) -> Invitation:
    """Take an invitation back: its link is over, and the person cannot join by signing in. Can be sent again.

    Safe to repeat. Raises NoInvitation.
    """
    with unit_of_work(Invitation, actor=actor) as work:
        invitation = queries.lock_invitation(user_id)
        if invitation is None:
            raise NoInvitation
        if invitation.revoked_at is None:
            invitation.revoke(at=now)
            invitation.save(update_fields=["revoked_at"])
            work.publish(InvitationRevoked(invitation_id=invitation.id, user_id=user_id))
    return invitation


def offer_of(*, token: str, now: datetime) -> Offer:
    """What the link offers. Changes nothing, so that programs which look at links in mail use none up.

    Raises LinkIsOver.
    """
    found = InvitationToken.read(token)
    with tenant(found.tenant_id):
        invitation = queries.invitation_by_token(found, now=now)
        membership = people.membership(invitation.user_id)
    _check_open(membership)
    return _offer(membership, invitation, _tenant_name(found.tenant_id))


def accept_invitation(*, token: str, name: str, password: str, now: datetime) -> Offer:
    """Join the tenant that a link invites to; the link is used up by it.

    Who is new, or has not shown before that the address is theirs, gets the name and the password that they chose
    here, and every session of before ends. Others keep both, and what is given is ignored. Raises LinkIsOver,
    InvalidPassword, InvalidMember.
    """
    found = InvitationToken.read(token)
    with tenant(found.tenant_id):
        user_id = queries.invitation_by_token(found, now=now).user_id
        with unit_of_work(Invitation, actor=_self(people.membership(user_id))) as work:
            membership = people.lock_member(user_id)
            _check_open(membership)
            queries.lock_invitation(user_id)
            invitation = queries.invitation_by_token(found, now=now)  # again, for two may have come at once
            offer = _offer(membership, invitation, _tenant_name(found.tenant_id))
            if offer.needs_password:
                _take_account(membership, name=name, password=password, now=now)
            users.join(user_id=user_id, now=now)
            invitation.accept(at=now)
            invitation.save(update_fields=["accepted_at"])
            work.publish(InvitationAccepted(invitation_id=invitation.id, user_id=user_id))
    return offer


def _take_account(membership: Any, *, name: str, password: str, now: datetime) -> None:
    user = people.lock_user(membership.user_id)
    was_new = not user.has_usable_password()
    check_strength(password, user=user)
    if was_new:
        users.update_profile(user_id=user.id, change=users.ProfileChange(name=name))
    users.set_password(user_id=user.id, password=password)
    users.verify_email(user_id=user.id, now=now)
    sessions.end_sessions_of(user_id=user.id, reason=EndReason.PASSWORD_CHANGED, now=now)
    audit.record_security_event(Kind.EMAIL_VERIFIED, subject_id=user.id)
    audit.record_security_event(Kind.PASSWORD_CHANGED, subject_id=user.id, details={"by": "invitation"})


def _check_open(membership: Any) -> None:
    """The person must still be invited, and not be shut out of the platform. Raises LinkIsOver."""
    user = membership.user
    if membership.is_deleted or membership.status != membership.Status.INVITED:
        raise LinkIsOver
    if user.is_deleted or not user.is_active:
        raise LinkIsOver


def _tenant_name(tenant_id: UUID) -> str:
    found = tenants.tenant_by_id(tenant_id)
    if not found.is_active:
        raise LinkIsOver
    return str(found.name)


def _offer(membership: Any, invitation: Invitation, tenant_name: str) -> Offer:
    user = membership.user
    return Offer(
        user_id=user.id,
        email=user.email,
        name=membership.name,
        tenant_name=tenant_name,
        expires_at=invitation.expires_at,
        needs_password=not (user.has_usable_password() and user.email_verified),
    )


def _mail(membership: Any, invitation: Invitation, token: InvitationToken, *, actor: Actor, now: datetime) -> None:
    mail.send(
        template="invitation",
        to=membership.user.email,
        context={
            "name": membership.name,
            "inviter": actor.name if actor.kind == "user" else "",
            "tenant": tenants.tenant_by_id(token.tenant_id).name,
            "url": f"{settings.BASE_URL}/invitation/{token}",
            "expires_at": invitation.expires_at,
        },
        now=now,
        tenant_id=token.tenant_id,
        person_id=membership.user_id,
    )


def _self(membership: Any) -> Actor:
    return Actor(kind="user", id=membership.user_id, name=membership.name)
