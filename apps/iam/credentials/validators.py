"""Validators of passwords beyond Django's own: nothing of the person, and nothing that thieves know already."""

from __future__ import annotations

import re
from collections.abc import Iterator
from difflib import SequenceMatcher
from typing import Any

from django.core.exceptions import ValidationError

from apps.iam.credentials import breached
from apps.iam.tenants import queries as tenants
from apps.iam.users import queries as people

_TOO_SIMILAR = 0.7
_SHORTEST_PART = 3


class NotAboutPersonValidator:
    """Nothing too close to the person's address or name, or to the names of their companies."""

    def validate(self, password: str, user: Any = None) -> None:
        lowered = password.lower()
        for what, text in _facts(user):
            if any(_is_similar(lowered, part) for part in _parts(text.lower())):
                raise ValidationError(f"The password is too similar to {what}.", code="password_too_similar")

    def get_help_text(self) -> str:
        return "Nothing close to your name, your address or your company."


class NotBreachedValidator:
    """Nothing that was found in stolen data (NIST SP 800-63B §5.1.1.2)."""

    def validate(self, password: str, user: Any = None) -> None:
        if breached.is_known(password):
            raise ValidationError(
                "This password was found in data stolen elsewhere: whoever guesses tries it first.",
                code="password_breached",
            )

    def get_help_text(self) -> str:
        return "Nothing that you use elsewhere."


def _facts(user: Any) -> Iterator[tuple[str, str]]:
    if user is None:
        return
    yield "the e-mail address", user.email
    yield "the name", user.name
    if user.pk is None or user._state.adding:
        return
    for tenant in tenants.tenants({one.tenant_id for one in people.memberships_of(user.pk)}).values():
        yield "the name of the company", tenant.name
        yield "the name of the company", tenant.slug


def _parts(text: str) -> Iterator[str]:
    yield from (part for part in [*re.split(r"\W+", text), text] if len(part) >= _SHORTEST_PART)


def _is_similar(password: str, part: str) -> bool:
    """As Django's UserAttributeSimilarityValidator measures it; lengths too far apart cannot be similar."""
    if len(password) >= 10 * len(part) or len(part) >= 10 * len(password):
        return False
    return SequenceMatcher(a=password, b=part).quick_ratio() >= _TOO_SIMILAR
