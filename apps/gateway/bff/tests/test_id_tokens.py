"""Forged ID tokens: everything that OpenID Connect Core §3.1.3.7 says to refuse."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import RSAKey

from apps.gateway.bff.errors import InvalidIdToken
from apps.gateway.bff.id_tokens import verified_claims

ISSUER, CLIENT, NONCE = "https://op.example", "bff", "n-0S6_WzA2Mj"
KEY = RSAKey.generate_key(2048, {"kid": "k1", "use": "sig", "alg": "RS256"})
OTHER_KEY = RSAKey.generate_key(2048, {"kid": "k1", "use": "sig", "alg": "RS256"})
JWKS = {"keys": [KEY.as_dict(private=False)]}


def claims(**changes: Any) -> dict[str, Any]:
    now = int(time.time())
    honest = {"iss": ISSUER, "aud": CLIENT, "sub": "mia", "nonce": NONCE, "iat": now, "exp": now + 60}
    return {name: value for name, value in {**honest, **changes}.items() if value is not None}


def signed(*, key: Any = KEY, header: dict[str, Any] | None = None, **changes: Any) -> str:
    return jwt.encode({"alg": "RS256", "kid": "k1", **(header or {})}, claims(**changes), key)


def encoded(part: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=")


def verify(token: Any, **changes: Any) -> dict[str, Any]:
    facts: dict[str, Any] = {"keys": JWKS, "issuer": ISSUER, "client_id": CLIENT, "nonce": NONCE, **changes}
    return verified_claims(token, **facts)


def test_an_honest_one_is_taken() -> None:
    assert verify(signed())["sub"] == "mia"
    assert verify(signed(aud=[CLIENT, "api"], azp=CLIENT))["sub"] == "mia"


@pytest.mark.parametrize(
    "changes",
    [
        {"iss": "https://evil.example"},
        {"iss": ISSUER + "/"},
        {"iss": None},
        {"aud": "another"},
        {"aud": ["another"]},
        {"aud": []},
        {"aud": None},
        {"aud": [CLIENT, "another"]},
        {"azp": "another"},
        {"nonce": "another"},
        {"nonce": None},
        {"sub": None},
        {"sub": ""},
        {"sub": 7},
        {"exp": 1},
        {"exp": None},
        {"exp": "tomorrow"},
        {"exp": True},
        {"iat": None},
        {"iat": 1},
        {"iat": 99999999999},
    ],
)
def test_a_claim_that_does_not_fit_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(InvalidIdToken):
        verify(signed(**changes))


def test_another_key_is_refused() -> None:
    with pytest.raises(InvalidIdToken):
        verify(signed(key=OTHER_KEY))


def test_an_unknown_key_id_is_refused() -> None:
    with pytest.raises(InvalidIdToken):
        verify(signed(header={"kid": "k2"}))


@pytest.mark.parametrize("algorithm", ["none", "None", "NONE", ""])
def test_no_signature_is_refused(algorithm: str) -> None:
    with pytest.raises(InvalidIdToken):
        verify(f"{encoded({'alg': algorithm, 'kid': 'k1'})}.{encoded(claims())}.")


@pytest.mark.parametrize("secret", ["pem", "jwk", "n"])
def test_the_public_key_is_no_hmac_secret(secret: str) -> None:
    public = KEY.as_dict(private=False)
    key = {"pem": KEY.as_pem(private=False), "jwk": json.dumps(public).encode(), "n": str(public["n"]).encode()}[secret]
    body = f"{encoded({'alg': 'HS256', 'kid': 'k1', 'typ': 'JWT'})}.{encoded(claims())}"
    mac = base64.urlsafe_b64encode(hmac.new(key, body.encode(), hashlib.sha256).digest()).decode().rstrip("=")

    with pytest.raises(InvalidIdToken):
        verify(f"{body}.{mac}")


def test_a_key_that_the_token_brings_along_is_refused() -> None:
    with pytest.raises(InvalidIdToken):
        verify(signed(key=OTHER_KEY, header={"jwk": OTHER_KEY.as_dict(private=False)}))


def test_a_weaker_algorithm_among_the_keys_is_not_used() -> None:
    oct_key = {"kty": "oct", "kid": "k1", "k": base64.urlsafe_b64encode(b"x" * 32).decode().rstrip("=")}
    body = f"{encoded({'alg': 'HS256', 'kid': 'k1'})}.{encoded(claims())}"
    mac = base64.urlsafe_b64encode(hmac.new(b"x" * 32, body.encode(), hashlib.sha256).digest()).decode().rstrip("=")

    with pytest.raises(InvalidIdToken):
        verify(f"{body}.{mac}", keys={"keys": [oct_key]})


def test_an_access_token_is_no_id_token() -> None:
    with pytest.raises(InvalidIdToken):
        verify(signed(header={"typ": "at+jwt"}))


@pytest.mark.parametrize("nonsense", [None, 7, "", "x", "a.b.c", "a.b.c.d.e", signed()[:-3]])
def test_nonsense_is_refused(nonsense: Any) -> None:
    with pytest.raises(InvalidIdToken):
        verify(nonsense)


def test_after_a_refresh_it_must_be_about_the_same_person() -> None:
    assert verify(signed(nonce=None), nonce=None, subject="mia")
    with pytest.raises(InvalidIdToken):
        verify(signed(nonce=None), nonce=None, subject="noah")
