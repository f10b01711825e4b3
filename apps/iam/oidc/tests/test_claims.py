"""Claims: those of scopes, and those that a client asks for one by one (OpenID Connect Core §5)."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from apps.iam.oidc import claims_parameter
from apps.iam.oidc.tests import identity, once
from apps.iam.oidc.tests.identity import Flow, userinfo
from apps.iam.oidc.tests.test_assurance import id_token_claims
from apps.iam.oidc.tests.test_stepping_up import answer, is_sign_in, wanted

pytestmark = pytest.mark.django_db
acme, mia, sign_in_of_mia, browser = once.acme, once.mia, once.sign_in_of_mia, once.browser
second_client, flow = once.second_client, once.flow


def asking(id_token: Any = None, userinfo: Any = None) -> str:
    return json.dumps({"id_token": id_token, "userinfo": userinfo})


class TestScopes:
    def test_bring_their_standard_claims_with_their_standard_names(self, flow: Flow, mia: Any) -> None:
        told = userinfo(flow.tokens(mia.email)["access_token"]).json()

        assert told["sub"] == str(mia.id)
        assert (told["name"], told["locale"], told["zoneinfo"]) == ("Mia Miller", "en-GB", "UTC")
        assert (told["email"], told["email_verified"]) == (mia.email, False)


class TestParameter:
    def test_brings_single_claims_to_the_part_that_asks(self, flow: Flow, mia: Any) -> None:
        claims = asking(id_token={"email": None}, userinfo={"name": {"essential": True}})
        tokens = flow.redeem(flow.answer(mia.email, scope="openid", claims=claims)["code"]).json()

        in_token, told = id_token_claims(tokens), userinfo(tokens["access_token"]).json()

        assert in_token["email"] == mia.email
        assert told["name"] == "Mia Miller"
        assert "name" not in in_token
        assert "email" not in told

    def test_holds_for_refreshed_tokens_too(self, flow: Flow, mia: Any) -> None:
        claims = asking(id_token={"email": None}, userinfo={"name": None})
        tokens = flow.redeem(flow.answer(mia.email, scope="openid", claims=claims)["code"]).json()

        tokens = flow.refresh(flow.refresh(tokens["refresh_token"]).json()["refresh_token"]).json()

        assert id_token_claims(tokens)["email"] == mia.email
        assert userinfo(tokens["access_token"]).json()["name"] == "Mia Miller"

    def test_leaves_out_what_we_do_not_know(self, flow: Flow, mia: Any) -> None:
        claims = asking(userinfo={"shoe_size": {"essential": True, "value": 44}, "phone_number": None})
        tokens = flow.redeem(flow.answer(mia.email, scope="openid", claims=claims)["code"]).json()

        assert set(userinfo(tokens["access_token"]).json()) == {"sub", "sid", "tenant"}

    def test_cannot_be_smuggled_into_the_exchange_of_the_code(self, flow: Flow, mia: Any) -> None:
        code = flow.answer(mia.email, scope="openid")["code"]
        tokens = flow.redeem(code, claims=asking(id_token={"email": None})).json()

        assert "email" not in id_token_claims(tokens)

    @pytest.mark.parametrize(
        "claims",
        [
            "{",
            "[]",
            '"email"',
            '{"userinfo": []}',
            '{"id_token": {"email": 1}}',
            '{"id_token": {"acr": {"essential": "yes"}}}',
            '{"id_token": {"acr": {"values": "aal1"}}}',
            "[" * 3000,
            json.dumps({"userinfo": {"x" * 4000: None}}),
        ],
    )
    def test_that_is_not_well_formed_is_refused(self, flow: Flow, mia: Any, claims: str) -> None:
        told = answer(flow.browser.go(flow.url(claims=claims)))

        assert (told["error"], told["state"]) == ("invalid_request", flow.state)

    def test_is_asked_of_the_person_under_the_name_of_its_scope(self, mia: Any, browser: Any) -> None:
        client, secret = identity.second_client(client_id="other", skip_authorization=False)
        flow = Flow(client.client_id, secret, identity.SECOND_CLIENT_URI, browser)
        browser.enter_password(flow.url(), mia.email)

        plain = browser.go(flow.url(scope="openid")).context["scopes"]
        asked = browser.go(flow.url(scope="openid", claims=asking(userinfo={"email": None})))

        assert asked.context["scopes"] == [*plain, "See your email address"]
        form = {field.name: field.value() or "" for field in asked.context["form"]} | {"allow": "on"}
        url = flow.url(scope="openid", claims=asking(userinfo={"email": None}))
        tokens = flow.redeem(answer(browser.post(url, form))["code"]).json()
        assert userinfo(tokens["access_token"]).json()["email"] == mia.email

    def test_brings_no_claim_of_a_scope_that_the_client_may_not_have(
        self, flow: Flow, mia: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        claims = asking(userinfo={"email": None, "name": None})
        tokens = flow.redeem(flow.answer(mia.email, scope="openid", claims=claims)["code"]).json()
        monkeypatch.setattr(
            "apps.iam.oidc.scopes.ClientScopes.get_available_scopes", lambda *_, **__: ["openid", "profile"]
        )

        told = userinfo(tokens["access_token"]).json()

        assert "name" in told
        assert "email" not in told

    def test_essential_acr_must_be_one_of_its_values(self, flow: Flow, mia: Any) -> None:
        flow.answer(mia.email)

        for wish in ({"essential": True, "value": "aal9"}, {"essential": True, "values": ["aal2", "x"]}):
            told = answer(flow.browser.go(flow.url(claims=asking(id_token={"acr": wish}))))
            assert told["error"] == "unmet_authentication_requirements"
        for wish in ({"essential": True, "values": ["aal1", "x"]}, {"value": "aal9"}, {"essential": True}, None):
            assert "code" in answer(flow.browser.go(flow.url(claims=asking(id_token={"acr": wish}))))


class TestExpectedPerson:
    def test_by_sub_or_hint_is_asked_for_and_nobody_else_will_do(self, flow: Flow, mia: Any, acme: Any) -> None:
        noah = identity.member_of(acme, "noah@acme.example")
        hint = flow.tokens(mia.email)["id_token"]
        browser = flow.browser

        for demand in ({"id_token_hint": hint}, {"claims": asking(id_token={"sub": {"value": str(mia.id)}})}):
            browser.enter_password(flow.url(), noah.email)
            silent = answer(browser.go(flow.url(**demand, prompt="none")))
            asked = browser.go(flow.url(**demand))
            somebody_else = answer(browser.go(browser.enter_password(wanted(asked), noah.email).url))
            asked_again = browser.go(flow.url(**demand, state="x"))
            right = answer(browser.go(browser.enter_password(wanted(asked_again), mia.email).url))

            assert silent["error"] == "login_required"
            assert is_sign_in(asked)
            assert somebody_else["error"] == "login_required"
            assert "code" in right
            assert "code" in answer(browser.go(flow.url(**demand, prompt="none")))

    @pytest.mark.parametrize("hint", ["x", "made.up.token", "access"])
    def test_is_told_by_an_id_token_of_ours_only(self, flow: Flow, mia: Any, hint: str) -> None:
        tokens = flow.tokens(mia.email)

        told = answer(flow.browser.go(flow.url(id_token_hint=tokens["access_token"] if hint == "access" else hint)))

        assert told["error"] == "invalid_request"

    def test_hint_of_another_issuers_key_is_refused(self, flow: Flow, mia: Any) -> None:
        token = flow.tokens(mia.email)["id_token"]

        told = answer(flow.browser.go(flow.url(id_token_hint=token[:-6] + "AAAAAA")))

        assert told["error"] == "invalid_request"


class TestValues:
    def test_are_those_of_the_id_token(self) -> None:
        asked = claims_parameter.parsed(asking(id_token={"acr": {"values": ["a", "b"]}, "sub": {"value": "s"}}))

        assert claims_parameter.values(asked, "acr") == ("a", "b")
        assert claims_parameter.values(asked, "acr", essential=True) == ()
        assert claims_parameter.values(asked, "sub") == ("s",)
        assert claims_parameter.values(asked, "name") == ()

    def test_parts_that_are_missing_ask_for_nothing(self) -> None:
        assert claims_parameter.parsed("") == claims_parameter.parsed("{}") == {}
        assert claims_parameter.implied_scopes(claims_parameter.parsed(asking()), ["openid"]) == []


@pytest.mark.parametrize("mode", ["fragment", "form_post"])
def test_other_response_modes_are_refused(flow: Flow, mia: Any, mode: str) -> None:
    response = flow.browser.go(flow.url(response_mode=mode))

    assert parse_qs(urlsplit(response.url).query)["error"] == ["invalid_request"]
