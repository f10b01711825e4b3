"""Access tokens: JWTs as RFC 9068 says, signed with the key of the day. Refresh tokens: random."""

from __future__ import annotations

import secrets
import time
from typing import Any
from uuid import uuid4

from django.conf import settings

from apps.iam.oidc import commands, keys, sign_in
from apps.iam.oidc.scopes import audience
from apps.iam.sessions import queries as sessions

REFRESH_TOKEN_BYTES = 32


def access_token(request: Any, refresh_token: bool = False) -> str:
    """django-oauth-toolkit's hook: the access token for a validated token request (oauthlib's)."""
    return keys.signed(_claims(request), typ="at+jwt")


def refresh_token(request: Any) -> str:
    """django-oauth-toolkit's hook: 256 random bits."""
    return secrets.token_urlsafe(REFRESH_TOKEN_BYTES)


def _claims(request: Any) -> dict[str, Any]:
    """RFC 9068 §2.2, with ours: `tenant`, and `sid` where a person signed in."""
    now = int(time.time())
    claims = {
        "iss": settings.OIDC_ISSUER,
        "aud": audience(request.scopes),
        "client_id": request.client.client_id,
        "iat": now,
        "exp": now + int(request.expires_in),
        "jti": str(uuid4()),
        "scope": " ".join(request.scopes),
    }
    return claims | (_service(request) if request.grant_type == "client_credentials" else _person(request))


def _service(request: Any) -> dict[str, Any]:
    tenant_id = request.client.tenant_id
    return {"sub": str(request.client.id)} | ({"tenant": str(tenant_id)} if tenant_id else {})


def _person(request: Any) -> dict[str, Any]:
    found = sign_in.of_request(request)
    claims: dict[str, Any] = {"sub": commands.keep_subject(client=request.client, user_id=request.user.pk)}
    if found:
        claims |= sign_in.claims(found) if found.acr else _acting(request.client, found)
        claims |= {"sid": str(found.sid)} if found.sid else {}
        claims |= {"tenant": str(found.tenant_id)} if found.tenant_id else {}
    return claims


def _acting(client: Any, found: sign_in.SignIn) -> dict[str, Any]:
    """Somebody acts as the person, who did not sign in (RFC 8693 §4.1). One statement."""
    impersonator_id = sessions.impersonator_of(found.sid) if found.sid else None
    if impersonator_id is None:
        return sign_in.claims(found)
    return {"act": {"sub": commands.keep_subject(client=client, user_id=impersonator_id)}}
