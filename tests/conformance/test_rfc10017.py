"""RFC 10017, OAuth 2.0 for Browser-Based Applications, §6.1: the backend for a frontend.

The gateway differs from one SHOULD of §6.1.3.2, on purpose: its cookie is SameSite=Lax, not Strict, so that a link in a
message opens the page it names; what writes asks for a token, the Origin and Fetch Metadata besides (§6.1.3.3).
"""

from __future__ import annotations

import json
import re
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from django.conf import settings
from django.core.cache import caches
from django.test import Client

from apps.gateway.bff import vault
from apps.gateway.bff.tests.conftest import sign_in, to_callback
from apps.iam.oidc import commands
from apps.iam.oidc.models import Application
from apps.iam.oidc.tests.identity import Browser, company, member_of
from tests.conformance.https import HttpsBrowser, https

__all__ = ["https"]
compliance = pytest.mark.compliance
ME = "/api/v1/me"
WRITES = ("/auth/logout", "/auth/tenant", "/auth/impersonation/start", "/auth/impersonation/stop")


@pytest.fixture
def gateway(mia: Any) -> Browser:
    """A browser in which Mia is signed in, and whose requests are looked at as a browser's are."""
    commands.ensure_bff_client()
    browser = Browser(enforce_csrf_checks=True)
    sign_in(browser, mia.email)
    return browser


def the_tokens() -> vault.Tokens:
    [key] = caches["sessions"].keys("bff.tokens.*")
    tokens = vault.read(str(key).removeprefix("bff.tokens."))
    assert tokens
    return tokens


def query_of(url: str) -> dict[str, str]:
    return dict(parse_qsl(urlsplit(url).query))


def csrf(browser: Browser) -> dict[str, str]:
    return {"X-CSRFToken": browser.get("/auth/session").json()["csrfToken"]}


class TestEndpoints:
    @compliance(
        "RFC 10017", "6.1.2.1", "the session can be asked for: whether there is one, whose, until when; never a token"
    )
    def test_check_session(self, gateway: Browser, mia: Any) -> None:
        assert Client().get("/auth/session").json()["signedIn"] is False

        answer = gateway.get("/auth/session")

        facts = answer.json()
        assert (facts["signedIn"], facts["email"]) == (True, mia.email)
        assert facts["idleEndsAt"] < facts["expiresAt"]
        assert "no-store" in answer["Cache-Control"]

    @compliance("RFC 10017", "6.1.2.1", "signing in and out are navigations that end on pages of the application")
    def test_navigations(self, gateway: Browser) -> None:
        begun = gateway.get("/auth/login", {"next": "/orders/?page=2"})
        back = gateway.go(gateway.go(begun.url).url)
        out = gateway.post("/auth/logout", headers=csrf(gateway))
        arrived = gateway.go(gateway.go(out.url).url)

        assert back.url == "/orders/?page=2"
        assert b"You are signed out" in arrived.content

    @compliance("RFC 10017", "6.1.2.2", "an access token that has ended is refreshed while the request waits")
    @compliance("RFC 10017", "6.1.2.2", "the session lasts no longer than its refresh token, and ends with it")
    def test_refresh_tokens(self, gateway: Browser) -> None:
        from apps.gateway.bff.tests.test_refreshing import age, vault_id

        before = age(vault_id())
        assert gateway.get(ME).status_code == 200
        assert the_tokens().access_token != before.access_token
        assert int(gateway.cookies[settings.BFF_COOKIE_NAME]["max-age"]) <= settings.SESSION_COOKIE_AGE

        age(vault_id(), refresh_token="no longer good")
        assert gateway.get(ME).status_code == 401
        assert settings.BFF_COOKIE_NAME not in gateway.cookies

    @compliance(
        "RFC 10017", "6.1.2.3", "the cookie names a session on the server, and is nothing by itself once that is over"
    )
    def test_session_state(self, gateway: Browser) -> None:
        thief = Browser()
        thief.cookies[settings.BFF_COOKIE_NAME] = gateway.cookies[settings.BFF_COOKIE_NAME].value
        gateway.post("/auth/logout", headers=csrf(gateway))

        assert thief.get(ME).status_code == 401


