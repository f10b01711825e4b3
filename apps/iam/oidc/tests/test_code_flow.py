"""Authorization code with PKCE, as any application sees it."""

from __future__ import annotations

import json
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest
from django.conf import settings
from django.db import connections
from django.test import Client, RequestFactory
from django.utils import timezone
from joserfc import jwt
from joserfc.jwk import KeySet
from oauth2_provider.oauth2_backends import get_oauthlib_core

from apps.core.auth.tokens import InvalidToken, verified_claims
from apps.core.history import SYSTEM
from apps.core.tenancy import tenant as entered
from apps.iam.oidc.models import AccessToken, Grant, RefreshToken
from apps.iam.oidc.tests import identity, once
from apps.iam.oidc.tests.identity import Flow, userinfo
from apps.iam.users import commands as users

pytestmark = pytest.mark.django_db
acme, mia, sign_in_of_mia, browser = once.acme, once.mia, once.sign_in_of_mia, once.browser
second_client, flow = once.second_client, once.flow


def published_keys() -> KeySet:
    return KeySet.import_key_set(Client().get("/oidc/jwks").json())


class TestSigningIn:
    @pytest.fixture
    def browser(self) -> identity.Browser:
        """Nobody is signed in yet."""
        return identity.Browser()

    def test_brings_tokens_for_the_person_in_their_tenant(self, flow: Flow, mia: Any) -> None:
        answer = flow.answer(mia.email)
        tokens = flow.redeem(answer["code"]).json()

        assert answer["state"] == flow.state
        assert answer["iss"] == settings.OIDC_ISSUER
        claims = verified_claims(tokens["access_token"])
        assert claims["sub"] == str(mia.id)
        assert claims["tenant"] == str(mia.tenant_id)
        assert claims["client_id"] == "shop"
        assert claims["aud"] == settings.ACCESS_TOKEN_AUDIENCE
        assert claims["exp"] - claims["iat"] == settings.ACCESS_TOKEN_LIFETIME_S
        assert claims["scope"] == "openid profile email api"

    def test_access_token_is_an_rfc_9068_jwt_and_id_token_is_not(self, flow: Flow, mia: Any) -> None:
        tokens = flow.tokens(mia.email)

        access = jwt.decode(tokens["access_token"], published_keys(), algorithms=["ES256"])
        identity_token = jwt.decode(tokens["id_token"], published_keys(), algorithms=["ES256"])

        assert access.header["typ"] == "at+jwt"
        assert identity_token.header["typ"] == "JWT"
        assert access.header["alg"] == identity_token.header["alg"] == "ES256"
        key = published_keys().keys[0]
        assert access.header["kid"] == identity_token.header["kid"] == key.thumbprint()

    def test_id_token_says_who_where_and_for_whom(self, flow: Flow, mia: Any) -> None:
        tokens = flow.tokens(mia.email)

        claims = jwt.decode(tokens["id_token"], published_keys(), algorithms=["ES256"]).claims

        assert claims["iss"] == settings.OIDC_ISSUER
        assert claims["aud"] == claims["azp"] == "shop"
        assert claims["nonce"] == flow.nonce
        assert (claims["sub"], claims["tenant"]) == (str(mia.id), str(mia.tenant_id))
        assert (claims["name"], claims["email"]) == ("Mia Miller", mia.email)
        assert claims["sid"] == verified_claims(tokens["access_token"])["sid"]
        assert abs(claims["auth_time"] - time.time()) < 60

    def test_needs_no_password_again_in_the_same_session(self, flow: Flow, mia: Any) -> None:
        first = flow.answer(mia.email)

        second = flow.browser.go(flow.url())

        assert second.status_code == 302
        assert second.url.startswith(flow.redirect_uri)
        assert first["code"] not in second.url

    def test_tokens_and_secrets_are_not_stored_in_clear(self, flow: Flow, mia: Any) -> None:
        tokens = flow.tokens(mia.email)

        stored = json.dumps(
            [list(model.objects.values_list("token", "token_checksum")) for model in (AccessToken, RefreshToken)]
        )

        assert tokens["access_token"] not in stored
        assert tokens["refresh_token"] not in stored

    def test_userinfo_answers_for_the_access_token_but_not_for_the_id_token(self, flow: Flow, mia: Any) -> None:
        tokens = flow.tokens(mia.email)

        assert userinfo(tokens["access_token"]).json()["email"] == mia.email
        assert userinfo(tokens["id_token"]).status_code == 401

    def test_id_token_is_no_credential_for_the_library_either(self, flow: Flow, mia: Any, rf: RequestFactory) -> None:
        tokens = flow.tokens(mia.email)

        def accepted(token: str) -> bool:
            request = rf.get("/", headers={"Authorization": f"Bearer {token}"})
            return bool(get_oauthlib_core().verify_request(request, scopes=["openid"])[0])

        assert accepted(tokens["access_token"])
        assert not accepted(tokens["id_token"])

    def test_scopes_decide_what_is_told(self, flow: Flow, mia: Any) -> None:
        answer = flow.answer(mia.email, scope="openid")
        tokens = flow.redeem(answer["code"]).json()

        claims = jwt.decode(tokens["id_token"], published_keys(), algorithms=["ES256"]).claims

        assert "email" not in claims
        assert "name" not in claims
        assert userinfo(tokens["access_token"]).json()["sub"] == str(mia.id)
        with pytest.raises(InvalidToken):  # not for the API: nobody was asked for that
            verified_claims(tokens["access_token"])

    def test_another_application_is_only_let_in_with_consent(self, mia: Any, browser: Any) -> None:
        client, secret = identity.second_client(client_id="other", skip_authorization=False)
        flow = Flow(client.client_id, secret, identity.SECOND_CLIENT_URI, browser)
        response = browser.go(browser.enter_password(flow.url(), mia.email).url)

        form = {field.name: field.value() or "" for field in response.context["form"]}
        refused = browser.post(flow.url(), {k: v for k, v in form.items() if k != "allow"})
        allowed = browser.post(flow.url(), {**form, "allow": "on"})

        assert response.status_code == 200
        assert b"Allow Shop?" in response.content
        assert "error=access_denied" in refused.url
        code = dict(part.split("=") for part in allowed.url.split("?")[1].split("&"))["code"]
        assert flow.redeem(code).status_code == 200


