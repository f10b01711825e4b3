"""The provider's pages: sign-in, the choice of a tenant, staff, and the end of a session."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import pytest
from django.conf import settings
from django.core.cache import caches
from django.test import Client

from apps.core.auth.tokens import verified_claims
from apps.core.history import SYSTEM
from apps.core.tenancy import PLATFORM
from apps.core.tenancy import tenant as entered
from apps.iam.oidc.models import AccessToken, RefreshToken
from apps.iam.oidc.tests import identity
from apps.iam.oidc.tests.identity import Browser, Flow, userinfo
from apps.iam.tenants import commands as tenants
from apps.iam.users import commands as users

pytestmark = pytest.mark.django_db
START = "/auth/login"


def api(token: str, path: str) -> Any:
    """GET with an access token."""
    return Client().get(path, headers={"Authorization": f"Bearer {token}"})


class TestSignInPage:
    def test_says_nothing_of_which_half_was_wrong(self, mia: Any, browser: Browser) -> None:
        unknown = browser.enter_password(START, "nobody@acme.example")
        wrong = browser.enter_password(START, mia.email, "not the password")

        errors = [response.context["form"].non_field_errors() for response in (unknown, wrong)]
        assert unknown.status_code == wrong.status_code == 422
        assert errors[0] == errors[1]
        assert settings.SESSION_COOKIE_NAME not in browser.cookies

    def test_gives_a_new_session_id_so_that_nobody_can_plant_one(self, mia: Any, browser: Browser) -> None:
        browser.enter_password(START, mia.email)
        before = browser.cookies[settings.SESSION_COOKIE_NAME].value

        browser.enter_password(START, mia.email)

        cookie = browser.cookies[settings.SESSION_COOKIE_NAME]
        assert cookie.value != before
        assert cookie["httponly"]
        assert cookie["samesite"] == "Lax"

    def test_keeps_no_usable_session_id_in_redis(self, mia: Any, browser: Browser) -> None:
        browser.enter_password(START, mia.email)

        keys = " ".join(caches["sessions"].keys("*"))

        assert "provider." in keys
        assert browser.cookies[settings.SESSION_COOKIE_NAME].value not in keys

    @pytest.mark.parametrize(
        "target",
        [
            "https://evil.example/",
            "//evil.example/",
            "/\\evil.example",
            "/\t/evil.example",
            "javascript:alert(1)",
            "/orders/",
            "/oidc/authorize.evil",
            "/administrator",
            "http:/oidc/authorize",
            "https://evil.example/oidc/authorize",
            "",
        ],
    )
    def test_goes_on_only_to_an_authorization_or_the_admin(self, mia: Any, browser: Browser, target: str) -> None:
        page = browser.get("/sign-in/", {"next": target})

        response = browser.post("/sign-in/", {"email": mia.email, "password": identity.PASSWORD, "next": target})

        assert page.context["next"] == START
        assert response.url == START

    def test_names_another_application_but_not_our_own(self, flow: Flow, browser: Browser) -> None:
        identity.second_client(client_id="stranger", name="Stranger", skip_authorization=False)

        own = browser.get("/sign-in/", {"next": flow.url()})
        other = browser.get("/sign-in/", {"next": flow.url(client_id="stranger")})

        assert own.context["client_name"] == ""
        assert other.context["client_name"] == "Stranger"

    def test_is_not_kept_by_any_cache(self, browser: Browser) -> None:
        assert "no-store" in browser.get("/sign-in/")["Cache-Control"]


class TestThrottle:
    def fail(self, browser: Browser, email: str, **extra: str) -> Any:
        return browser.post("/sign-in/", {"email": email, "password": "wrong", "next": START}, **extra)

    def test_stops_guessing_one_account_from_one_address(self, mia: Any, browser: Browser, settings: Any) -> None:
        settings.SIGN_IN_FAILURES = 3

        answers = [self.fail(browser, email).status_code for email in [mia.email, mia.email.upper(), mia.email]]
        locked = browser.enter_password(START, mia.email)

        assert answers == [422, 422, 422]
        assert locked.status_code == 429
        assert int(locked["Retry-After"]) > 0

    def test_lets_others_and_other_addresses_in(self, mia: Any, acme: Any, browser: Browser, settings: Any) -> None:
        settings.SIGN_IN_FAILURES = 1
        noah = identity.member_of(acme, "noah@acme.example")
        self.fail(browser, mia.email)

        here = browser.enter_password(START, noah.email)
        elsewhere = Browser(REMOTE_ADDR="192.0.2.7").enter_password(START, mia.email)

        assert here.status_code == elsewhere.status_code == 302

    def test_stops_many_accounts_from_one_address(self, mia: Any, browser: Browser, settings: Any) -> None:
        settings.SIGN_IN_FAILURES_PER_ADDRESS = "2/1h"
        for number in range(2):
            self.fail(browser, f"guess{number}@acme.example")

        assert browser.enter_password(START, mia.email).status_code == 429

    def test_does_not_count_success(self, mia: Any, browser: Browser, settings: Any) -> None:
        settings.SIGN_IN_FAILURES = 1

        assert {browser.enter_password(START, mia.email).status_code for _ in range(3)} == {302}


class TestTenant:
    def test_is_asked_for_when_there_are_several_and_remembered(self, mia: Any, flow: Flow) -> None:
        globex = identity.company("globex")
        identity.member_of(globex, mia.email, role="viewer")
        browser = flow.browser

        asked = browser.go(browser.enter_password(flow.url(), mia.email).url)
        page = browser.go(asked.url)
        chosen = browser.post(asked.url, {"tenant": str(globex.id), "next": page.context["next"]})
        answer = flow.answer(mia.email)

        assert asked.url == f"/sign-in/tenant/?next={quote(flow.url(), safe='')}"
        assert [choice.name for choice in page.context["tenants"]] == ["Acme", "Globex"]
        assert chosen.url == flow.url()
        assert verified_claims(flow.redeem(answer["code"]).json()["access_token"])["tenant"] == str(globex.id)

    def test_must_be_one_of_the_persons_own(self, mia: Any, flow: Flow) -> None:
        identity.member_of(identity.company("globex"), mia.email)
        foreign = identity.company("initech")
        browser = flow.browser
        browser.enter_password(flow.url(), mia.email)

        for wanted in (str(foreign.id), "nonsense", ""):
            response = browser.post("/sign-in/tenant/", {"tenant": wanted, "next": flow.url()})
            assert response.status_code == 200

        assert browser.go(flow.url()).url.startswith("/sign-in/tenant/")

    def test_is_asked_for_again_when_it_is_no_longer_ones_own(self, mia: Any, flow: Flow) -> None:
        flow.answer(mia.email)
        globex, initech = identity.company("globex"), identity.company("initech")
        for other in (globex, initech):
            identity.member_of(other, mia.email)
        tenants.suspend_tenant(tenant_id=mia.tenant_id)

        assert flow.browser.go(flow.url()).url.startswith("/sign-in/tenant/")

    def test_without_any_the_page_says_so_and_offers_another_account(self, mia: Any, flow: Flow) -> None:
        with entered(mia.tenant_id):
            users.update_member(user_id=mia.id, actor=SYSTEM, suspended=True)
        browser = flow.browser

        response = browser.go(browser.enter_password(flow.url(), mia.email).url)

        assert response.status_code == 403
        assert b"no_membership" in response.content
        assert response.context["retry_url"].startswith("/sign-in/?next=")

    def test_of_a_suspended_company_the_page_names_it(self, mia: Any, flow: Flow) -> None:
        tenants.suspend_tenant(tenant_id=mia.tenant_id)
        browser = flow.browser

        response = browser.go(browser.enter_password(flow.url(), mia.email).url)

        assert response.status_code == 403
        assert b"company_suspended" in response.content
        assert b"Acme is suspended" in response.content

    def test_choice_needs_a_signed_in_person(self, browser: Browser) -> None:
        assert browser.get("/sign-in/tenant/").url.startswith("/sign-in/?next=")
        assert browser.post("/sign-in/tenant/", {"tenant": "x"}).url.startswith("/sign-in/?next=")


class TestStaff:
    def test_reach_the_admin_through_the_same_page(self, db: None, browser: Browser) -> None:
        users.create_platform_staff(email="root@platform.example", name="Root", password=identity.PASSWORD)

        first = browser.get("/admin/login/", {"next": "/admin/oidc/"})
        response = browser.enter_password("/admin/oidc/", "root@platform.example")

        assert first.url == f"/sign-in/?next={quote('/admin/oidc/', safe='')}"
        assert response.url == "/admin/oidc/"
        for page in ("/admin/oidc/", "/admin/oidc/application/", "/admin/oidc/refreshtoken/"):
            assert browser.go(page).status_code == 200

    def test_sign_in_for_the_platform_itself(self, flow: Flow) -> None:
        sam, _ = users.create_platform_staff(email="sam@platform.example", name="Sam", password=identity.PASSWORD)

        token = flow.tokens(sam.email)["access_token"]

        assert verified_claims(token)["tenant"] == str(PLATFORM)
        assert api(token, "/api/v1/tenants").status_code == 200

    def test_choose_between_it_and_their_companies(self, mia: Any, flow: Flow) -> None:
        users.create_platform_staff(email=mia.email, name="Mia", password=identity.PASSWORD)
        browser = flow.browser

        choice = browser.go(browser.enter_password(flow.url(), mia.email).url)
        page = browser.go(choice.url)

        assert [choice.id for choice in page.context["tenants"]] == [mia.tenant_id, PLATFORM]

    def test_cannot_be_staff_any_more_with_an_old_refresh_token(self, flow: Flow) -> None:
        sam, _ = users.create_platform_staff(email="sam@platform.example", name="Sam", password=identity.PASSWORD)
        tokens = flow.tokens(sam.email)
        type(sam).objects.filter(id=sam.id).update(is_platform_staff=False)

        assert flow.refresh(tokens["refresh_token"]).status_code == 400

    def test_lend_no_companys_application_what_they_may_do(self, mia: Any, browser: Browser) -> None:
        """It could do everything to every company with it."""
        sam, _ = users.create_platform_staff(email="sam@platform.example", name="Sam", password=identity.PASSWORD)
        client, secret = identity.second_client(tenant_id=mia.tenant_id)
        flow = Flow(client.client_id, secret, identity.SECOND_CLIENT_URI, browser)

        refused = browser.go(browser.enter_password(flow.url(), sam.email).url)

        assert (refused.status_code, b"not_a_member" in refused.content) == (403, True)

    def test_nor_by_a_code_that_was_made_all_the_same(self, mia: Any, browser: Browser, monkeypatch: Any) -> None:
        sam, _ = users.create_platform_staff(email="sam@platform.example", name="Sam", password=identity.PASSWORD)
        client, secret = identity.second_client(tenant_id=mia.tenant_id)
        flow = Flow(client.client_id, secret, identity.SECOND_CLIENT_URI, browser)
        monkeypatch.setattr("apps.iam.oidc.authorization.Authorization._owner", lambda self: None)

        response = flow.redeem(flow.code(sam.email))

        assert (response.status_code, response.json()["error"]) == (400, "access_denied")

    def test_nobody_else_does(self, mia: Any, browser: Browser) -> None:
        response = browser.enter_password("/admin/", mia.email)

        assert response.status_code == 403
        assert settings.SESSION_COOKIE_NAME not in browser.cookies

    def test_admin_sign_in_returns_to_the_admin_only(self, browser: Browser) -> None:
        assert browser.get("/admin/login/", {"next": "https://evil.example"}).url == "/sign-in/?next=%2Fadmin%2F"


class TestEndOfSession:
    def test_ends_this_session_and_its_tokens_only(self, mia: Any, flow: Flow) -> None:
        here = flow.tokens(mia.email)
        elsewhere = Flow(flow.client_id, flow.client_secret, flow.redirect_uri, Browser()).tokens(mia.email)

        page = flow.browser.go(f"/oidc/logout?id_token_hint={here['id_token']}")

        assert b"You are signed out" in page.content
        assert userinfo(here["access_token"]).status_code == 401
        assert flow.refresh(here["refresh_token"]).status_code == 400
        assert userinfo(elsewhere["access_token"]).status_code == 200
        assert flow.browser.go(flow.url()).url.startswith("/sign-in/")

    def test_is_asked_for_when_no_hint_proves_who_wants_it(self, mia: Any, flow: Flow) -> None:
        tokens = flow.tokens(mia.email)

        asked = flow.browser.go("/oidc/logout")
        still = userinfo(tokens["access_token"]).status_code
        done = flow.browser.post("/oidc/logout", {"allow": "on"})

        assert b"Sign out?" in asked.content
        assert still == 200
        assert done.status_code == 200
        assert userinfo(tokens["access_token"]).status_code == 401

    def test_returns_only_to_a_registered_address(self, mia: Any, flow: Flow) -> None:
        from apps.iam.oidc.models import Application

        Application.objects.update(post_logout_redirect_uris="https://shop.example/bye")
        tokens = flow.tokens(mia.email)
        address = f"/oidc/logout?id_token_hint={tokens['id_token']}&state=s1&post_logout_redirect_uri="

        evil = flow.browser.go(address + quote("https://evil.example/", safe=""))
        good = flow.browser.go(address + quote("https://shop.example/bye", safe=""))

        assert evil.status_code == 400
        assert not evil.has_header("Location")
        assert good.url == "https://shop.example/bye?state=s1"

    @pytest.mark.parametrize("query", ["client_id=nobody", "id_token_hint=made.up.token", "id_token_hint=x"])
    def test_nonsense_ends_nothing(self, mia: Any, flow: Flow, query: str) -> None:
        flow.tokens(mia.email)

        response = flow.browser.go(f"/oidc/logout?{query}")

        assert response.status_code == 400
        assert flow.browser.go(flow.url()).url.startswith(flow.redirect_uri)

    def test_reaches_the_session_of_a_browser_that_is_not_here(self, mia: Any, flow: Flow) -> None:
        from apps.iam.oidc import backchannel

        tokens = flow.tokens(mia.email)

        backchannel.end_session(id_token="made.up.token")
        before = flow.browser.go(flow.url()).url
        backchannel.end_session(id_token=tokens["id_token"])
        backchannel.end_session(id_token=tokens["id_token"])

        assert before.startswith(flow.redirect_uri)
        assert flow.browser.go(flow.url()).url.startswith("/sign-in/")
        assert not AccessToken.objects.exists()
        assert not RefreshToken.objects.filter(revoked__isnull=True).exists()

    def test_comes_by_itself_after_the_absolute_lifetime(self, mia: Any, browser: Browser, settings: Any) -> None:
        settings.SESSION_COOKIE_AGE = 600
        browser.enter_password(START, mia.email)

        session = browser.session
        ttl = caches["sessions"].ttl(type(session).address(session.session_key))

        assert 0 < ttl <= 600
        assert 0 < session.get_expiry_age() <= 600
