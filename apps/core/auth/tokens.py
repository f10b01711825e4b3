"""Access tokens: JWTs as RFC 9068 says, verified locally with the issuer's published keys."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.utils.module_loading import import_string
from joserfc import jws, jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from apps.core.errors import Unauthenticated

ALGORITHMS = ["RS256", "ES256"]
LEEWAY_S = 5
_REQUIRED = {"iss", "exp", "aud", "sub", "client_id", "iat", "jti"}  # RFC 9068 §2.2
KEYS_FRESH_S = 300.0
KEYS_RETRY_S = 5.0


class InvalidToken(Unauthenticated):
    """The access token is not valid: sign in again."""

    code = "invalid_token"


@dataclass(slots=True)
class _Keys:
    keys: KeySet | None = None
    fetched_at: float = 0.0


_cache = _Keys()


def verified_claims(token: str) -> dict[str, Any]:
    """The claims of a valid access token of our issuer for our audience (RFC 9068 §4). Raises InvalidToken."""
    try:
        decoded = _decoded(token)
    except (JoseError, ValueError) as error:
        raise InvalidToken from error
    if str(decoded.header.get("typ", "")).lower() not in {"at+jwt", "application/at+jwt"}:
        raise InvalidToken("an access token is needed, not another kind of token")
    claims: dict[str, Any] = decoded.claims
    _check(claims)
    return claims


def _decoded(token: str) -> jwt.Token:
    return jwt.decode(token, _keys_for(token), algorithms=ALGORITHMS)


def _keys_for(token: str) -> KeySet:
    """The keys; asked for again where the token names one we do not know, for the issuer may have rotated since."""
    keys = _signing_keys()
    kid = jws.extract_compact(token.encode()).headers().get("kid")
    return keys if any(key.kid == kid for key in keys.keys) else _signing_keys(again=True)


def _check(claims: dict[str, Any]) -> None:
    now = time.time()
    if _REQUIRED - claims.keys():
        raise InvalidToken("the access token lacks what RFC 9068 asks of it")
    audience = claims.get("aud")
    audiences = audience if isinstance(audience, list) else [audience]
    if claims.get("iss") != settings.OIDC_ISSUER or settings.ACCESS_TOKEN_AUDIENCE not in audiences:
        raise InvalidToken("the access token was issued by, or for, somebody else")
    if not isinstance(claims.get("exp"), int | float) or claims["exp"] + LEEWAY_S < now:
        raise InvalidToken("the access token has expired")
    if claims.get("nbf", 0) - LEEWAY_S > now or claims.get("iat", 0) - LEEWAY_S > now:
        raise InvalidToken("the access token is not valid yet")


def _signing_keys(*, again: bool = False) -> KeySet:
    age = time.monotonic() - _cache.fetched_at
    if _cache.keys is None or age > (KEYS_RETRY_S if again else KEYS_FRESH_S):
        _cache.keys = KeySet.import_key_set(import_string(settings.ACCESS_TOKEN_KEYS)())
        _cache.fetched_at = time.monotonic()
    return _cache.keys


def forget_keys() -> None:
    """Fetch the issuer's keys anew at the next token."""
    _cache.keys = None
