"""Make a person who may use `/admin/`."""

from __future__ import annotations

from apps.core.events import unit_of_work
from apps.iam.users.commands.enrolment import find_or_create_user
from apps.iam.users.models import User


def create_platform_staff(*, email: str, name: str, password: str) -> tuple[User, bool]:
    """A person of the platform's own staff. True if the person is new; somebody known is promoted, password kept.

    Raises InvalidMember.
    """
    with unit_of_work(User):
        user, is_new = find_or_create_user(email=email, name=name, password=password, is_platform_staff=True)
        if not user.is_platform_staff:
            user.is_platform_staff = True
            user.save(update_fields=["is_platform_staff"])
    return user, is_new
