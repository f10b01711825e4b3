"""Refuse to start when the limits of API keys contradict each other."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core import checks


@checks.register("service_accounts")
def limits_are_possible(app_configs: Any, **kwargs: Any) -> list[checks.CheckMessage]:
    """Every key ends, and no default is beyond what may be chosen."""
    found: list[checks.CheckMessage] = []
    if not 1 <= settings.API_KEY_DAYS <= settings.API_KEY_MAX_DAYS:
        text = (
            f"API_KEY_DAYS is {settings.API_KEY_DAYS}; it must be 1 to API_KEY_MAX_DAYS, {settings.API_KEY_MAX_DAYS}."
        )
        found.append(checks.Error(text, id="service_accounts.E001"))
    if settings.API_KEYS_PER_HOLDER < 2:
        text = "API_KEYS_PER_HOLDER must be at least 2: a rotation needs a second key beside the first."
        found.append(checks.Error(text, id="service_accounts.E002"))
    return found
