"""Note that somebody has signed in."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db.models import QuerySet

from apps.core.events import unit_of_work
from apps.core.history import Actor
from apps.core.tenancy import tenant
from apps.iam.credentials import queries as credentials
from apps.iam.users import queries
from apps.iam.users.commands.join import join
from apps.iam.users.models import Membership, User


def record_sign_in(*, user_id: UUID, now: datetime, within: UUID | None = None) -> None:
    """Remember when, and turn open invitations into memberships: signing in accepts them, unless the link in the mail
    is what must be followed (`credentials.queries.barred_from`). `within`: the tenant in which alone this sign-in
    counts, if it does not everywhere. Safe to repeat.

    The person's version stays as it is, so that two browsers may sign in at the same moment.
    """
    QuerySet(User, using=None).filter(id=user_id).update(last_login=now)
    invited = [one for one in queries.memberships_of(user_id) if one.status == Membership.Status.INVITED]
    barred = credentials.barred_from(invited[0].user, now=now) if invited else set()
    for membership in invited:
        if membership.tenant_id not in barred and within in (None, membership.tenant_id):
            _join(membership, now)


def _join(invited: Membership, now: datetime) -> None:
    person = Actor(kind="user", id=invited.user_id, name=invited.name)
    with tenant(invited.tenant_id), unit_of_work(Membership, actor=person):
        join(user_id=invited.user_id, now=now)
