"""The console's pages about second factors and signing in."""

from __future__ import annotations

import json
import time

import pytest
from django.test import Client
from django.utils import timezone

from apps.iam.authenticators import commands, queries, totp
from apps.iam.authenticators.tests.conftest import secret_of
from tests.callers import Caller

pytestmark = pytest.mark.django_db
SECURITY = "/account/security/"


@pytest.fixture
def browser_of(company):
    def browser(membership, **claims) -> Client:
        token = Caller(membership.user_id, membership.tenant_id, "", "").token(**{"acr": "aal2", **claims})
        return Client(headers={"authorization": f"Bearer {token}", "accept": "text/html"})

    return browser


@pytest.fixture
def browser(ada, browser_of):
    return browser_of(ada)


class TestSecurityPage:
    def test_shows_what_there_is(self, ada, by_ada, browser, passkey_of, app_of, now):
        passkey_of(ada.user_id, name="Ada's phone")
        app_of(ada.user_id)
        commands.make_recovery_codes(user_id=ada.user_id, actor=by_ada, now=now)

        text = browser.get(SECURITY).content.decode()

        assert "Ada&#x27;s phone" in text
        assert "10 of 10 left" in text
        assert "Set up an app" not in text

    def test_helps_whoever_has_nothing_yet(self, browser, by_owner, now):
        commands.change_policy(actor=by_owner, now=now, mfa="everybody")

        text = browser.get(SECURITY).content.decode()

        assert "A second factor is needed" in text
        assert "Add a passkey" in text
        assert "Set up an app" in text

    def test_offers_no_passkey_at_an_ip_address(self, browser, settings):
        settings.BASE_URL = "http://127.0.0.1:8000"

        assert "Add a passkey" not in browser.get(SECURITY).content.decode()


class TestSettingUp:
    def test_an_app_ends_with_recovery_codes(self, ada, browser):
        begun = browser.post(f"{SECURITY}totp")
        page = browser.get(begun.url)
        wrong = browser.post(begun.url, {"code": "0"})
        code = totp.code_at(secret_of(page.context["new"].secret), totp.step_at(timezone.now()))
        done = browser.post(begun.url, {"code": code})

        assert b"data:image/svg+xml;base64," in page.content
        assert page["Cache-Control"] == "private, no-store"
        assert wrong.status_code == 422
        assert len(done.context["codes"]) == 10
        assert done["Cache-Control"] == "no-store"
        assert queries.kinds_of(ada.user_id) == {"totp"}
        assert browser.get(begun.url).status_code == 404

    def test_a_passkey(self, ada, browser, phone):
        page = browser.get(f"{SECURITY}passkeys/new")
        accepting = {"accept": "application/json"}  # as the page's script does
        ceremony = browser.post("/api/v1/me/authenticators/passkeys/options", headers=accepting).json()["data"]
        form = {"credential": json.dumps(phone.create(ceremony["options"])), "state": ceremony["state"]}

        refused = browser.post(f"{SECURITY}passkeys/new", {**form, "name": "Phone", "state": "x"})
        done = browser.post(f"{SECURITY}passkeys/new", {**form, "name": "Phone"})

        assert b"passkeys.js" in page.content
        assert refused.status_code == 422
        assert len(done.context["codes"]) == 10
        assert [one.name for one in queries.held_by(ada.user_id).passkeys] == ["Phone"]

    def test_without_the_script_says_so(self, browser):
        assert browser.post(f"{SECURITY}passkeys/new", {"name": "Phone"}).status_code == 422

    def test_a_second_app_is_refused_with_a_message(self, ada, browser, app_of):
        app_of(ada.user_id)

        assert browser.post(f"{SECURITY}totp").url == SECURITY


class TestManaging:
    def test_renames(self, ada, browser, passkey_of):
        path = f"{SECURITY}{passkey_of(ada.user_id).id}/name"

        assert b"Rename Phone" in browser.get(path).content
        assert browser.post(path, {"name": ""}).status_code == 422
        assert browser.post(path, {"name": "Work phone"}).url == SECURITY
        assert queries.held_by(ada.user_id).passkeys[0].name == "Work phone"

    def test_removes(self, ada, browser, passkey_of):
        done = browser.post(f"{SECURITY}{passkey_of(ada.user_id).id}/removal")

        assert done.url == SECURITY
        assert not queries.kinds_of(ada.user_id)

    def test_makes_new_recovery_codes(self, ada, browser, passkey_of):
        passkey_of(ada.user_id)

        assert len(browser.post(f"{SECURITY}recovery-codes").context["codes"]) == 10

    def test_says_when_there_is_nothing_to_recover(self, browser):
        assert browser.post(f"{SECURITY}recovery-codes").url == SECURITY

    @pytest.mark.parametrize("path", ["totp", "recovery-codes"])
    def test_asks_for_a_fresh_sign_in_first(self, ada, browser_of, passkey_of, path):
        passkey_of(ada.user_id)
        old = browser_of(ada, auth_time=int(time.time()) - 900)

        answer = old.post(f"{SECURITY}{path}", headers={"Referer": f"http://testserver{SECURITY}"})

        assert answer.url == f"/auth/login?acr_values=aal2&max_age=300&again=1&next={SECURITY.replace('/', '%2F')}"


class TestPolicyPage:
    PATH = "/settings/sign-in/"

    def test_changes_the_policy(self, owner, browser_of):
        browser = browser_of(owner)
        form = {"mfa": "roles", "mfa_roles": ["owner"], "grace_days": "3", "methods": ["passkey"]}

        page = browser.get(self.PATH)
        wrong = browser.post(self.PATH, {**form, "mfa_roles": []})
        done = browser.post(self.PATH, {**form, "session_max_hours": "8"})

        policy = queries.policy()
        assert b"Who must have a second factor?" in page.content
        assert wrong.status_code == 422
        assert done.url == self.PATH
        assert (policy.mfa, policy.mfa_roles, policy.methods, policy.session_max_s) == (
            "roles",
            ["owner"],
            ["passkey"],
            28800,
        )

    def test_is_for_owners(self, member, browser_of):
        assert browser_of(member("manager")).get(self.PATH).status_code == 403


class TestResetPage:
    def test_resets_a_member(self, ada, owner, browser_of, passkey_of):
        passkey_of(ada.user_id)
        browser, path = browser_of(owner), f"/people/{ada.user_id}/second-factor-reset"

        page = browser.get(path)
        empty = browser.post(path, {"reason": ""})
        done = browser.post(path, {"reason": "lost phone"})

        assert b"1 second factor" in page.content
        assert path.encode() in browser.get(f"/people/{ada.user_id}/").content
        assert empty.status_code == 422
        assert done.url == f"/people/{ada.user_id}/"
        assert not queries.kinds_of(ada.user_id)

    def test_says_what_is_refused(self, owner, browser_of):
        refused = browser_of(owner).post(f"/people/{owner.user_id}/second-factor-reset", {"reason": "x"})

        assert refused.status_code == 422
        assert b"your security page" in refused.content
