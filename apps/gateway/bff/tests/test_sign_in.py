"""Signing in and out through the gateway, as a browser sees it."""

from __future__ import annotations

import json
import re
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest
from django.conf import settings
from django.core.cache import caches
from django.test import Client

from apps.gateway.bff import attempts, vault
from apps.gateway.bff.tests import once
from apps.gateway.bff.tests.conftest import identity, sign_in, to_callback

pytestmark = [pytest.mark.django_db, pytest.mark.urls("apps.gateway.bff.tests.probe")]
acme, mia, sign_in_of_mia, signed_in = once.acme, once.mia, once.sign_in_of_mia, once.signed_in
BFF = settings.BFF_COOKIE_NAME


def query_of(url: str) -> dict[str, str]:
    return dict(parse_qsl(urlsplit(url).query))


def the_tokens() -> vault.Tokens:
    """The tokens of the only session there is."""
    [key] = caches["sessions"].keys("bff.tokens.*")
    found = vault.read(key.removeprefix("bff.tokens."))
    assert found is not None
    return found


class TestSigningIn:
    def test_ends_on_the_page_that_was_wanted(self, mia: Any, browser: Any) -> None:
        anonymous = browser.get("/probe/page?tab=2")

        response = sign_in(browser, mia.email, next_path=query_of(anonymous.url)["next"])

        assert urlsplit(anonymous.url).path == "/auth/login"
        assert response.url == "/probe/page?tab=2"
        assert browser.go(response.url).content == b"hello"

    def test_asks_with_pkce_s256_state_and_nonce_every_time_anew(self, db: None, browser: Any) -> None:
        first, second = (query_of(browser.get("/auth/login").url) for _ in range(2))

        assert first["code_challenge_method"] == "S256"
        assert first["response_type"] == "code"
        for secret in ("state", "nonce", "code_challenge"):
            assert len(first[secret]) == 43
            assert first[secret] != second[secret]

    def test_gives_the_services_a_principal_through_the_cookie(self, mia: Any, signed_in: Any) -> None:
        seen = signed_in.get("/probe/whoami").json()

        assert (seen["subject"], seen["tenant"], seen["via_cookie"]) == (str(mia.id), "acme", True)

    def test_cookie_is_a_session_id_that_scripts_cannot_read(self, mia: Any, signed_in: Any) -> None:
        cookie = signed_in.cookies[BFF]

        assert cookie["httponly"]
        assert cookie["samesite"] == "Lax"
        assert cookie["path"] == "/"
        assert 0 < int(cookie["max-age"]) <= settings.SESSION_COOKIE_AGE

    def test_session_id_is_new_however_it_began(self, mia: Any, browser: Any) -> None:
        browser.cookies[BFF] = "planted0planted0planted0planted0"

        sign_in(browser, mia.email)
        first = browser.cookies[BFF].value
        sign_in(browser, mia.email)

        assert first != "planted0planted0planted0planted0"
        assert browser.cookies[BFF].value != first
        stale = identity.Browser()
        stale.cookies[BFF] = first
        assert stale.get("/probe/whoami").status_code == 401

    def test_signing_in_anew_revokes_what_the_browser_had(self, mia: Any, signed_in: Any) -> None:
        before = the_tokens()

        sign_in(signed_in, mia.email)

        assert the_tokens().access_token != before.access_token
        assert identity.userinfo(before.access_token).status_code == 401

    def test_no_token_reaches_the_browser(self, mia: Any, browser: Any) -> None:
        seen: list[str] = []
        original = browser.request

        def watched(**request: Any) -> Any:
            response = original(**request)
            seen.append(json.dumps([dict(response.items()), response.cookies.output(), response.content.decode()]))
            return response

        browser.request = watched
        sign_in(browser, mia.email, next_path="/probe/page")
        browser.get("/probe/page")
        csrf = browser.get("/auth/session").json()["csrfToken"]
        tokens = the_tokens()
        logout = browser.post("/auth/logout", headers={"X-CSRFToken": csrf})
        browser.go(logout.url)

        everything = " ".join(seen)
        for secret in (tokens.access_token, tokens.refresh_token, tokens.id_token):
            assert secret not in everything
        assert not re.search(r"eyJ[\w-]{8,}\.", everything)  # three letters alone turn up in sealed cookies by chance

    def test_tokens_and_session_ids_in_redis_are_of_no_use_to_a_reader(self, mia: Any, signed_in: Any) -> None:
        tokens, client = the_tokens(), caches["sessions"].client.get_client()

        def content(key: bytes) -> bytes:
            read = {b"set": client.smembers, b"zset": lambda name: client.zrange(name, 0, -1)}.get(client.type(key))
            return b" ".join(read(key)) if read else client.get(key) or b""

        everything = b" ".join(key + b" " + content(key) for key in client.keys("session:*bff.*"))

        assert tokens.access_token.encode() not in everything
        assert tokens.refresh_token.encode() not in everything
        assert signed_in.cookies[BFF].value.encode() not in everything

    def test_begins_again_on_the_registered_host(self, db: None) -> None:
        response = Client(headers={"Host": "localhost"}).get("/auth/login", {"next": "/orders/"})

        assert response.url == f"{settings.OIDC_RP_BASE_URL}/auth/login?next=%2Forders%2F"

    def test_session_ends_after_its_absolute_lifetime_however_busy(self, mia: Any, browser: Any, settings: Any) -> None:
        settings.SESSION_COOKIE_AGE = 900
        sign_in(browser, mia.email)

        browser.get("/probe/flash")

        assert 0 < int(browser.cookies[BFF]["max-age"]) <= 900
        assert all(0 < caches["sessions"].ttl(key) <= 900 for key in caches["sessions"].keys("bff.[st]*"))


