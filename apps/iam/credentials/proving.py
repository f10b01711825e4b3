"""Changing the password over HTTP: who is asked for the present one, and how often it may be guessed."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

from django.utils import timezone

from apps.core.auth import Principal
from apps.core.auth.step_up import AAL2, SENSITIVE, is_at_least
from apps.core.errors import DomainError, TooManyRequests
from apps.iam.credentials import commands
from apps.iam.credentials.errors import WrongPassword
from apps.iam.oidc import signing_in, throttle


class TooManyAttempts(TooManyRequests):
    """The password was wrong too often: wait before trying again."""

    code = "too_many_attempts"


def is_proven(principal: Principal) -> bool:
    """True within five minutes of a sign-in with two factors: then the present password is not asked for."""
    if not is_at_least(principal.acr, AAL2) or principal.authenticated_at is None:
        return False
    return timezone.now() - principal.authenticated_at <= timedelta(seconds=SENSITIVE.max_age_s or 0)


def change_password(request: Any, *, password: str, current: str | None) -> None:
    """Change the caller's password; the session of the request goes on. A wrong one counts as a failed sign-in, or an
    unlocked screen would be a place to guess at. Raises TooManyAttempts, WrongPassword, InvalidPassword.
    """
    principal: Principal = request.principal
    attempt = throttle.begin(request, principal.email) if current else None
    if attempt and attempt.wait_s:
        raise TooManyAttempts(retry_after_s=attempt.wait_s)
    try:
        commands.change_password(
            user_id=principal.subject,
            password=password,
            current=current,
            is_proven=is_proven(principal),
            session_id=_session_id(principal),
            now=timezone.now(),
        )
    except WrongPassword:
        if attempt:
            signing_in.failed(request, email=principal.email, reason="present password", attempt=attempt)
        raise
    except DomainError:  # such as a new one that is too weak: the present one was right
        if attempt:
            throttle.withdraw(attempt)
        raise
    if attempt:
        throttle.withdraw(attempt)


def _session_id(principal: Principal) -> UUID | None:
    try:
        return UUID(principal.session_id)
    except ValueError:
        return None
