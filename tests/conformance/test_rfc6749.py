"""RFC 6749, The OAuth 2.0 Authorization Framework, as far as OAuth 2.1 and RFC 9700 left it standing."""

from __future__ import annotations

import base64
from urllib.parse import parse_qs, quote, urlsplit

import pytest
from django.test import Client

from apps.iam.oidc.tests.identity import SECOND_CLIENT_URI, Flow, second_client, userinfo

compliance = pytest.mark.compliance


def basic(client_id: str, secret: str) -> dict[str, str]:
    """§2.3.1: both form-encoded before they are joined."""
    pair = f"{quote(client_id, safe='')}:{quote(secret, safe='')}"
    return {"authorization": "Basic " + base64.b64encode(pair.encode()).decode()}


class TestClientAuthentication:
    @compliance("RFC 6749", "2.3.1", "HTTP Basic authenticates a confidential client")
    def test_by_http_basic(self, flow: Flow, mia) -> None:
        form = {
            "grant_type": "authorization_code",
            "code": flow.code(mia.email),
            "redirect_uri": flow.redirect_uri,
            "code_verifier": flow.verifier,
        }

        answer = Client(headers=basic(flow.client_id, flow.client_secret)).post("/oidc/token", form)

        assert answer.status_code == 200

    @compliance("RFC 6749", "2.3.1", "credentials in the request URI are not accepted")
    def test_never_in_the_query(self, flow: Flow, mia) -> None:
        query = f"client_id={flow.client_id}&client_secret={flow.client_secret}"
        form = {"grant_type": "authorization_code", "code": flow.code(mia.email), "code_verifier": flow.verifier}

        answer = Client().post(f"/oidc/token?{query}", {**form, "redirect_uri": flow.redirect_uri})

        assert answer.status_code in (400, 401)

    @compliance("RFC 6749", "5.2", "a client that fails by HTTP Basic gets 401 with WWW-Authenticate")
    def test_failing_by_http_basic_is_challenged(self, flow: Flow) -> None:
        form = {"grant_type": "client_credentials"}

        answer = Client(headers=basic(flow.client_id, "wrong")).post("/oidc/token", form)

        assert answer.status_code == 401
        assert answer.json()["error"] == "invalid_client"
        assert answer["WWW-Authenticate"].startswith("Basic")


class TestAuthorizationEndpoint:
    @compliance("RFC 6749", "3.1.2.4", "an unknown redirect URI is shown to the person and nobody is sent there")
    def test_sends_nobody_to_an_address_that_is_not_registered(self, flow: Flow, mia) -> None:
        flow.code(mia.email)

        answer = flow.browser.go(flow.url(redirect_uri="https://evil.example/callback"))

        assert answer.status_code == 400
        assert "Location" not in answer

    @compliance("RFC 6749", "3.1.2.4", "an unknown client is shown to the person and nobody is sent anywhere")
    def test_sends_nobody_on_for_an_unknown_client(self, flow: Flow, mia) -> None:
        flow.code(mia.email)

        answer = flow.browser.go(flow.url(client_id="nobody"))

        assert answer.status_code == 400

    @compliance("RFC 6749", "3.1.1", "a response type that is not supported is refused at the client's address")
    @pytest.mark.parametrize("response_type", ["token", "id_token", "code token", "none"])
    def test_knows_the_code_flow_only(self, flow: Flow, mia, response_type: str) -> None:
        flow.code(mia.email)

        answer = flow.browser.go(flow.url(response_type=response_type))

        error = parse_qs(urlsplit(answer.url).query)
        assert error["error"] == ["unsupported_response_type"]
        assert error["state"] == [flow.state]

    @compliance("RFC 6749", "3.1", "a parameter that is sent twice makes the request invalid")
    def test_refuses_a_parameter_sent_twice(self, flow: Flow, mia) -> None:
        flow.code(mia.email)

        answer = flow.browser.go(f"{flow.url()}&scope=openid")

        assert "code=" not in (answer.get("Location") or "")

    @compliance("RFC 6749", "4.1.2", "the state comes back exactly as it was sent")
    def test_brings_the_state_back(self, flow: Flow, mia) -> None:
        state = "a b+c&d=e/é"

        assert flow.answer(mia.email, state=state)["state"] == state

    @compliance("RFC 6749", "4.1.2.1", "a scope that is unknown is refused with invalid_scope")
    def test_refuses_an_unknown_scope(self, flow: Flow, mia) -> None:
        flow.code(mia.email)

        answer = flow.browser.go(flow.url(scope="openid everything"))

        assert parse_qs(urlsplit(answer.url).query)["error"] == ["invalid_scope"]


