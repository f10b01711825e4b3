"""Somebody lost their phone: an administrator takes away all second factors, so that they can begin again."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from apps.core.auth import NotWhileImpersonating
from apps.core.events import unit_of_work
from apps.core.history import Actor
from apps.core.tenancy import require_tenant_id
from apps.iam.authenticators import queries
from apps.iam.authenticators.commands.removing import forget
from apps.iam.authenticators.commands.telling import alert
from apps.iam.authenticators.errors import MemberElsewhere, ResetYourself
from apps.iam.authenticators.models import Passkey, RecoveryCodes, Totp
from apps.iam.roles import queries as roles
from apps.iam.sessions import commands as sessions
from apps.iam.sessions.events import EndReason
from apps.iam.users import queries as users


def reset_member(*, user_id: UUID, actor: Actor, now: datetime, reason: str) -> int:
    """Take all second factors of a member of the current tenant, and end their sessions. Returns how many there were.

    A person's second factors guard every tenant that they belong to, so a tenant alone may not take them from somebody
    who belongs to another as well. Safe to repeat. Raises MemberNotFound, MemberElsewhere, ResetYourself,
    BeyondOwnPermissions, NotWhileImpersonating.
    """
    if actor.impersonator_id is not None:
        raise NotWhileImpersonating
    member = users.membership(user_id)
    if actor.id == user_id:
        raise ResetYourself
    roles.require_within_own(actor, roles.permissions_of(user_id))
    if {one.tenant_id for one in users.memberships_of(user_id)} - {require_tenant_id()} or member.user.is_staff:
        raise MemberElsewhere
    return _reset(user_id, actor, now, reason)


def reset_person(*, user_id: UUID, actor: Actor, now: datetime, reason: str) -> int:
    """As `reset_member`, for platform staff, who may reset anybody. Raises UserNotFound."""
    users.user(user_id)
    return _reset(user_id, actor, now, reason)


def _reset(user_id: UUID, actor: Actor, now: datetime, reason: str) -> int:
    with unit_of_work(Passkey, actor=actor, reason=reason):
        user = users.lock_user(user_id)
        factors = queries.held_by(user_id).factors
        for factor in factors:
            forget(factor, actor=actor, reason=reason or "reset by an administrator")
        if factors:
            alert(user, f"{actor.name or 'An administrator'} removed all second factors of your account.", now=now)
        Totp.objects.filter(user_id=user_id).delete()
        RecoveryCodes.objects.filter(user_id=user_id).delete()
        sessions.end_sessions_of(user_id=user_id, reason=EndReason.REVOKED, now=now, actor=actor)
    return len(factors)
