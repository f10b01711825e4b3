"""OpenID Connect RP-Initiated Logout 1.0."""

from __future__ import annotations

import pytest
from django.test import Client

from apps.iam.oidc.models import Application
from apps.iam.oidc.tests.identity import Flow, userinfo

compliance = pytest.mark.compliance
AFTERWARDS = "https://shop.example/goodbye"


@pytest.fixture(autouse=True)
def _registered(flow: Flow) -> None:
    Application.objects.filter(client_id=flow.client_id).update(post_logout_redirect_uris=AFTERWARDS)


class TestLogout:
    @compliance("OpenID Connect RP-Initiated Logout", "2", "the session ends, and the browser goes back with the state")
    def test_ends_the_session_and_goes_back(self, flow: Flow, mia) -> None:
        tokens = flow.tokens(mia.email)
        query = {"id_token_hint": tokens["id_token"], "post_logout_redirect_uri": AFTERWARDS, "state": "abc"}

        answer = flow.browser.get("/oidc/logout", query)

        assert (answer.status_code, answer["Location"]) == (302, f"{AFTERWARDS}?state=abc")
        assert flow.browser.go(flow.url()).url.startswith("/sign-in/")
        assert userinfo(tokens["access_token"]).status_code == 401

    @compliance("OpenID Connect RP-Initiated Logout", "3", "an address that is not registered is not gone to")
    @pytest.mark.parametrize("uri", ["https://evil.example/", AFTERWARDS + "/", AFTERWARDS + "?x=1"])
    def test_goes_nowhere_that_is_not_registered(self, flow: Flow, mia, uri: str) -> None:
        tokens = flow.tokens(mia.email)

        answer = flow.browser.get(
            "/oidc/logout", {"id_token_hint": tokens["id_token"], "post_logout_redirect_uri": uri}
        )

        assert answer.status_code == 400
        assert "Location" not in answer

    @compliance(
        "OpenID Connect RP-Initiated Logout", "2", "without a hint no address is gone to, even a registered one"
    )
    def test_goes_nowhere_for_nobody_knows_whom(self, flow: Flow, mia) -> None:
        flow.code(mia.email)

        answer = flow.browser.get("/oidc/logout", {"post_logout_redirect_uri": AFTERWARDS})

        assert "Location" not in answer or not answer["Location"].startswith(AFTERWARDS)

    @compliance("OpenID Connect RP-Initiated Logout", "2", "an ID token that is not ours is refused")
    def test_does_not_take_a_hint_from_a_stranger(self, flow: Flow, mia) -> None:
        token = flow.tokens(mia.email)["id_token"]
        header, claims, signature = token.split(".")

        answer = flow.browser.get("/oidc/logout", {"id_token_hint": f"{header}.{claims}.{signature[::-1]}"})

        assert answer.status_code == 400

    @compliance("OpenID Connect RP-Initiated Logout", "2", "POST is accepted as well as GET")
    def test_may_be_posted(self, flow: Flow, mia) -> None:
        tokens = flow.tokens(mia.email)

        answer = flow.browser.post(
            "/oidc/logout", {"id_token_hint": tokens["id_token"], "post_logout_redirect_uri": AFTERWARDS}
        )

        assert answer.status_code == 302

    @compliance("OpenID Connect RP-Initiated Logout", "3", "the provider announces the endpoint")
    def test_is_announced(self, db) -> None:
        document = Client().get("/.well-known/openid-configuration").json()

        assert document["end_session_endpoint"].endswith("/oidc/logout")
