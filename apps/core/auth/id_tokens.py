"""Verification of what another party has signed about a sign-in (OpenID Connect Core §3.1.3.7).

For relying parties of any provider, ours or somebody else's: mozilla-django-oidc checks neither issuer nor audience.
"""

from __future__ import annotations

import base64
import hashlib
import secrets
import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

import msgspec
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import JWKRegistry

from apps.core.errors import Invalid

# Asymmetric only: with HS256 among them, whoever knows the public key could sign (RFC 8725 §3.1).
ALGORITHMS = (
    *(f"{family}{bits}" for family in ("ES", "RS", "PS") for bits in (256, 384, 512)),
    "Ed25519",  # RFC 9864
    "EdDSA",  # RFC 8037, the name of before
)
LEEWAY_S = 5
MAX_AGE_S = 600
_LONGEST_TOKEN = 64 * 1024
_MOST_KEYS = 40
_CURVES = {"EC": {"P-256", "P-384", "P-521"}, "OKP": {"Ed25519"}}
_SMALLEST_RSA_BITS = 2048


class InvalidIdToken(Invalid):
    """What the identity provider sent could not be verified."""

    code = "invalid_id_token"


class UnknownKey(InvalidIdToken):
    """None of the provider's keys that are known is the one that signed: there may be newer ones."""


def verified_claims(
    id_token: Any,
    *,
    keys: Mapping[str, Any],
    issuer: str,
    client_id: str,
    nonce: str | None,
    subject: str | None = None,
    algorithms: Sequence[str] = ALGORITHMS,
    leeway_s: float = LEEWAY_S,
) -> dict[str, Any]:
    """The claims of an ID token that `issuer` made for us, now, for this sign-in. Raises InvalidIdToken.

    `nonce` is the one that was sent, None after a refresh, where a token need not repeat it; then `subject` says who
    it must still be about.
    """
    claims = signed_claims(id_token, keys, algorithms=algorithms)
    check_parties(claims, issuer=issuer, client_id=client_id)
    check_times(claims, leeway_s=leeway_s)
    if nonce is not None and not _same(claims.get("nonce"), nonce):
        raise InvalidIdToken("the ID token belongs to another sign-in")
    if not isinstance(claims.get("sub"), str) or not claims["sub"]:
        raise InvalidIdToken("the ID token names nobody")
    if subject is not None and claims["sub"] != subject:
        raise InvalidIdToken("the ID token is about somebody else")
    return claims


def signed_claims(
    token: Any, keys: Mapping[str, Any], *, types: Collection[str] = ("jwt",), algorithms: Sequence[str] = ALGORITHMS
) -> dict[str, Any]:
    """What the provider has signed, as a token of one of these types (`typ`, "jwt" where it is left out).

    Raises InvalidIdToken, and UnknownKey where none of `keys`, a JSON Web Key Set, could have signed it.
    """
    if not isinstance(token, str) or len(token) > _LONGEST_TOKEN:
        raise InvalidIdToken("the provider sent no ID token")
    header = header_of(token)
    if header.get("alg") not in algorithms:
        raise InvalidIdToken("the ID token is not signed in a way that is allowed")
    for key in _candidates(keys, header):
        try:
            decoded = jwt.decode(token, key, algorithms=list(algorithms))
        except (JoseError, ValueError, TypeError, KeyError):
            continue
        if str(decoded.header.get("typ", "jwt")).lower() not in types:
            raise InvalidIdToken("another kind of token was sent as ID token")
        claims: dict[str, Any] = decoded.claims
        return claims
    raise InvalidIdToken("the ID token's signature is not the provider's")


def header_of(token: str) -> dict[str, Any]:
    """What a compact JWS says of itself, on its own word. Raises InvalidIdToken."""
    try:
        first = token.split(".", 1)[0]
        return msgspec.json.decode(base64.urlsafe_b64decode(first + "=" * (-len(first) % 4)), type=dict[str, Any])
    except (ValueError, msgspec.DecodeError) as error:
        raise InvalidIdToken("the provider sent no ID token") from error


def check_parties(claims: Mapping[str, Any], *, issuer: str, client_id: str) -> None:
    """Raises InvalidIdToken unless it was made by `issuer` for `client_id`."""
    if claims.get("iss") != issuer:
        raise InvalidIdToken("the ID token was made by somebody else")
    audience = claims.get("aud")
    audiences = audience if isinstance(audience, list) else [audience]
    if client_id not in audiences:
        raise InvalidIdToken("the ID token was made for somebody else")
    if claims.get("azp", client_id) != client_id or (len(audiences) > 1 and "azp" not in claims):
        raise InvalidIdToken("the ID token was given to somebody else")


def check_times(claims: Mapping[str, Any], *, leeway_s: float = LEEWAY_S) -> None:
    """Raises InvalidIdToken unless it was made now and still holds; clocks may be `leeway_s` seconds apart."""
    now = time.time()
    if instant(claims, "exp") + leeway_s < now:
        raise InvalidIdToken("the ID token has expired")
    if not now - MAX_AGE_S <= instant(claims, "iat") <= now + leeway_s:
        raise InvalidIdToken("the ID token was not made now")


def check_access_token(claims: Mapping[str, Any], *, algorithm: str, access_token: str) -> None:
    """The access token came with this ID token, where that says so: `at_hash`, OpenID Connect Core §3.1.3.6.

    Raises InvalidIdToken.
    """
    if "at_hash" not in claims:
        return
    bits = algorithm[-3:] if algorithm[-3:] in ("256", "384") else "512"
    digest = hashlib.new(f"sha{bits}", access_token.encode()).digest()
    if not _same(claims["at_hash"], base64.urlsafe_b64encode(digest[: len(digest) // 2]).decode().rstrip("=")):
        raise InvalidIdToken("the access token is not the one that the ID token speaks of")


def instant(claims: Mapping[str, Any], name: str) -> float:
    """A time of a token, in seconds since the epoch. Raises InvalidIdToken."""
    value = claims.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise InvalidIdToken(f"the ID token's {name} is no time")
    return float(value)


def _same(one: Any, other: str) -> bool:
    return isinstance(one, str) and secrets.compare_digest(one.encode(), other.encode())


def _candidates(keys: Mapping[str, Any], header: Mapping[str, Any]) -> Iterator[Any]:
    """The keys that may have signed a token with this header. Raises UnknownKey when there is none."""
    published = keys.get("keys")
    fit = [key for key in published if _may_sign(key, header)] if isinstance(published, list) else []
    if not fit:
        raise UnknownKey("the ID token's signature is not the provider's")
    for key in fit[:_MOST_KEYS]:
        try:
            yield JWKRegistry.import_key({name: value for name, value in key.items() if name != "key_ops"})
        except (JoseError, ValueError, TypeError, KeyError):
            continue


def _may_sign(key: Any, header: Mapping[str, Any]) -> bool:
    """A public key of a kind that fits the algorithm, by the name that the token gives it, if it gives one."""
    if not isinstance(key, dict) or key.get("use", "sig") != "sig":
        return False
    algorithm = str(header["alg"])
    if key.get("alg", algorithm) != algorithm or ("kid" in header and key.get("kid") != header["kid"]):
        return False
    if algorithm.startswith(("RS", "PS")):
        return key.get("kty") == "RSA" and len(str(key.get("n", ""))) * 6 >= _SMALLEST_RSA_BITS
    kind = "EC" if algorithm.startswith("ES") else "OKP"
    return key.get("kty") == kind and key.get("crv") in _CURVES[kind]
