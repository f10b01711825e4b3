"""Refuse to start when sign-in would be weaker than it is meant to be."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core import checks
from oauth2_provider.settings import DEFAULTS, oauth2_settings

_GATE = "COMPLIANT_BCP_RFC9700_"
_NEEDED: dict[str, Any] = {
    "PKCE_REQUIRED": True,
    "ROTATE_REFRESH_TOKEN": True,
    "REFRESH_TOKEN_REUSE_PROTECTION": True,
    "REFRESH_TOKEN_GRACE_PERIOD_SECONDS": 0,
    "ALLOW_URI_WILDCARDS": False,
    "OIDC_ENABLED": True,
}


@checks.register(checks.Tags.security)
def every_gate_is_on(app_configs: Any, **kwargs: Any) -> list[checks.CheckMessage]:
    """All RFC 9700 gates of the installed library, also those that a later version brings."""
    needed = {name: True for name in DEFAULTS if name.startswith(_GATE)} | _NEEDED
    return [
        checks.Error(f"OAUTH2_PROVIDER[{name!r}] must be {value!r}.", id="oidc.E001")
        for name, value in needed.items()
        if getattr(oauth2_settings, name) != value
    ]


@checks.register(checks.Tags.security)
def issuer_is_well_formed(app_configs: Any, **kwargs: Any) -> list[checks.CheckMessage]:
    """One issuer, the same wherever it is named (OpenID Connect Discovery §4.3)."""
    issuer = settings.OIDC_ISSUER
    if not issuer.startswith(("https://", "http://")) or issuer.endswith("/") or "?" in issuer or "#" in issuer:
        return [checks.Error(f"OIDC_ISSUER {issuer!r} must be a URL without a final slash or query.", id="oidc.E002")]
    if issuer != oauth2_settings.OIDC_ISS_ENDPOINT:
        return [checks.Error("OAUTH2_PROVIDER['OIDC_ISS_ENDPOINT'] must be OIDC_ISSUER.", id="oidc.E002")]
    return []
