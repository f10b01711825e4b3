"""OpenID Connect Core 1.0: ID tokens, how a sign-in is asked for, userinfo."""

from __future__ import annotations

import time
from urllib.parse import parse_qs, urlsplit

import pytest
import time_machine
from django.conf import settings
from django.test import Client
from joserfc import jwt
from joserfc.jwk import KeySet

from apps.iam.oidc.tests.identity import Browser, Flow, userinfo

compliance = pytest.mark.compliance


def claims_of(id_token: str) -> dict:
    """Verified with the published keys, as a relying party does."""
    keys = KeySet.import_key_set(Client().get("/oidc/jwks").json())
    return jwt.decode(id_token, keys, algorithms=["RS256", "ES256"]).claims


def answered(response) -> dict[str, list[str]]:
    return parse_qs(urlsplit(response.url).query)


class TestIdToken:
    @compliance("OpenID Connect Core", "2", "issuer, subject, audience, expiry and issue time are claimed")
    def test_says_who_signed_in_for_whom(self, flow: Flow, mia) -> None:
        claims = claims_of(flow.tokens(mia.email)["id_token"])

        assert claims["iss"] == settings.OIDC_ISSUER
        assert claims["sub"] == str(mia.id)
        assert claims["aud"] in (flow.client_id, [flow.client_id])
        assert claims["iat"] <= time.time() < claims["exp"]

    @compliance("OpenID Connect Core", "3.1.2.1", "the nonce of the request comes back in the ID token")
    def test_brings_the_nonce_back(self, flow: Flow, mia) -> None:
        assert claims_of(flow.tokens(mia.email)["id_token"])["nonce"] == flow.nonce

    @compliance("OpenID Connect Core", "12.2", "a refreshed ID token is about the same person, sign-in and client")
    def test_stays_the_same_when_refreshed(self, flow: Flow, mia) -> None:
        tokens = flow.tokens(mia.email)
        first = claims_of(tokens["id_token"])

        second = claims_of(flow.refresh(tokens["refresh_token"]).json()["id_token"])

        assert {name: second[name] for name in ("iss", "sub", "aud", "auth_time")} == {
            name: first[name] for name in ("iss", "sub", "aud", "auth_time")
        }

    @compliance("OpenID Connect Core", "3.1.2.1", "without the scope openid there is no ID token")
    def test_is_for_those_who_ask_for_it(self, flow: Flow, mia) -> None:
        code = flow.answer(mia.email, scope="api")["code"]

        assert "id_token" not in flow.redeem(code).json()


