"""Whether a password is good enough to be somebody's (settings.AUTH_PASSWORD_VALIDATORS)."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.password_validation import password_validators_help_texts, validate_password
from django.core.exceptions import ValidationError

from apps.iam.credentials.errors import InvalidPassword

LONGEST = 1024  # characters: argon2 would take longer ones, and the time for them


def check_strength(password: str, *, user: Any, field: str = "password") -> None:
    """Return if the person may use this password. Raises InvalidPassword with every reason against it."""
    if len(password) > LONGEST:
        raise InvalidPassword(errors={field: [f"must have at most {LONGEST} characters"]})
    try:
        validate_password(password, user)
    except ValidationError as error:
        raise InvalidPassword(errors={field: list(error.messages)}) from error


def advice() -> list[str]:
    """What is asked of a password, in sentences."""
    return password_validators_help_texts()
