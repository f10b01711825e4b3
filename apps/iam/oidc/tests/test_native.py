"""Programs on people's own machines (RFC 8252): no secret, and an address that only they can listen at."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from apps.core.auth.tokens import verified_claims
from apps.iam.oidc.models import Application
from apps.iam.oidc.tests import identity, once
from apps.iam.oidc.tests.identity import Browser, Flow

pytestmark = pytest.mark.django_db
acme, mia, sign_in_of_mia, browser = once.acme, once.mia, once.sign_in_of_mia, once.browser
Native = Callable[..., Flow]
REGISTERED = "http://127.0.0.1/callback http://[::1]/callback https://app.example/claimed"


@pytest.fixture
def native(browser: Browser) -> Native:
    """`native(uri)`: Mia, who is signed in, on her way to a program on her own machine."""
    facts = {"client_type": Application.CLIENT_PUBLIC, "kind": Application.Kind.NATIVE, "redirect_uris": REGISTERED}
    identity.second_client(client_id="tool", **facts)
    return lambda uri="http://127.0.0.1:51004/callback": Flow("tool", "", uri, browser)


class TestRedirect:
    @pytest.mark.parametrize(
        "uri",
        [
            "http://127.0.0.1/callback",
            "http://127.0.0.1:51004/callback",
            "http://127.0.0.1:65535/callback",
            "http://[::1]:51004/callback",
            "https://app.example/claimed",
        ],
    )
    def test_goes_to_any_port_of_the_loopback_interface_or_to_a_claimed_address(
        self, native: Native, mia: Any, uri: str
    ) -> None:
        flow = native(uri)

        answer = flow.redeem(flow.code(mia.email), client_secret=None)

        assert verified_claims(answer.json()["access_token"])["client_id"] == "tool"

    @pytest.mark.parametrize(
        "uri",
        [
            "http://localhost:51004/callback",
            "http://localhost.evil.example/callback",
            "http://127.0.0.1.evil.example/callback",
            "http://127.0.0.1:51004.evil.example/callback",
            "http://127.0.0.1:51004@evil.example/callback",
            "http://evil.example@127.0.0.1:51004/callback",
            "http://127.0.0.2:51004/callback",
            "http://127.1:51004/callback",
            "http://2130706433:51004/callback",
            "http://0x7f000001/callback",
            "http://[0:0:0:0:0:0:0:1]:51004/callback",
            "http://[::ffff:127.0.0.1]/callback",
            "http://0.0.0.0:51004/callback",
            "https://127.0.0.1:51004/callback",
            "HTTP://127.0.0.1:51004/callback",
            "http://127.0.0.1:0/callback",
            "http://127.0.0.1:65536/callback",
            "http://127.0.0.1:/callback",
            "http://127.0.0.1:51004/callback/",
            "http://127.0.0.1:51004/callback/../other",
            "http://127.0.0.1:51004/callback?x=1",
            "http://127.0.0.1:51004/callback#x",
            "http://127.0.0.1:51004/Callback",
            "http://127.0.0.1:51004/callback\\@evil.example",
            "http://127.0.0.1:51004\\@evil.example/callback",
            "http://127.0.0.1:٣/callback",
            "https://app.example:8443/claimed",
            "https://app.example/claimed?x=1",
            "https://app.example/claimed/",
            "com.example.app:/callback",
            "com.example.app://callback",
        ],
    )
    def test_near_miss_is_a_miss(self, native: Native, mia: Any, uri: str) -> None:
        flow = native(uri)

        answer = flow.browser.go(flow.url())

        assert answer.status_code == 400
        assert not answer.has_header("Location")

    def test_other_kinds_have_no_port_to_choose(self, native: Native, mia: Any) -> None:
        flow = native()
        Application.objects.update(kind=Application.Kind.WEB)

        assert flow.browser.go(flow.url()).status_code == 400

    def test_must_be_the_same_when_the_code_is_redeemed(self, native: Native, mia: Any) -> None:
        flow = native()
        code = flow.code(mia.email)

        other = flow.redeem(code, client_secret=None, redirect_uri="http://127.0.0.1:51005/callback")

        assert other.json()["error"] == "invalid_grant"


class TestPublicClient:
    def test_has_no_secret_so_any_is_wrong(self, native: Native, mia: Any) -> None:
        flow = native()

        assert flow.redeem(flow.code(mia.email), client_secret="guessed").json()["error"] == "invalid_client"

    def test_proves_itself_by_pkce(self, native: Native, mia: Any) -> None:
        flow = native()

        assert "error=invalid_request" in flow.browser.go(flow.url(code_challenge=None)).url
        wrong = flow.redeem(flow.code(mia.email), client_secret=None, code_verifier="x" * 43)
        assert wrong.json()["error"] == "invalid_grant"

    def test_has_its_refresh_tokens_rotated_and_reuse_ends_the_family(self, native: Native, mia: Any) -> None:
        flow = native()
        first = flow.redeem(flow.code(mia.email), client_secret=None).json()

        second = flow.refresh(first["refresh_token"], client_secret="").json()
        replayed = flow.refresh(first["refresh_token"], client_secret="")

        assert second["refresh_token"] != first["refresh_token"]
        assert replayed.json()["error"] == "invalid_grant"
        assert flow.refresh(second["refresh_token"], client_secret="").json()["error"] == "invalid_grant"

    def test_may_not_introspect(self, native: Native, mia: Any) -> None:
        flow = native()
        token = flow.redeem(flow.code(mia.email), client_secret=None).json()["access_token"]

        answer = Browser().post("/oidc/introspect", {"token": token, "client_id": "tool"})

        assert answer.status_code == 401