class TestRefused:
    @pytest.mark.parametrize(
        "changes",
        [
            {"code_challenge": None, "code_challenge_method": None},
            {"code_challenge_method": "plain"},
            {"code_challenge_method": None},
            {"code_challenge": "short"},
            {"response_type": "token"},
            {"response_type": "id_token"},
            {"response_type": "code id_token"},
            {"scope": "openid root"},
        ],
    )
    def test_authorization_request_that_is_weaker_than_it_must_be(
        self, flow: Flow, mia: Any, changes: dict[str, Any]
    ) -> None:
        at_once = identity.Browser().go(flow.url(**changes)).url
        answer = flow.answer(mia.email, **changes)

        assert at_once.startswith(flow.redirect_uri)
        assert "error" in answer
        assert "code" not in answer
        assert answer["iss"] == settings.OIDC_ISSUER

    @pytest.mark.parametrize(
        "changes",
        [
            {"redirect_uri": "https://evil.example/callback"},
            {"redirect_uri": identity.SECOND_CLIENT_URI + "/more"},
            {"redirect_uri": identity.SECOND_CLIENT_URI + "?x=1"},
            {"redirect_uri": "https://shop.example:8443/callback"},
            {"client_id": "nobody"},
            {"client_id": "nul\x00l"},
        ],
    )
    def test_wrong_client_or_address_sends_nobody_there(self, flow: Flow, mia: Any, changes: dict[str, str]) -> None:
        anonymous = identity.Browser().go(flow.url(**changes))

        response = flow.browser.go(flow.url(**changes))

        for answer in (anonymous, response):
            assert answer.status_code in (400, 401)
            assert not answer.has_header("Location")

    @pytest.mark.parametrize(
        ("changes", "error"),
        [
            ({"code_verifier": None}, "invalid_request"),
            ({"code_verifier": "x" * 43}, "invalid_grant"),
            ({"redirect_uri": "https://evil.example/callback"}, "invalid_grant"),
            ({"client_secret": "wrong"}, "invalid_client"),
            ({"client_secret": None}, "invalid_client"),
            ({"client_id": "nobody"}, "invalid_client"),
            ({"code": "nul\x00l"}, "invalid_request"),
            ({"code": "made-up"}, "invalid_grant"),
            ({"grant_type": "password", "username": "mia@acme.example", "password": identity.PASSWORD}, None),
        ],
    )
    def test_token_request_that_does_not_fit(
        self, flow: Flow, mia: Any, changes: dict[str, Any], error: str | None
    ) -> None:
        code = flow.code(mia.email)

        response = flow.redeem(code, **changes)

        assert response.status_code in (400, 401)
        assert error is None or response.json()["error"] == error
        assert not AccessToken.objects.exists()

    def test_code_of_another_client(self, flow: Flow, mia: Any) -> None:
        thief, secret = identity.second_client(client_id="thief", redirect_uris="https://thief.example/")
        code = flow.code(mia.email)

        response = flow.redeem(code, client_id=thief.client_id, client_secret=secret)

        assert response.json()["error"] == "invalid_grant"
        assert flow.redeem(code).status_code == 200

    def test_code_that_is_too_old(self, flow: Flow, mia: Any) -> None:
        code = flow.code(mia.email)
        Grant.objects.update(expires=timezone.now())

        assert flow.redeem(code).json()["error"] == "invalid_grant"

    def test_second_use_of_a_code_revokes_what_the_first_brought(self, flow: Flow, mia: Any) -> None:
        code = flow.code(mia.email)
        tokens = flow.redeem(code).json()

        again = flow.redeem(code)

        assert again.json()["error"] == "invalid_grant"
        assert userinfo(tokens["access_token"]).status_code == 401
        assert flow.refresh(tokens["refresh_token"]).json()["error"] == "invalid_grant"

    def test_prompt_none_asks_nobody_anything(self, flow: Flow, mia: Any) -> None:
        stranger = replace(flow, browser=identity.Browser())
        assert stranger.answer(mia.email, prompt="none")["error"] == "login_required"

        assert "code" in flow.answer(mia.email, prompt="none")

    def test_parameters_of_ours_cannot_be_smuggled_in(self, flow: Flow, mia: Any) -> None:
        code = flow.code(mia.email)

        tokens = flow.redeem(code, sign_in="x", tenant_id="x", sid="x", grant_id="0").json()

        assert verified_claims(tokens["access_token"])["tenant"] == str(mia.tenant_id)


