"""System checks of the key-encryption keys."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core import checks

_SHORTEST = 32
_DEVELOPMENT = "development-only-"


@checks.register(checks.Tags.security)
def key_encryption_keys_are_secrets(app_configs: Any, **kwargs: Any) -> list[checks.CheckMessage]:
    """What can be guessed wraps nothing; and a key that wraps is no key that was made up for a laptop."""
    found: list[checks.CheckMessage] = []
    keys = settings.KEY_ENCRYPTION_KEYS
    if len(set(keys)) != len(keys):
        found.append(checks.Error("KEY_ENCRYPTION_KEYS names a key twice.", id="crypto.E001"))
    if any(len(key) < _SHORTEST for key in keys):
        hint = "Draw one: python -c 'import secrets; print(secrets.token_urlsafe(48))'"
        found.append(
            checks.Error(f"A key-encryption key needs {_SHORTEST} characters or more.", hint=hint, id="crypto.E002")
        )
    if settings.ENVIRONMENT != "development" and any(key.startswith(_DEVELOPMENT) for key in keys):
        found.append(checks.Error("KEY_ENCRYPTION_KEYS holds a key that everybody knows.", id="crypto.E003"))
    return found
