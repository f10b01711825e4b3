"""Refuse to start when the relying party would be weaker than it is meant to be."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core import checks

_NEEDED: dict[str, Any] = {
    "OIDC_USE_PKCE": True,
    "OIDC_PKCE_CODE_CHALLENGE_METHOD": "S256",
    "OIDC_USE_NONCE": True,
    "OIDC_RP_SIGN_ALGO": "ES256",
}


@checks.register(checks.Tags.security)
def calls_have_a_timeout(app_configs: Any, **kwargs: Any) -> list[checks.CheckMessage]:
    """mozilla-django-oidc waits for ever where OIDC_TIMEOUT is not set."""
    timeout_s = getattr(settings, "OIDC_TIMEOUT", None)
    if isinstance(timeout_s, int | float) and timeout_s > 0:
        return []
    return [checks.Error("OIDC_TIMEOUT must be a number of seconds above 0.", id="bff.E001")]


@checks.register(checks.Tags.security)
def relying_party_is_strict(app_configs: Any, **kwargs: Any) -> list[checks.CheckMessage]:
    """PKCE with S256, a nonce, an asymmetric signature."""
    found: list[checks.CheckMessage] = [
        checks.Error(f"{name} must be {value!r}.", id="bff.E002")
        for name, value in _NEEDED.items()
        if getattr(settings, name, None) != value
    ]
    if getattr(settings, "OIDC_ALLOW_UNSECURED_JWT", False):
        found.append(checks.Error("OIDC_ALLOW_UNSECURED_JWT must be off.", id="bff.E002"))
    return found


@checks.register(checks.Tags.security, deploy=True)
def there_is_a_client_secret(app_configs: Any, **kwargs: Any) -> list[checks.CheckMessage]:
    """Only asked of what is deployed: a command that signs nobody in can do without."""
    if "gateway" not in settings.SERVICES or settings.OIDC_RP_CLIENT_SECRET:
        return []
    return [checks.Error("BFF_CLIENT_SECRET is not set.", id="bff.E003")]