class TestCodeGrant:
    @compliance(
        "RFC 10017", "6.1.3.1", "the gateway is a confidential client: a code without its secret brings nothing"
    )
    def test_confidential(self, mia: Any) -> None:
        client = commands.ensure_bff_client()
        browser = Browser()
        code = query_of(to_callback(browser, mia.email))["code"]
        form = {"grant_type": "authorization_code", "code": code, "client_id": settings.OIDC_RP_CLIENT_ID}

        answer = Client().post("/oidc/token", {**form, "redirect_uri": f"{settings.OIDC_RP_BASE_URL}/auth/callback"})

        assert client is None or client.client_type == Application.CLIENT_CONFIDENTIAL
        assert answer.json()["error"] == "invalid_client"

    @compliance(
        "RFC 10017", "6.1.3.1", "it uses the authorization code grant, with PKCE, state and nonce of each attempt"
    )
    def test_code_with_pkce(self) -> None:
        first, second = (query_of(Client().get("/auth/login").url) for _ in range(2))

        assert (first["response_type"], first["code_challenge_method"]) == ("code", "S256")
        assert all(first[name] != second[name] for name in ("code_challenge", "state", "nonce"))


class TestCookies:
    @compliance(
        "RFC 10017", "6.1.3.2", "cookies are Secure, HttpOnly, of this host alone, and named as only HTTP can set them"
    )
    def test_are_as_narrow_as_can_be(self, https: HttpsBrowser, mia: Any) -> None:
        commands.ensure_bff_client()
        seen: dict[str, Any] = {}
        original = https.request

        def watched(**request: Any) -> Any:
            response = original(**request)
            seen.update(response.cookies)
            return response

        https.request = watched  # type: ignore[method-assign]
        sign_in(https, mia.email)
        session = dict(seen)
        https.post("/auth/logout")

        assert {"__Host-Http-bff_session", "__Host-Http-op_session"} <= set(session)
        for when in (session, seen):
            # The token of the double submit is the one that a page's script may read.
            loose = [name for name in when if not name.startswith(("__Host-Http-", settings.CSRF_COOKIE_NAME))]
            open_ = [
                name
                for name, morsel in when.items()
                if not (morsel["secure"] and morsel["samesite"] and morsel["path"] == "/" and not morsel["domain"])
                or (name.startswith("__Host-Http-") and not morsel["httponly"])
            ]
            assert (loose, open_) == ([], [])
        assert settings.CSRF_COOKIE_NAME.startswith("__Host-")

    @compliance("RFC 10017", "6.1.3.2", "the name of the session changes whenever more or less may be done in it")
    def test_change_with_what_may_be_done(self, gateway: Browser, mia: Any) -> None:
        globex = company("globex")
        member_of(globex, mia.email, "owner")
        ben = member_of(globex, "ben@globex.example", "clerk")
        names = [gateway.cookies[settings.BFF_COOKIE_NAME].value]

        def changed(by: str) -> str:
            names.append(gateway.cookies[settings.BFF_COOKIE_NAME].value)
            return by if names[-1] == names[-2] else ""

        def through(answer: Any) -> None:
            gateway.go(gateway.go(answer.url).url)

        through(gateway.get("/auth/login", {"max_age": "300"}))
        stale = [changed("stepping up")]
        through(gateway.post("/auth/tenant", {"tenant": "globex"}, headers=csrf(gateway)))
        stale.append(changed("another company"))
        form = {"user_id": str(ben.id), "reason": "Ticket 4711"}
        gateway.post("/auth/impersonation/start", form, headers=csrf(gateway))
        stale.append(changed("acting as somebody"))
        gateway.post("/auth/impersonation/stop", headers=csrf(gateway))
        stale.append(changed("being oneself again"))

        assert [by for by in stale if by] == []
        earlier = Browser()
        for name in names[:-1]:
            earlier.cookies[settings.BFF_COOKIE_NAME] = name
            assert earlier.get(ME).status_code == 401


