"""Invite somebody into the current tenant."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from apps.core.events import unit_of_work
from apps.core.history import Actor
from apps.iam.users.commands.enrolment import enrol, find_or_create_user
from apps.iam.users.models import Membership
from apps.iam.users.passwords import one_time_password


@dataclass(frozen=True, slots=True)
class Invitation:
    """The new member, and the first password of somebody who had none. It is stored nowhere else."""

    membership: Membership
    one_time_password: str | None


def invite_member(
    *, email: str, name: str, roles: Iterable[str], actor: Actor, now: datetime, with_password: bool = True
) -> Invitation:
    """Let somebody into the tenant, who joins by signing in. Makes the person if nobody has this address.

    Without a password somebody new cannot sign in before they choose one: `credentials.commands.invite` mails them the
    way. A person who signs in elsewhere on the platform already keeps their password. Raises AlreadyMember,
    MemberWasDeleted, InvalidMember, UnknownRole, BeyondOwnPermissions.
    """
    password = one_time_password() if with_password else None
    with unit_of_work(Membership, actor=actor) as work:
        user, is_new = find_or_create_user(email=email, name=name, password=password)
        membership = enrol(work, user=user, name=name, role_codes=roles, actor=actor, now=now)
    return Invitation(membership, password if is_new else None)
