"""Give a person another password."""

from __future__ import annotations

from uuid import UUID

from apps.core.events import unit_of_work
from apps.iam.users import queries
from apps.iam.users.models import User


def set_password(*, user_id: UUID, password: str) -> None:
    """From now on only this password is good, and sessions at the provider made with another end.

    Raises UserNotFound.
    """
    with unit_of_work(User):
        user = queries.user(user_id)
        user.set_password(password)
        user.save(update_fields=["password"])
