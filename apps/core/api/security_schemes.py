"""The ways to prove who calls, for the OpenAPI document."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from drf_spectacular.extensions import OpenApiAuthenticationExtension


class PrincipalScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """A bearer token however obtained, one for a client's own credentials, an API key, or a browser's session with a
    CSRF token.
    """

    target_class = "apps.core.api.authentication.PrincipalAuthentication"
    name = ["bearer", "clientCredentials", "apiKey", "session", "csrf"]

    def get_security_requirement(self, auto_schema: Any) -> list[dict[str, list[Any]]]:
        reads = auto_schema.method in ("GET", "HEAD")
        browser: dict[str, list[Any]] = {"session": []} if reads else {"session": [], "csrf": []}
        return [{"bearer": []}, {"clientCredentials": []}, {"apiKey": []}, browser]

    def get_security_definition(self, auto_schema: Any) -> list[dict[str, Any]]:
        return [
            {
                "type": "http",
                "scheme": "bearer",
                "bearerFormat": "JWT",
                "description": "An access token (RFC 9068).",
            },
            {
                "type": "oauth2",
                "description": "A token for a client of its own, without a person.",
                "flows": {"clientCredentials": {"tokenUrl": "/oidc/token", "scopes": {}}},
            },
            {
                "type": "apiKey",
                "in": "header",
                "name": "X-API-Key",
                "description": "An API key of a service account or a person; it may be sent as a bearer token as well.",
            },
            {
                "type": "apiKey",
                "in": "cookie",
                "name": settings.BFF_COOKIE_NAME,
                "description": "The session of a browser that signed in.",
            },
            {
                "type": "apiKey",
                "in": "header",
                "name": "X-CSRFToken",
                "description": f"With the cookie, for writes: the value of the cookie {settings.CSRF_COOKIE_NAME}.",
            },
        ]