class TestParallelTabs:
    def test_all_finish_in_any_order(self, mia: Any, browser: Any) -> None:
        callbacks = [to_callback(browser, mia.email, next_path=f"/probe/page?tab={tab}") for tab in (1, 2, 3)]

        answers = [browser.go(callback).url for callback in reversed(callbacks)]

        assert answers == ["/probe/page?tab=3", "/probe/page?tab=2", "/probe/page?tab=1"]
        assert browser.get("/probe/whoami").status_code == 200

    def test_a_browser_keeps_a_bounded_number(self, db: None, browser: Any) -> None:
        for _ in range(settings.BFF_PENDING_SIGN_INS + 4):
            last = query_of(browser.get("/auth/login").url)["state"]

        pending = [name for name in browser.cookies if name.startswith("bff_signin_")]
        assert len(pending) == settings.BFF_PENDING_SIGN_INS
        assert attempts._cookie_name(last) in pending

    def test_an_anonymous_visitor_has_no_session(self, db: None, browser: Any) -> None:
        browser.get("/probe/page")
        browser.get("/auth/login")
        browser.get("/auth/session")

        assert BFF not in browser.cookies
        assert not caches["sessions"].keys("bff.session.*")


class TestCallback:
    def test_loaded_twice_does_no_harm(self, mia: Any, browser: Any) -> None:
        callback = to_callback(browser, mia.email)
        attempt = attempts._cookie_name(query_of(callback)["state"])
        kept = browser.cookies[attempt].value
        browser.go(callback)

        browser.cookies[attempt] = kept
        again = browser.go(callback)

        assert again.url == "/"
        assert browser.get("/probe/whoami").status_code == 200

    def test_is_of_no_use_in_another_browser(self, mia: Any, browser: Any) -> None:
        callback = to_callback(browser, mia.email)
        victim = identity.Browser()
        victim.get("/auth/login")

        response = victim.go(callback)

        assert response.status_code == 400
        assert response.context["code"] == "sign_in_unknown"
        assert BFF not in victim.cookies

    @pytest.mark.parametrize(
        "changes",
        [
            {"state": "made-up"},
            {"state": ""},
            {"iss": "https://evil.example"},
            {"iss": None},
            {"code": "made-up"},
            {"code": None},
            {"code": None, "error": "access_denied"},
            {"error": "<script>alert(1)</script>", "code": None},
        ],
    )
    def test_that_was_tampered_with_signs_nobody_in(
        self, mia: Any, browser: Any, changes: dict[str, str | None]
    ) -> None:
        url = to_callback(browser, mia.email)
        parameters = {**query_of(url), **changes}

        response = browser.get("/auth/callback", {name: value for name, value in parameters.items() if value})

        assert response.status_code == 400
        assert b"<script>alert" not in response.content
        assert browser.get("/auth/session").json()["signedIn"] is False

    def test_of_an_attempt_that_took_too_long_is_refused(self, mia: Any, browser: Any, settings: Any) -> None:
        callback = to_callback(browser, mia.email)
        settings.BFF_SIGN_IN_TIMEOUT_S = -1

        assert browser.go(callback).context["code"] == "sign_in_unknown"

    def test_attempt_cookie_cannot_be_changed_or_moved(self, mia: Any, browser: Any) -> None:
        callback = to_callback(browser, mia.email)
        name = attempts._cookie_name(query_of(callback)["state"])
        other = to_callback(browser, mia.email)
        browser.cookies[name] = browser.cookies[attempts._cookie_name(query_of(other)["state"])].value

        assert browser.go(callback).status_code == 400

    @pytest.mark.parametrize(
        "wanted",
        [
            "https://evil.example/",
            "//evil.example",
            "/\\evil.example",
            "\\\\evil.example",
            "/\t/evil.example",
            "javascript:alert(1)",
            "evil.example",
            "http:evil.example",
            "/auth/logout",
            "/oidc/logout",
            "/" + "x" * 2000,
            "",
        ],
    )
    def test_sends_nobody_away(self, mia: Any, browser: Any, wanted: str) -> None:
        assert sign_in(browser, mia.email, next_path=wanted).url == "/"


