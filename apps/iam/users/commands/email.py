"""A person's address: confirmed, or another one."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import IntegrityError

from apps.core.events import unit_of_work
from apps.core.tenancy import tenant
from apps.iam.users import queries
from apps.iam.users.errors import AddressTaken
from apps.iam.users.events import MemberEmailChanged
from apps.iam.users.models import User
from apps.iam.users.names import folded, valid_email


def verify_email(*, user_id: UUID, now: datetime) -> bool:
    """The person has shown that the mailbox is theirs. False if they had before. Raises UserNotFound."""
    with unit_of_work(User):
        user = queries.lock_user(user_id)
        if user.email_verified:
            return False
        user.email_verified_at = now
        user.save(update_fields=["email_verified_at"])
    return True


def change_email(*, user_id: UUID, email: str, now: datetime) -> bool:
    """Use another address from now on, which was shown to be the person's. False if it was this one already.

    Every tenant of theirs is told. Raises UserNotFound, InvalidMember, AddressTaken.
    """
    email = valid_email(email)
    try:
        with unit_of_work(User):
            user = queries.lock_user(user_id)
            if user.email == email:
                return False
            user.email, user.email_key, user.email_verified_at = email, folded(email), now
            user.save(update_fields=["email", "email_key", "email_verified_at"])
            _tell_tenants(user)
    except IntegrityError as error:
        raise AddressTaken from error
    return True


def _tell_tenants(user: User) -> None:
    for own in queries.memberships_of(user.id):
        with tenant(own.tenant_id), unit_of_work(User) as work:
            work.publish(MemberEmailChanged(membership_id=own.id, user_id=user.id, email=user.email))