class TestCrossSite:
    @compliance("RFC 10017", "6.1.3.3", "what writes needs the token of this browser, in a header or a form")
    @compliance("RFC 10017", "6.1.3.3.1", "the session's cookie is not sent with what another site posts")
    def test_forged_requests_do_nothing(self, gateway: Browser) -> None:
        assert gateway.cookies[settings.BFF_COOKIE_NAME]["samesite"] == "Lax"
        assert {path: gateway.post(path).status_code for path in WRITES} == dict.fromkeys(WRITES, 403)
        assert gateway.patch(ME, {}, "application/json").status_code == 403
        assert gateway.get(ME).status_code == 200

    @compliance("RFC 10017", "6.1.3.3.2", "a neighbour's page writes nothing, even if it has got hold of the token")
    def test_same_site_is_not_same_origin(self, gateway: Browser) -> None:
        for headers in ({"Origin": "https://other.testserver"}, {"Sec-Fetch-Site": "same-site"}):
            sent = {**csrf(gateway), **headers}
            assert {path: gateway.post(path, headers=sent).status_code for path in WRITES} == dict.fromkeys(WRITES, 403)

    @compliance("RFC 10017", "6.1.3.3.2", "CORS is closed: no origin is told that it may, neither before nor after")
    def test_preflights_are_not_answered_with_leave(self, gateway: Browser) -> None:
        foreign = {"Origin": "https://evil.example", "Access-Control-Request-Method": "POST"}
        asked = {**foreign, "Access-Control-Request-Headers": "x-csrftoken"}

        for path in (ME, "/api/v1/orders", "/auth/session", "/", "/static/console/js/session.js", *WRITES):
            for answer in (gateway.options(path, headers=asked), gateway.get(path, headers=foreign)):
                assert [name for name, _ in answer.items() if name.startswith("Access-Control-")] == [], path


class TestProxy:
    @compliance("RFC 10017", "6.1.3.6", "no request names the host that its token goes to")
    def test_has_no_destination_to_choose(self, gateway: Browser) -> None:
        for headers in ({"X-Forwarded-Host": "evil.example"}, {"Forwarded": "host=evil.example"}):
            answer = gateway.get("/auth/login", headers=headers)
            assert urlsplit(answer.url).netloc == urlsplit(settings.OIDC_OP_AUTHORIZATION_ENDPOINT).netloc
        assert gateway.get("/", headers={"Host": "evil.example"}).status_code == 400


class TestThreats:
    @compliance("RFC 10017", "6.1.4.2", "no token is in any body, header, cookie or address that a browser sees")
    def test_there_is_no_token_to_steal(self, mia: Any) -> None:
        commands.ensure_bff_client()
        browser, seen = Browser(), []
        original = browser.request

        def watched(**request: Any) -> Any:
            response = original(**request)
            seen.append(json.dumps([dict(response.items()), response.cookies.output(), response.content.decode()]))
            return response

        browser.request = watched  # type: ignore[method-assign]
        sign_in(browser, mia.email)
        tokens = the_tokens()
        for path in ("/auth/session", ME, "/account/sessions/", "/api/v1/me/sessions"):
            browser.get(path)
        browser.go(browser.post("/auth/logout").url)

        everything = " ".join(seen)
        assert not any(secret in everything for secret in (tokens.access_token, tokens.refresh_token, tokens.id_token))
        assert not re.search(r"eyJ[\w-]{8,}\.", everything)

    @compliance("RFC 10017", "6.1.4.2", "a code that somebody obtains in the browser is of no use in another one")
    def test_a_new_flow_brings_nothing(self, mia: Any) -> None:
        commands.ensure_bff_client()
        callback, thief = to_callback(Browser(), mia.email), Browser()
        thief.get("/auth/login")

        assert thief.go(callback).status_code == 400
        assert thief.get("/auth/session").json()["signedIn"] is False
