"""Slows down guessing of second factors, by whoever knows the password already."""

from __future__ import annotations

from uuid import UUID

from django.conf import settings

from apps.iam.oidc.allowance import Allowance


def guesses_of(user_id: UUID) -> Allowance:
    """The wrong second factors that are left. Whatever the address: the person's factor is what is guessed."""
    return Allowance(f"second-factor.{user_id}", settings.SECOND_FACTOR_FAILURES)
