"""ID tokens of ours that come back to us as a hint (OpenID Connect Core §3.1.2.1)."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from apps.iam.oidc import keys
from apps.iam.oidc.models import ES256, RS256


def claims_of(token: str) -> dict[str, Any]:
    """What an ID token of ours says, however old it is and whoever it was for. One statement. Raises ValueError."""
    try:
        decoded = jwt.decode(token, KeySet.import_key_set({"keys": keys.honest()}), algorithms=[ES256, RS256])
    except (JoseError, ValueError, TypeError, KeyError) as error:
        raise ValueError("it was not signed by us") from error
    claims: dict[str, Any] = decoded.claims
    if decoded.header.get("typ", "JWT") != "JWT" or claims.get("iss") != settings.OIDC_ISSUER or "sub" not in claims:
        raise ValueError("it is no ID token of ours")
    return claims
