"""RFC 9700, Best Current Practice for OAuth 2.0 Security: redirect near-misses, replay, races."""

from __future__ import annotations

from urllib.parse import parse_qsl, urlsplit

import pytest
from django.test import Client

from apps.iam.oidc import commands
from apps.iam.oidc.models import Application
from apps.iam.oidc.tests.identity import PASSWORD, SECOND_CLIENT_URI, Browser, Flow, second_client, userinfo
from apps.iam.users import commands as people

compliance = pytest.mark.compliance

NEAR_MISSES = [
    SECOND_CLIENT_URI + "/",
    SECOND_CLIENT_URI + "?next=https://evil.example",
    SECOND_CLIENT_URI + "#fragment",
    SECOND_CLIENT_URI + "/../evil",
    SECOND_CLIENT_URI.upper(),
    SECOND_CLIENT_URI.replace("https", "http"),
    SECOND_CLIENT_URI.replace("shop.example", "shop.example.evil.example"),
    SECOND_CLIENT_URI.replace("shop.example", "shop.example:8443"),
    SECOND_CLIENT_URI.replace("shop.example", "user@shop.example"),
    SECOND_CLIENT_URI.replace("shop.example", "shop.example%2eevil.example"),
    SECOND_CLIENT_URI.replace("/callback", "/callback%00"),
    SECOND_CLIENT_URI.replace("/callback", "//callback"),
]


class TestRedirectUri:
    @compliance("RFC 9700", "4.1.3", "redirect URIs are compared character by character")
    @pytest.mark.parametrize("uri", NEAR_MISSES)
    def test_a_near_miss_is_a_miss(self, flow: Flow, mia, uri: str) -> None:
        flow.code(mia.email)

        answer = flow.browser.go(flow.url(redirect_uri=uri))

        assert answer.status_code == 400
        assert "Location" not in answer


class TestPublicClient:
    @pytest.fixture
    def native(self, mia, browser) -> Flow:
        """A program on somebody's own machine."""
        uri = "http://127.0.0.1/callback"
        facts = {"client_type": Application.CLIENT_PUBLIC, "kind": Application.Kind.NATIVE, "redirect_uris": uri}
        client, _ = second_client(client_id="native", **facts)
        return Flow(client.client_id, "", "http://127.0.0.1:51004/callback", browser)

    @compliance("RFC 9700", "4.14.2", "the refresh tokens of a public client are rotated, and reuse ends the family")
    def test_has_its_refresh_tokens_rotated(self, native: Flow, mia) -> None:
        first = native.redeem(native.code(mia.email), client_secret=None).json()
        form = {"client_secret": ""}
        second = native.refresh(first["refresh_token"], **form)
        assert second.status_code == 200

        replayed = native.refresh(first["refresh_token"], **form)

        assert replayed.json()["error"] == "invalid_grant"
        assert native.refresh(second.json()["refresh_token"], **form).json()["error"] == "invalid_grant"
        assert userinfo(second.json()["access_token"]).status_code == 401

    @compliance("RFC 6749", "4.4", "a public client gets no token for itself")
    def test_is_no_service(self, native: Flow) -> None:
        answer = Client().post("/oidc/token", {"grant_type": "client_credentials", "client_id": native.client_id})

        assert answer.status_code in (400, 401)


class TestPages:
    @pytest.fixture
    def asked(self, mia) -> Browser:
        """Mia, who is signed in, and two clients that she has to allow."""
        Application.objects.all().delete()
        second_client(client_id="shop", skip_authorization=False)
        facts = {"client_type": Application.CLIENT_PUBLIC, "kind": Application.Kind.NATIVE}
        second_client(client_id="tv", skip_authorization=False, device_grant_allowed=True, **facts)
        browser = Browser()
        browser.enter_password("/auth/login", mia.email)
        return browser

    @compliance("RFC 9700", "4.16", "neither consent, nor a device, nor an error can be clicked in somebody's frame")
    @pytest.mark.parametrize("page", ["consent", "device", "device_confirm", "error", "tenant", "second_step"])
    def test_cannot_be_framed(self, asked: Browser, page: str) -> None:
        flow = Flow("shop", "", SECOND_CLIENT_URI, asked)
        answer = {
            "consent": lambda: asked.go(flow.url()),
            "device": lambda: asked.get("/oidc/device"),
            "device_confirm": lambda: asked.post("/oidc/device", {"user_code": _user_code()}),
            "error": lambda: asked.go(flow.url(redirect_uri="https://evil.example/")),
            "tenant": lambda: asked.get("/sign-in/tenant/"),
            "second_step": lambda: asked.get("/sign-in/enrol/"),
        }[page]()

        assert answer.status_code in (200, 400)
        assert answer["X-Frame-Options"] == "DENY"
        assert "frame-ancestors 'none'" in answer["Content-Security-Policy"]

    @compliance("RFC 9700", "4.2.4", "pages and answers of the provider give no address away to others")
    @pytest.mark.parametrize("path", ["/sign-in/", "/oidc/device", "/oidc/logout"])
    def test_leak_no_address(self, asked: Browser, path: str) -> None:
        answer = asked.get(path)

        assert answer["Referrer-Policy"] in ("same-origin", "no-referrer")
        assert "script-src 'self'" in answer["Content-Security-Policy"]

    @compliance("RFC 9700", "4.7", "consent cannot be given by another site")
    def test_take_no_answer_from_another_site(self, asked: Browser, mia) -> None:
        browser = Browser(enforce_csrf_checks=True)
        browser.enter_password("/auth/login", mia.email)
        flow = Flow("shop", "", SECOND_CLIENT_URI, browser)
        query = dict(parse_qsl(urlsplit(flow.url()).query))

        given = browser.post(flow.url(), {**query, "allow": "on"})

        assert given.status_code == 403

    @compliance("RFC 9700", "4.12", "a form with a password is never sent on with its content (no 307)")
    def test_never_hand_the_password_on(self, flow: Flow, mia) -> None:
        answer = flow.browser.enter_password(flow.url(), mia.email)

        assert answer.status_code in (302, 303)


