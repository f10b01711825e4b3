"""Which scopes a client may ask for, and for whom tokens with them are."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.conf import settings
from oauth2_provider.scopes import SettingsScopes

from apps.iam.oidc.models import Application


class ClientScopes(SettingsScopes):
    """All of them where a person signs in, or those that were chosen for the client; a service account has no profile,
    so only `api`.
    """

    def get_available_scopes(
        self, application: Any = None, request: Any = None, *args: Any, **kwargs: Any
    ) -> list[str]:
        if application and application.authorization_grant_type == Application.GRANT_CLIENT_CREDENTIALS:
            return ["api"]
        known = list(super().get_available_scopes(application, request))
        chosen = application.allowed_scopes.split() if application else []
        return [scope for scope in known if scope in chosen] if chosen else known

    def get_default_scopes(self, application: Any = None, request: Any = None, *args: Any, **kwargs: Any) -> list[str]:
        """What a request without scopes asks for: the platform's default, as far as the client may have it."""
        available = self.get_available_scopes(application, request)
        default = super().get_default_scopes(application, request)
        return [scope for scope in default if scope in available] or available


def audience(scopes: Iterable[str]) -> str:
    """The API, for tokens that may use it. Others are good for the provider's own userinfo only."""
    return str(settings.ACCESS_TOKEN_AUDIENCE if "api" in scopes else settings.OIDC_ISSUER)
