"""Say at the start when passkeys cannot work here."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core import checks

from apps.iam.authenticators import webauthn


@checks.register(checks.Tags.security, deploy=True)
def passkeys_have_a_domain(app_configs: Any, **kwargs: Any) -> list[checks.CheckMessage]:
    """A relying party is a domain, never an IP address (WebAuthn §5.1.2)."""
    if "iam" not in settings.SERVICES or webauthn.is_available():
        return []
    hint = "Set BASE_URL to an https address with a host name. People are offered authenticator apps only until then."
    return [checks.Warning(f"Passkeys cannot be used at {settings.BASE_URL}.", hint=hint, id="authenticators.W001")]
