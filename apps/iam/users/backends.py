"""How the provider and the admin check a password (settings.AUTHENTICATION_BACKENDS)."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib.auth.backends import BaseBackend
from django.contrib.auth.hashers import make_password

from apps.iam.users import queries
from apps.iam.users.errors import UserNotFound
from apps.iam.users.models import User


class EmailBackend(BaseBackend):
    """Address and password, however the address is written."""

    def authenticate(
        self, request: Any, username: str | None = None, password: str | None = None, email: str | None = None, **_: Any
    ) -> User | None:
        """The person, or None. Takes as long for an unknown address as for a wrong password (CWE-208)."""
        address = email or username
        if not address or password is None:
            return None
        user = queries.user_by_email(address)
        if user is None:
            make_password(password)
            return None
        return user if user.check_password(password) and user.is_active else None

    def get_user(self, user_id: UUID) -> User | None:
        """The person of a session, or None when they were suspended or deleted since."""
        try:
            user = queries.user(user_id)
        except UserNotFound:
            return None
        return user if user.is_active else None