class TestOpenRedirector:
    @compliance("RFC 9700", "4.11.2", "an error is not sent to an address that is not registered")
    @pytest.mark.parametrize(
        "changes", [{"response_type": "token"}, {"scope": "everything"}, {"prompt": "none"}, {"code_challenge": ""}]
    )
    def test_errors_go_nowhere_else(self, flow: Flow, mia, changes: dict[str, str]) -> None:
        answer = flow.browser.go(flow.url(redirect_uri="https://evil.example/", **changes))

        assert answer.status_code == 400
        assert "Location" not in answer

    @compliance("RFC 9700", "4.11", "neither the gateway's sign-in nor its sign-out leads to another site")
    @pytest.mark.parametrize(
        "target", ["https://evil.example/", "//evil.example/", "/\\evil.example/", "/%09/evil.example"]
    )
    def test_the_gateway_sends_nobody_away(self, mia, target: str) -> None:
        commands.ensure_bff_client()
        browser = Browser()
        begun = browser.get("/auth/login", {"next": target})
        asked = browser.go(begun.url)
        onward = browser.enter_password(dict(parse_qsl(urlsplit(asked.url).query))["next"], mia.email)
        arrived = browser.go(browser.go(onward.url).url)

        assert arrived.status_code == 302
        assert urlsplit(arrived.url).netloc in ("", "testserver")
        assert not arrived.url.startswith(("//", "/\\"))


class TestMixUp:
    @compliance(
        "RFC 9700", "4.4.2", "the gateway redeems no code that came from another provider, or does not say whence"
    )
    @pytest.mark.parametrize("iss", ["https://evil.example", None])
    def test_is_noticed(self, mia, iss: str | None) -> None:
        commands.ensure_bff_client()
        browser = Browser()
        asked = browser.go(browser.get("/auth/login").url)
        onward = browser.enter_password(dict(parse_qsl(urlsplit(asked.url).query))["next"], mia.email)
        answer = dict(parse_qsl(urlsplit(browser.go(onward.url).url).query))
        changed = {name: value for name, value in {**answer, "iss": iss}.items() if value is not None}

        assert browser.get("/auth/callback", changed).status_code == 400
        assert browser.get("/auth/session").json()["signedIn"] is False


class TestTokens:
    @compliance("RFC 9700", "4.5", "a code that is replayed by somebody else ends the tokens that came of it")
    def test_replayed_code_ends_them(self, flow: Flow, mia) -> None:
        code = flow.code(mia.email)
        tokens = flow.redeem(code).json()

        flow.redeem(code, code_verifier="x" * 43)

        assert userinfo(tokens["access_token"]).status_code == 401
        assert flow.refresh(tokens["refresh_token"]).json()["error"] == "invalid_grant"

    @compliance(
        "RFC 9700", "4.14.2", "a confidential client's refresh tokens are rotated too, and reuse ends the family"
    )
    def test_reused_refresh_token_ends_the_family(self, flow: Flow, mia) -> None:
        first = flow.tokens(mia.email)
        second = flow.refresh(first["refresh_token"]).json()

        replayed = flow.refresh(first["refresh_token"])

        assert replayed.json()["error"] == "invalid_grant"
        assert flow.refresh(second["refresh_token"]).json()["error"] == "invalid_grant"
        assert userinfo(second["access_token"]).status_code == 401

    @compliance("RFC 9700", "2.4", "the resource owner's password is no grant")
    def test_none_for_a_password(self, flow: Flow, mia) -> None:
        form = {"grant_type": "password", "username": mia.email, "password": PASSWORD, "scope": "api"}
        client = {"client_id": flow.client_id, "client_secret": flow.client_secret}

        assert Client().post("/oidc/token", {**form, **client}).json()["error"] == "unsupported_grant_type"

    @compliance("RFC 9700", "4.14.2", "refresh tokens end with the password that they were given for")
    def test_end_with_the_password(self, flow: Flow, mia) -> None:
        tokens = flow.tokens(mia.email)
        people.set_password(user_id=mia.id, password="another horse battery staple")

        assert flow.refresh(tokens["refresh_token"]).json()["error"] == "invalid_grant"


def _user_code() -> str:
    form = "client_id=tv&scope=openid"
    answer = Client().post("/oidc/device_authorization", form, content_type="application/x-www-form-urlencoded")
    return str(answer.json()["user_code"])
