"""Callers with real access tokens of an issuer that only these tests know."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from functools import cache
from typing import Any
from uuid import UUID, uuid4

from django.conf import settings
from joserfc import jwt
from joserfc.jwk import RSAKey

from apps.core.auth import Principal

TENANT = UUID("01900000-0000-7000-8000-00000000000a")
OTHER_TENANT = UUID("01900000-0000-7000-8000-00000000000b")
PERSON = UUID("01900000-0000-7000-8000-0000000000f1")


@cache
def _key() -> RSAKey:
    return RSAKey.generate_key(2048, {"kid": "test", "alg": "RS256", "use": "sig"})


def signing_keys() -> Any:
    """What settings.ACCESS_TOKEN_KEYS names in these tests."""
    return {"keys": [_key().as_dict(private=False)]}


def principal(*, claims: dict[str, Any], via_cookie: bool = False) -> Principal:
    """What settings.PRINCIPAL_RESOLVER names in these tests."""
    return Principal(
        subject=UUID(claims["sub"]),
        kind=claims.get("kind", "user"),
        tenant_id=UUID(claims["tenant"]),
        permissions=frozenset(claims.get("permissions", [])),
        name="Ada",
        email="ada@acme.example",
        tenant_name="Acme",
        via_cookie=via_cookie,
        acr=claims.get("acr", ""),
        authenticated_at=datetime.fromtimestamp(claims["auth_time"], UTC) if "auth_time" in claims else None,
    )


def token(*permissions: str, tenant: UUID = TENANT, subject: UUID = PERSON, lives_s: int = 60, **more: Any) -> str:
    """A valid access token; `lives_s` below zero makes one that has expired."""
    now = int(time.time())
    claims = {
        "iss": settings.OIDC_ISSUER,
        "aud": settings.ACCESS_TOKEN_AUDIENCE,
        "sub": str(subject),
        "client_id": "test",
        "tenant": str(tenant),
        "permissions": list(permissions),
        "iat": now - 120,
        "exp": now + lives_s,
        "jti": str(uuid4()),
        **more,
    }
    return jwt.encode({"typ": "at+jwt", "alg": "RS256", "kid": "test"}, claims, _key())


def bearer(*permissions: str, **kwargs: Any) -> dict[str, str]:
    """Headers for the test client."""
    return {"Authorization": f"Bearer {token(*permissions, **kwargs)}"}
