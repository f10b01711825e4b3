"""RFC 8252, OAuth 2.0 for Native Apps."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from apps.iam.oidc.models import Application
from apps.iam.oidc.tests.identity import Browser, Flow, second_client

compliance = pytest.mark.compliance
REGISTERED = "http://127.0.0.1/callback http://[::1]/callback https://app.example/claimed"
Native = Callable[[str], Flow]


@pytest.fixture
def native(mia: Any, browser: Browser) -> Native:
    """`native(uri)`: a program on somebody's own machine that listens there; Mia is signed in in the browser."""
    facts = {"client_type": Application.CLIENT_PUBLIC, "kind": Application.Kind.NATIVE, "redirect_uris": REGISTERED}
    second_client(client_id="native", **facts)
    return lambda uri: Flow("native", "", uri, browser)


def refused(flow: Flow) -> bool:
    """Somebody who is signed in is sent nowhere."""
    answer = flow.browser.go(flow.url())
    return answer.status_code == 400 and "Location" not in answer


class TestLoopback:
    @compliance("RFC 8252", "7.3", "any port of the loopback interface, of IPv4 and IPv6, may be listened at")
    @pytest.mark.parametrize("host", ["127.0.0.1", "[::1]"])
    @pytest.mark.parametrize("port", ["", ":1", ":51004", ":65535"])
    def test_has_any_port(self, native: Native, mia: Any, host: str, port: str) -> None:
        flow = native(f"http://{host}{port}/callback")

        assert flow.redeem(flow.code(mia.email), client_secret=None).status_code == 200

    @compliance(
        "RFC 8252", "8.3", "the name localhost, and other notations of the address, are not the loopback address"
    )
    @pytest.mark.parametrize(
        "host",
        [
            "localhost",
            "127.0.0.2",
            "127.1",
            "2130706433",
            "0x7f000001",
            "0.0.0.0",
            "[0:0:0:0:0:0:0:1]",
            "[::ffff:7f00:1]",
        ],
    )
    def test_is_written_one_way(self, native: Native, mia: Any, host: str) -> None:
        assert refused(native(f"http://{host}:51004/callback"))

    @compliance("RFC 8252", "8.10", "but for the port the address must be the registered one")
    @pytest.mark.parametrize(
        "uri",
        [
            "https://127.0.0.1:51004/callback",
            "http://127.0.0.1:51004/other",
            "http://127.0.0.1:51004/callback/",
            "http://127.0.0.1:51004/callback?x=1",
            "http://127.0.0.1:51004/callback/../other",
            "http://127.0.0.1:51004@evil.example/callback",
            "http://evil.example@127.0.0.1:51004/callback",
            "http://127.0.0.1.evil.example:51004/callback",
            "http://127.0.0.1:65536/callback",
            "http://127.0.0.1:/callback",
        ],
    )
    def test_near_miss_is_a_miss(self, native: Native, mia: Any, uri: str) -> None:
        assert refused(native(uri))

    @compliance("RFC 8252", "8.10", "the code is redeemed with the very port that it was sent to")
    def test_is_bound_to_its_port(self, native: Native, mia: Any) -> None:
        flow = native("http://127.0.0.1:51004/callback")
        code = flow.code(mia.email)

        other = flow.redeem(code, client_secret=None, redirect_uri="http://127.0.0.1:51005/callback")

        assert other.json()["error"] == "invalid_grant"

    @compliance("RFC 8252", "8.10", "a web application has no port to choose")
    def test_is_for_native_applications(self, native: Native, mia: Any) -> None:
        Application.objects.filter(client_id="native").update(kind=Application.Kind.WEB)

        assert refused(native("http://127.0.0.1:51004/callback"))


class TestOtherAddresses:
    @compliance("RFC 8252", "7.2", "a claimed https address is taken as it was registered, without a port to choose")
    def test_claimed_https(self, native: Native, mia: Any) -> None:
        flow = native("https://app.example/claimed")

        assert flow.redeem(flow.code(mia.email), client_secret=None).status_code == 200
        assert refused(native("https://app.example:8443/claimed"))

    @compliance("RFC 8252", "8.4", "a private-use scheme, which any program may take, is not taken")
    @pytest.mark.parametrize("uri", ["com.example.app:/callback", "com.example.app://callback", "native:/callback"])
    def test_private_scheme(self, native: Native, mia: Any, uri: str) -> None:
        assert refused(native(uri))


class TestPublicClient:
    @compliance("RFC 8252", "6", "a native application must prove itself by PKCE")
    def test_proves_itself(self, native: Native, mia: Any) -> None:
        flow = native("http://127.0.0.1:51004/callback")
        code = flow.code(mia.email)

        assert "error=invalid_request" in flow.browser.go(flow.url(code_challenge=None)).url
        assert flow.redeem(code, client_secret=None, code_verifier="x" * 43).json()["error"] == "invalid_grant"

    @compliance("RFC 8252", "8.5", "a secret in a program that everybody has proves nothing: none is taken")
    def test_has_no_secret(self, native: Native, mia: Any) -> None:
        flow = native("http://127.0.0.1:51004/callback")

        assert flow.redeem(flow.code(mia.email), client_secret="guessed").json()["error"] == "invalid_client"
