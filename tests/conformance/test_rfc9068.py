"""RFC 9068, JWT Profile for OAuth 2.0 Access Tokens: what we issue, and what our API refuses."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from typing import Any
from uuid import uuid4

import pytest
from django.conf import settings
from django.test import Client
from joserfc import jwt
from joserfc.jwk import ECKey, RSAKey

from apps.iam.oidc import keys
from apps.iam.oidc.models import Application
from apps.iam.oidc.tests.identity import SECOND_CLIENT_URI, Browser, Flow, second_client

compliance = pytest.mark.compliance


def parts(token: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Header and claims, unverified."""
    header, claims, _ = token.split(".")
    header, claims = (json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))) for part in (header, claims))
    return header, claims


def b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def status_at_api(token: str) -> int:
    return Client(headers={"authorization": f"Bearer {token}"}).get("/api/v1/me").status_code


@pytest.fixture(scope="class")
def token(second_client, sign_in_of_mia, mia) -> str:
    client, secret = second_client
    browser = Browser()
    sign_in_of_mia.given_to(browser)
    return Flow(client.client_id, secret, SECOND_CLIENT_URI, browser).tokens(mia.email)["access_token"]


class TestIssuing:
    @compliance("RFC 9068", "2.1", "the header says at+jwt, a signature algorithm and a published key")
    def test_names_type_algorithm_and_key(self, token: str) -> None:
        header, _ = parts(token)

        keys = {key["kid"]: key for key in Client().get("/oidc/jwks").json()["keys"]}
        assert header["typ"] == "at+jwt"
        assert header["kid"] in keys
        assert keys[header["kid"]].get("alg", header["alg"]) == header["alg"] != "none"

    @compliance("RFC 9068", "2.2", "issuer, expiry, audience, subject, client, issue time and id are claimed")
    def test_claims_what_it_must(self, token: str, flow: Flow, mia) -> None:
        _, claims = parts(token)

        assert {"iss", "exp", "aud", "sub", "client_id", "iat", "jti"} <= claims.keys()
        assert (claims["iss"], claims["aud"]) == (settings.OIDC_ISSUER, settings.ACCESS_TOKEN_AUDIENCE)
        assert (claims["sub"], claims["client_id"]) == (str(mia.id), flow.client_id)

    @compliance("RFC 9068", "2.2.1", "when and how the person signed in is claimed")
    def test_claims_when_and_how_the_person_signed_in(self, token: str) -> None:
        _, claims = parts(token)

        assert claims["auth_time"] <= time.time()
        assert claims["acr"] == "aal1"
        assert "pwd" in claims["amr"]

    @compliance("RFC 9068", "2.2.3", "the scope that was granted is claimed")
    def test_claims_the_scope(self, flow: Flow, mia) -> None:
        code = flow.answer(mia.email, scope="openid api")["code"]

        assert set(parts(flow.redeem(code).json()["access_token"])[1]["scope"].split()) == {"openid", "api"}

    @compliance("RFC 9068", "2.2", "without a person the client itself is the subject")
    def test_of_a_client_is_about_the_client(self, acme) -> None:
        facts = {"authorization_grant_type": Application.GRANT_CLIENT_CREDENTIALS, "redirect_uris": ""}
        client, secret = second_client(client_id="robot", kind=Application.Kind.MACHINE, **facts)
        form = {"grant_type": "client_credentials", "client_id": client.client_id, "client_secret": secret}

        answer = Client().post("/oidc/token", form)

        _, claims = parts(answer.json()["access_token"])
        assert claims["client_id"] == "robot"
        assert claims["sub"] == str(client.id)
        assert not {"acr", "amr", "auth_time"} & claims.keys()

    @compliance("RFC 9068", "2.2", "no two tokens share their id")
    def test_never_repeats_an_id(self, flow: Flow, mia, token: str) -> None:
        again = flow.refresh(flow.tokens(mia.email)["refresh_token"]).json()["access_token"]

        assert parts(again)[1]["jti"] != parts(token)[1]["jti"]


class TestRefusing:
    """Each forgery takes a real token and changes one thing."""

    @compliance("RFC 9068", "4", "a token that says alg none is refused")
    def test_a_token_without_signature(self, token: str) -> None:
        header, claims = parts(token)
        forged = f"{b64(json.dumps({**header, 'alg': 'none'}).encode())}.{b64(json.dumps(claims).encode())}."

        assert status_at_api(forged) == 401

    @compliance("RFC 9700", "4", "a token signed with the public key as if it were a shared secret is refused")
    def test_a_token_that_confuses_public_key_and_secret(self, token: str) -> None:
        header, claims = parts(token)
        public = json.dumps(next(k for k in Client().get("/oidc/jwks").json()["keys"] if k["kid"] == header["kid"]))
        signed = f"{b64(json.dumps({**header, 'alg': 'HS256'}).encode())}.{b64(json.dumps(claims).encode())}"
        signature = hmac.new(public.encode(), signed.encode(), hashlib.sha256).digest()

        assert status_at_api(f"{signed}.{b64(signature)}") == 401

    @compliance("RFC 9068", "4", "a token signed with a key that the issuer does not publish is refused")
    @pytest.mark.parametrize("claimed", ["unknown", "published"])
    @pytest.mark.parametrize(
        "make", [lambda: (RSAKey.generate_key(2048), "RS256"), lambda: (ECKey.generate_key(), "ES256")]
    )
    def test_a_token_signed_by_somebody_else(self, token: str, claimed: str, make) -> None:
        header, claims = parts(token)
        key, algorithm = make()
        kid = header["kid"] if claimed == "published" else uuid4().hex

        forged = jwt.encode({**header, "alg": algorithm, "kid": kid}, claims, key)

        assert status_at_api(forged) == 401

    @compliance("RFC 9068", "4", "a token whose content was changed is refused")
    def test_a_token_that_was_changed(self, token: str) -> None:
        header, _, signature = token.split(".")
        claims = parts(token)[1]

        forged = f"{header}.{b64(json.dumps({**claims, 'tenant': str(uuid4())}).encode())}.{signature}"

        assert status_at_api(forged) == 401

    @compliance("RFC 9068", "4", "issuer, audience and times are checked, and what must be claimed must be there")
    @pytest.mark.parametrize(
        "changes",
        [
            {"iss": "https://evil.example"},
            {"iss": None},
            {"aud": "shop"},
            {"aud": ["shop", "elsewhere"]},
            {"aud": None},
            {"exp": 1},
            {"exp": None},
            {"iat": 4102444800},
            {"iat": None},
            {"sub": None},
            {"client_id": None},
            {"jti": None},
        ],
    )
    def test_a_token_that_is_not_for_us_or_not_for_now(self, token: str, changes: dict[str, Any]) -> None:
        _, claims = parts(token)
        forged = {name: value for name, value in {**claims, **changes}.items() if value is not None}

        assert status_at_api(keys.signed(claims, typ="at+jwt")) == 200
        assert status_at_api(keys.signed(forged, typ="at+jwt")) == 401

    @compliance("RFC 9068", "4", "a type other than at+jwt is refused, although everything else is right")
    @pytest.mark.parametrize("typ", ["JWT", "logout+jwt", "impersonation+jwt", "jwt+at", ""])
    def test_a_token_of_another_type(self, token: str, typ: str) -> None:
        assert status_at_api(keys.signed(parts(token)[1], typ=typ)) == 401

    @compliance("RFC 9068", "5", "an ID token is not taken for an access token")
    def test_an_id_token(self, flow: Flow, mia) -> None:
        assert status_at_api(flow.tokens(mia.email)["id_token"]) == 401