class TestAskingForASignIn:
    @compliance("OpenID Connect Core", "3.1.2.1", "prompt=none without a session answers login_required")
    def test_prompt_none_shows_nothing_to_somebody_who_is_not_signed_in(self, flow: Flow) -> None:
        answer = Browser().go(flow.url(prompt="none"))

        assert answered(answer)["error"] == ["login_required"]

    @compliance("OpenID Connect Core", "3.1.2.1", "prompt=none with a session answers at once")
    def test_prompt_none_answers_somebody_who_is(self, flow: Flow, mia) -> None:
        flow.code(mia.email)

        assert "code" in answered(flow.browser.go(flow.url(prompt="none")))

    @compliance("OpenID Connect Core", "3.1.2.1", "prompt=none beside another value is refused")
    def test_prompt_none_stands_alone(self, flow: Flow, mia) -> None:
        flow.code(mia.email)

        assert answered(flow.browser.go(flow.url(prompt="none login")))["error"] == ["invalid_request"]

    @compliance("OpenID Connect Core", "3.1.2.1", "prompt=login asks for the password although there is a session")
    def test_prompt_login_asks_again_and_once(self, flow: Flow, mia) -> None:
        flow.code(mia.email)
        url = flow.url(prompt="login")

        asked = flow.browser.go(url)
        again = flow.browser.enter_password(asked.url.partition("next=")[2] and _next_of(asked.url), mia.email)

        assert asked.url.startswith("/sign-in/")
        assert "code" in answered(flow.browser.go(again.url))

    @compliance("OpenID Connect Core", "3.1.2.1", "max_age asks again when the sign-in is older, and auth_time tells")
    def test_max_age_asks_those_who_signed_in_too_long_ago(self, flow: Flow, mia) -> None:
        flow.code(mia.email)
        with time_machine.travel(time.time() + 120, tick=True):
            asked = flow.browser.go(flow.url(max_age="60"))
            fresh = flow.browser.go(flow.url(max_age="600"))

        assert asked.url.startswith("/sign-in/")
        assert "code" in answered(fresh)

    @compliance("OpenID Connect Core", "3.1.2.1", "GET and POST are both accepted")
    def test_may_be_posted(self, flow: Flow, mia) -> None:
        flow.code(mia.email)
        query = {name: values[0] for name, values in parse_qs(urlsplit(flow.url()).query).items()}

        answer = flow.browser.post("/oidc/authorize", query)

        assert answer.status_code == 303  # on to the same request by GET
        assert "code" in answered(flow.browser.go(answer.url))

    @compliance("OpenID Connect Core", "6.1", "a request object that is not supported is refused, not ignored")
    @pytest.mark.parametrize("parameter", ["request", "request_uri"])
    def test_by_request_object_is_refused(self, flow: Flow, mia, parameter: str) -> None:
        flow.code(mia.email)

        error = answered(flow.browser.go(flow.url(**{parameter: "https://shop.example/request"}))).get("error")

        assert error == [f"{parameter}_not_supported"]

    @compliance("OpenID Connect Core", "3.1.2.1", "a parameter that is unknown is ignored")
    def test_ignores_what_it_does_not_know(self, flow: Flow, mia) -> None:
        assert "code" in flow.answer(mia.email, something_new="x", display="popup", ui_locales="fr")


class TestUserinfo:
    @compliance("OpenID Connect Core", "5.3.2", "the subject is the one of the ID token")
    def test_is_about_the_person_of_the_id_token(self, flow: Flow, mia) -> None:
        tokens = flow.tokens(mia.email)

        said = userinfo(tokens["access_token"]).json()

        assert said["sub"] == claims_of(tokens["id_token"])["sub"]

    @compliance("OpenID Connect Core", "5.4", "scopes decide which claims are given")
    def test_gives_what_the_scopes_allow(self, flow: Flow, mia) -> None:
        code = flow.answer(mia.email, scope="openid email")["code"]

        said = userinfo(flow.redeem(code).json()["access_token"]).json()

        assert said["email"] == mia.email
        assert "name" not in said

    @compliance("OpenID Connect Core", "5.3.1", "a token without the scope openid is refused")
    def test_needs_the_scope_openid(self, flow: Flow, mia) -> None:
        code = flow.answer(mia.email, scope="api")["code"]

        assert userinfo(flow.redeem(code).json()["access_token"]).status_code in (401, 403)


class TestSignInPage:
    @compliance("RFC 9700", "4.16", "no page of the provider may be framed")
    @pytest.mark.parametrize("path", ["/sign-in/", "/oidc/logout"])
    def test_cannot_be_framed(self, db, path: str) -> None:
        answer = Browser().get(path)

        assert answer["X-Frame-Options"] == "DENY"
        assert "frame-ancestors 'none'" in answer["Content-Security-Policy"]

    @compliance("RFC 9700", "4.11", "the sign-in page sends nobody to an address of somebody else's choice")
    @pytest.mark.parametrize(
        "target", ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)"]
    )
    def test_is_no_open_redirector(self, flow: Flow, mia, target: str) -> None:
        answer = flow.browser.enter_password(target, mia.email)

        assert "evil" not in answer.url
        assert answer.url.startswith("/")


def _next_of(url: str) -> str:
    return parse_qs(urlsplit(url).query)["next"][0]
