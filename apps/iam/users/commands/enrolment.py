"""What inviting and adding somebody have in common: finding or making the person, and the membership."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.db import IntegrityError

from apps.core.events import unit_of_work
from apps.core.events.unit import UnitOfWork
from apps.core.history import Actor
from apps.iam.roles import commands as roles
from apps.iam.tenants import queries as tenants
from apps.iam.users import queries
from apps.iam.users.errors import AlreadyMember, InvalidMember, MemberNotFound, MemberWasDeleted
from apps.iam.users.events import MemberInvited
from apps.iam.users.models import Membership, User
from apps.iam.users.names import folded, valid_email, valid_name


def find_or_create_user(
    *, email: str, name: str, password: str | None, is_platform_staff: bool = False
) -> tuple[User, bool]:
    """The person with this address, and True if made now, with this password or none. Raises InvalidMember."""
    email, name = valid_email(email), valid_name(name)
    known = queries.user_by_email(email)
    if known:
        return known, False
    user = User(email=email, email_key=folded(email), name=name, is_platform_staff=is_platform_staff)
    user.set_password(password)
    try:
        with unit_of_work(User):
            user.save()
    except IntegrityError:  # somebody else invited the same new person in this very moment
        rival = queries.user_by_email(email)
        if rival is None:
            raise
        return rival, False
    return user, True


def enrol(
    work: UnitOfWork,
    *,
    user: User,
    name: str,
    role_codes: Iterable[str],
    actor: Actor,
    now: datetime,
    joined: bool = False,
) -> Membership:
    """Make the person a member with these roles; only invited until they sign in, unless `joined`.

    Raises AlreadyMember, MemberWasDeleted, InvalidMember, UnknownRole, BeyondOwnPermissions.
    """
    codes = sorted(set(role_codes))
    if not codes:
        raise InvalidMember(errors={"roles": ["a member needs at least one role"]})
    _refuse_known(user)
    _refuse_other_domains(user.email)
    membership = Membership(user=user, joined_at=now if joined else None)
    membership.rename(valid_name(name))
    membership.reinstate()
    membership.save()
    roles.assign_roles(holder_id=user.id, roles=codes, actor=actor, now=now)
    work.publish(
        MemberInvited(
            membership_id=membership.id, user_id=user.id, email=user.email, name=membership.name, roles=tuple(codes)
        )
    )
    return membership


def _refuse_other_domains(email: str) -> None:
    """Raises InvalidMember for an address that the tenant's settings allow nobody to have."""
    allowed = tenants.current_configuration().values.allowed_email_domains
    if allowed and folded(email).rpartition("@")[2] not in allowed:
        raise InvalidMember(errors={"email": [f"only addresses of {', '.join(allowed)} may be invited here"]})


def _refuse_known(user: User) -> None:
    try:
        known = queries.membership(user.id)
    except MemberNotFound:
        return
    if known.is_deleted:
        raise MemberWasDeleted(user_id=str(user.id))
    raise AlreadyMember(user_id=str(user.id))