class TestTokenEndpoint:
    @compliance("RFC 6749", "3.2", "only POST is accepted")
    def test_accepts_post_only(self, flow: Flow) -> None:
        assert Client().get("/oidc/token", {"grant_type": "client_credentials"}).status_code == 405

    @compliance("RFC 6749", "5.1", "the answer is JSON that no cache keeps, with token type and lifetime")
    def test_answers_json_that_no_cache_keeps(self, flow: Flow, mia) -> None:
        answer = flow.redeem(flow.code(mia.email))

        assert answer["Content-Type"].startswith("application/json")
        assert "no-store" in answer["Cache-Control"]
        said = answer.json()
        assert said["token_type"] == "Bearer"
        assert said["expires_in"] > 0

    @compliance("RFC 6749", "5.2", "a missing or unknown grant type is unsupported_grant_type or invalid_request")
    @pytest.mark.parametrize("grant", [None, "password", "implicit", "urn:example:made-up"])
    def test_refuses_other_grants(self, flow: Flow, grant: str | None) -> None:
        form = {"client_id": flow.client_id, "client_secret": flow.client_secret}

        answer = Client().post("/oidc/token", form | ({"grant_type": grant} if grant else {}))

        assert answer.status_code == 400
        assert answer.json()["error"] in {"unsupported_grant_type", "invalid_request", "unauthorized_client"}

    @compliance("RFC 6749", "4.1.3", "the code is bound to the client it was given to")
    def test_binds_the_code_to_its_client(self, flow: Flow, mia) -> None:
        other, secret = second_client(client_id="other", redirect_uris=SECOND_CLIENT_URI)
        code = flow.code(mia.email)

        answer = flow.redeem(code, client_id=other.client_id, client_secret=secret)

        assert (answer.status_code, answer.json()["error"]) == (400, "invalid_grant")

    @compliance("RFC 6749", "4.1.3", "the redirect URI must be the one of the authorization request")
    def test_binds_the_code_to_its_redirect_uri(self, flow: Flow, mia) -> None:
        answer = flow.redeem(flow.code(mia.email), redirect_uri=f"{SECOND_CLIENT_URI}/")

        assert (answer.status_code, answer.json()["error"]) == (400, "invalid_grant")

    @compliance("RFC 6749", "4.1.2", "a code that is used twice is refused, and the tokens it brought are revoked")
    def test_revokes_everything_when_a_code_is_replayed(self, flow: Flow, mia) -> None:
        code = flow.code(mia.email)
        first = flow.redeem(code).json()

        second = flow.redeem(code)

        assert (second.status_code, second.json()["error"]) == (400, "invalid_grant")
        assert userinfo(first["access_token"]).status_code == 401
        assert flow.refresh(first["refresh_token"]).status_code == 400


class TestRefreshing:
    @compliance("RFC 6749", "6", "no scope beyond the original grant is given")
    def test_gives_no_more_than_was_granted(self, flow: Flow, mia) -> None:
        code = flow.answer(mia.email, scope="openid api")["code"]
        tokens = flow.redeem(code).json()

        answer = flow.refresh(tokens["refresh_token"], scope="openid api email")

        assert (answer.status_code, answer.json()["error"]) == (400, "invalid_scope")

    @compliance("RFC 6749", "6", "a refresh token is bound to its client")
    def test_is_bound_to_the_client(self, flow: Flow, mia) -> None:
        other, secret = second_client(client_id="other")
        tokens = flow.tokens(mia.email)

        answer = flow.refresh(tokens["refresh_token"], client_id=other.client_id, client_secret=secret)

        assert answer.status_code == 400