class TestRefreshing:
    def test_rotates_and_keeps_person_tenant_and_session(self, flow: Flow, mia: Any) -> None:
        before = flow.tokens(mia.email)

        after = flow.refresh(before["refresh_token"]).json()

        assert after["refresh_token"] != before["refresh_token"]
        old, new = verified_claims(before["access_token"]), verified_claims(after["access_token"])
        assert [new[name] for name in ("sub", "tenant", "sid", "auth_time")] == [
            old[name] for name in ("sub", "tenant", "sid", "auth_time")
        ]

    def test_second_use_revokes_the_whole_family(self, flow: Flow, mia: Any) -> None:
        first = flow.tokens(mia.email)
        second = flow.refresh(first["refresh_token"]).json()

        replayed = flow.refresh(first["refresh_token"])

        assert replayed.json()["error"] == "invalid_grant"
        assert flow.refresh(second["refresh_token"]).json()["error"] == "invalid_grant"
        assert userinfo(second["access_token"]).status_code == 401

    def test_is_bound_to_the_client(self, flow: Flow, mia: Any) -> None:
        tokens = flow.tokens(mia.email)
        thief, secret = identity.second_client(client_id="thief")

        stolen = flow.refresh(tokens["refresh_token"], client_id=thief.client_id, client_secret=secret)

        assert stolen.json()["error"] == "invalid_grant"

    def test_asks_for_no_more_than_was_given(self, flow: Flow, mia: Any) -> None:
        tokens = flow.redeem(flow.answer(mia.email, scope="openid api")["code"]).json()

        assert flow.refresh(tokens["refresh_token"], scope="openid api email").json()["error"] == "invalid_scope"

    def test_ends_with_the_membership(self, flow: Flow, mia: Any) -> None:
        tokens = flow.tokens(mia.email)
        with entered(mia.tenant_id):
            users.update_member(user_id=mia.id, actor=SYSTEM, suspended=True)

        refused = flow.refresh(tokens["refresh_token"])

        assert refused.json()["error"] == "invalid_grant"
        assert not RefreshToken.objects.filter(revoked__isnull=True).exists()

    def test_ends_with_the_password(self, flow: Flow, mia: Any) -> None:
        tokens = flow.tokens(mia.email)
        users.set_password(user_id=mia.id, password="another long password")

        assert flow.refresh(tokens["refresh_token"]).json()["error"] == "invalid_grant"

    def test_ends_with_the_person(self, flow: Flow, mia: Any) -> None:
        tokens = flow.tokens(mia.email)
        users.suspend_user(user_id=mia.id)

        assert flow.refresh(tokens["refresh_token"]).json()["error"] == "invalid_grant"
        assert userinfo(tokens["access_token"]).status_code == 401


@pytest.mark.django_db(transaction=True)
class TestAtOnce:
    """Rivals in threads: each with a connection of its own, on committed rows."""

    @pytest.fixture
    def mia(self) -> identity.Somebody:
        return identity.member_of(identity.company("acme"))

    @pytest.fixture
    def flow(self, mia: identity.Somebody) -> Flow:
        client, secret = identity.second_client()
        return Flow(client.client_id, secret, identity.SECOND_CLIENT_URI, identity.Browser())

    def together(self, call: Any, times: int = 4) -> list[Any]:
        def one(_: int) -> Any:
            try:
                return call()
            finally:
                connections.close_all()

        with ThreadPoolExecutor(times) as pool:
            return list(pool.map(one, range(times)))

    def test_a_code_brings_tokens_once_at_most(self, flow: Flow, mia: Any) -> None:
        code = flow.code(mia.email)

        answers = self.together(lambda: flow.redeem(code))

        assert sorted(answer.status_code for answer in answers)[1:] == [400, 400, 400]
        assert {answer.json()["error"] for answer in answers if answer.status_code == 400} == {"invalid_grant"}

    def test_a_refresh_token_brings_tokens_once_at_most_and_its_family_ends(self, flow: Flow, mia: Any) -> None:
        tokens = flow.tokens(mia.email)

        answers = self.together(lambda: flow.refresh(tokens["refresh_token"]))

        assert sorted(answer.status_code for answer in answers)[1:] == [400, 400, 400]
        assert not RefreshToken.objects.filter(revoked__isnull=True).exists()
