"""Refuse to start with a list of stolen passwords that cannot be read."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core import checks

from apps.iam.credentials import breached


@checks.register
def breached_passwords_can_be_read(app_configs: Any, **kwargs: Any) -> list[checks.CheckMessage]:
    """The file of BREACHED_PASSWORDS_FILE, and the shape of its first line."""
    path = settings.BREACHED_PASSWORDS_FILE
    if not path or "iam" not in settings.SERVICES:
        return []
    try:
        breached.digits_per_line(path)
    except (OSError, ValueError) as error:
        return [checks.Error(f"BREACHED_PASSWORDS_FILE cannot be used: {error}", id="credentials.E001")]
    return []