class TestSession:
    def test_tells_who_is_signed_in_and_no_more(self, mia: Any, signed_in: Any) -> None:
        response = signed_in.get("/auth/session")

        assert "no-store" in response["Cache-Control"]
        facts = response.json()
        told = {"signedIn", "subject", "name", "email", "tenant", "expiresAt", "idleEndsAt", "csrfToken"}
        assert set(facts) == told
        assert (facts["signedIn"], facts["subject"], facts["tenant"]) == (True, str(mia.id), str(mia.tenant_id))

    def test_tells_an_anonymous_visitor_nothing(self, db: None, browser: Any) -> None:
        assert set(browser.get("/auth/session").json()) == {"signedIn", "csrfToken"}


class TestSigningOut:
    def sign_out(self, browser: Any) -> Any:
        csrf = browser.get("/auth/session").json()["csrfToken"]
        return browser.post("/auth/logout", headers={"X-CSRFToken": csrf})

    def test_ends_it_on_both_sides(self, mia: Any, signed_in: Any) -> None:
        tokens = the_tokens()

        response = self.sign_out(signed_in)
        at_provider = signed_in.go(response.url)
        page = signed_in.go(at_provider.url)

        assert response.status_code == 303
        assert at_provider.url == f"{settings.OIDC_RP_BASE_URL}/auth/signed-out"
        assert b"You are signed out" in page.content
        assert BFF not in signed_in.cookies
        assert not caches["sessions"].keys("bff.tokens.*")
        assert identity.userinfo(tokens.access_token).status_code == 401
        assert signed_in.go(signed_in.get("/auth/login").url).url.startswith("/sign-in/")

    def test_needs_the_csrf_token_and_a_post(self, mia: Any, signed_in: Any) -> None:
        assert signed_in.post("/auth/logout").status_code == 403
        assert signed_in.get("/auth/logout").status_code == 405
        assert signed_in.get("/probe/whoami").status_code == 200

    def test_cookie_kept_aside_is_of_no_use_afterwards(self, mia: Any, signed_in: Any) -> None:
        kept = {name: morsel.value for name, morsel in signed_in.cookies.items()}
        self.sign_out(signed_in)
        thief = identity.Browser()
        thief.cookies.load(kept)

        assert thief.get("/probe/whoami").status_code == 401
        assert thief.go(thief.get("/auth/login").url).url.startswith("/sign-in/")

    def test_does_no_harm_to_who_is_not_signed_in(self, db: None, browser: Any) -> None:
        response = self.sign_out(browser)

        assert response.status_code == 303
        assert urlencode({"client_id": "bff"}) in response.url


class TestAnotherAccount:
    def test_in_the_same_browser_does_nothing_that_a_page_of_the_first_still_asks_for(
        self, mia: Any, signed_in: Any
    ) -> None:
        noah = identity.member_of(identity.company("globex"), "noah@globex.example")
        hers = signed_in.get("/auth/session").json()["csrfToken"]
        out = signed_in.post("/auth/logout", headers={"X-CSRFToken": hers})
        signed_in.go(out.url)
        sign_in(signed_in, noah.email)

        assert signed_in.get("/auth/session").json()["email"] == noah.email
        assert signed_in.post("/auth/logout", headers={"X-CSRFToken": hers}).status_code == 403
        assert signed_in.get("/probe/whoami").json()["tenant"] == "globex"


class TestAuthorizationHeader:
    def test_makes_the_cookie_not_count(self, mia: Any, signed_in: Any) -> None:
        noah = identity.member_of(identity.company("globex"), "noah@globex.example")
        other = identity.Browser()
        sign_in(other, noah.email)
        [theirs] = [
            tokens.access_token
            for key in caches["sessions"].keys("bff.tokens.*")
            if (tokens := vault.read(key.removeprefix("bff.tokens."))) and tokens.subject == str(noah.id)
        ]

        seen = signed_in.get("/probe/whoami", headers={"Authorization": f"Bearer {theirs}"})
        refused = signed_in.get("/probe/whoami", headers={"Authorization": "Bearer made-up"})

        assert (seen.json()["subject"], seen.json()["via_cookie"]) == (str(noah.id), False)
        assert refused.status_code == 401
        assert BFF in signed_in.cookies

    def test_never_makes_a_session(self, mia: Any, signed_in: Any) -> None:
        token = the_tokens().access_token
        before = set(caches["sessions"].keys("*"))
        caller = identity.Browser()

        response = caller.get("/probe/flash", headers={"Authorization": f"Bearer {token}"})

        assert not response.cookies
        assert set(caches["sessions"].keys("*")) == before
