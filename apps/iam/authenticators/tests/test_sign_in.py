"""Signing in with a second factor: as a browser sees it, at the provider."""

from __future__ import annotations

import base64
import json
import re
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.utils import timezone

from apps.core.auth.tokens import verified_claims
from apps.core.events import log
from apps.core.history import SYSTEM
from apps.core.tenancy import tenant
from apps.iam.authenticators import commands, queries, second_step, totp
from apps.iam.authenticators.tests.conftest import secret_of
from apps.iam.oidc.tests import identity
from apps.iam.oidc.tests.identity import Browser, Flow
from apps.iam.users import queries as users

pytestmark = pytest.mark.django_db
NEXT = "/auth/login"
STEP = "/sign-in/second-step/"


@pytest.fixture(autouse=True)
def _quick_passwords(settings: Any) -> None:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher", *settings.PASSWORD_HASHERS]


@pytest.fixture
def acme(db: None) -> Any:
    return identity.company("acme")


@pytest.fixture
def mia(acme: Any) -> identity.Somebody:
    return identity.member_of(acme)


@pytest.fixture
def browser() -> Browser:
    return Browser()


@pytest.fixture
def flow(mia: identity.Somebody, browser: Browser) -> Flow:
    client, secret = identity.second_client()
    return Flow(client.client_id, secret, identity.SECOND_CLIENT_URI, browser)


@pytest.fixture
def by_mia(mia):
    return second_step.actor(users.user(mia.id))


@pytest.fixture
def secret(mia, by_mia, app_of) -> bytes:
    """Mia has an authenticator app."""
    return app_of(mia.id, actor=by_mia)


@pytest.fixture
def passkey(mia, by_mia, passkey_of):
    """Mia has a passkey in the phone."""
    return passkey_of(mia.id, actor=by_mia)


@pytest.fixture
def by_ada(mia, by_mia):
    return by_mia


def current_code(secret: bytes) -> str:
    return totp.code_at(secret, totp.step_at(timezone.now()))


def wrong_code(secret: bytes) -> str:
    near = {totp.code_at(secret, totp.step_at(timezone.now()) + drift) for drift in range(-2, 3)}
    return next(code for code in map("{:06d}".format, range(10)) if code not in near)


def session_of(tokens: dict[str, Any]) -> tuple[str, list[str]]:
    claims = verified_claims(tokens["access_token"])
    return claims["acr"], claims["amr"]


def told(somebody: identity.Somebody) -> list[str]:
    """The kinds of security events about a person, without those of sessions and tokens."""
    with tenant(somebody.tenant_id):
        kinds = [envelope.event().kind for envelope in log.stream(somebody.id, using="default")]
    return [str(kind) for kind in kinds if kind.startswith(("mfa.", "passkey.", "sign_in."))]


def use_passkey(browser: Browser, phone: Any, path: str, options: str = "", **fields: Any) -> Any:
    """What the page's script does: fetch the options, let the authenticator answer, send the form."""
    ceremony = browser.post(options or "/sign-in/passkey/options").json()
    answer = phone.get(ceremony["options"], **fields.pop("lies", {}))
    return browser.post(path, {"credential": json.dumps(answer), "state": ceremony["state"], **fields})


class TestSecondStep:
    def test_is_asked_for_after_the_password(self, mia, flow, secret):
        browser, url = flow.browser, flow.url()
        browser.go(url)

        asked = browser.enter_password(url, mia.email)
        page = browser.go(asked.url)
        done = browser.post(STEP, {"factor": "code", "code": current_code(secret), "next": url})
        answer = browser.go(done.url)
        code = re.search(r"code=([^&]+)", answer.url)[1]

        assert asked.url.startswith(f"{STEP}?next=")
        assert b"Confirm that it is you" in page.content
        assert done.url == url
        assert session_of(flow.redeem(code).json()) == ("aal2", ["pwd", "otp", "mfa"])

    def test_is_not_asked_of_somebody_without_second_factor(self, mia, flow):
        assert session_of(flow.tokens(mia.email)) == ("aal1", ["pwd"])

    def test_password_alone_opens_nothing(self, mia, flow, secret):
        browser, url = flow.browser, flow.url()
        browser.enter_password(url, mia.email)

        assert browser.go(url).url.startswith("/sign-in/?next=")
        assert browser.go("/sign-in/tenant/").url.startswith("/sign-in/?next=")
        assert browser.go("/sign-in/enrol/").url.startswith("/sign-in/?next=")
        assert browser.go("/admin/").status_code == 302
        assert "_auth_user_id" not in browser.session
        assert told(mia) == ["mfa.totp_enabled"]

    def test_begins_under_another_cookie_and_ends_under_yet_another(self, mia, browser, secret):
        browser.get("/sign-in/")
        browser.cookies[settings.SESSION_COOKIE_NAME] = "planted0planted0planted0planted0"

        browser.enter_password(NEXT, mia.email)
        between = browser.cookies[settings.SESSION_COOKIE_NAME].value
        browser.post(STEP, {"factor": "code", "code": current_code(secret)})

        assert between != "planted0planted0planted0planted0"
        assert browser.cookies[settings.SESSION_COOKIE_NAME].value != between

    def test_belongs_to_the_browser_in_which_the_password_was_given(self, mia, browser, secret):
        browser.enter_password(NEXT, mia.email)

        elsewhere = Browser().post(STEP, {"factor": "code", "code": current_code(secret)})

        assert elsewhere.url.startswith("/sign-in/?next=")

    def test_must_come_soon(self, mia, browser, secret, settings):
        browser.enter_password(NEXT, mia.email)
        settings.SECOND_FACTOR_TIMEOUT_S = -1

        late = browser.post(STEP, {"factor": "code", "code": current_code(secret)})

        assert late.url.startswith("/sign-in/?next=")

    def test_is_over_when_the_password_changes_meanwhile(self, mia, browser, secret):
        from apps.iam.users import commands as people

        browser.enter_password(NEXT, mia.email)
        people.set_password(user_id=mia.id, password="another correct horse battery")

        assert browser.post(STEP, {"factor": "code", "code": current_code(secret)}).url.startswith("/sign-in/?next=")

    def test_is_over_when_the_person_is_suspended_meanwhile(self, mia, browser, secret):
        from apps.iam.users import commands as people

        browser.enter_password(NEXT, mia.email)
        people.suspend_user(user_id=mia.id)

        assert browser.post(STEP, {"factor": "code", "code": current_code(secret)}).url.startswith("/sign-in/?next=")

    def test_refuses_a_wrong_code_and_records_it(self, mia, browser, secret):
        browser.enter_password(NEXT, mia.email)

        refused = browser.post(STEP, {"factor": "code", "code": wrong_code(secret)})

        assert refused.status_code == 422
        assert b"The code is not right" in refused.content
        assert told(mia)[1:] == ["sign_in.failed"]

    def test_takes_a_code_once(self, mia, secret):
        code = current_code(secret)
        first, second = Browser(), Browser()
        for browser in (first, second):
            browser.enter_password(NEXT, mia.email)

        assert first.post(STEP, {"factor": "code", "code": code}).status_code == 302
        assert second.post(STEP, {"factor": "code", "code": code}).status_code == 422

    def test_guessing_ends(self, mia, browser, secret, settings):
        settings.SECOND_FACTOR_FAILURES = "3/1h"
        browser.enter_password(NEXT, mia.email)
        for _ in range(3):
            browser.post(STEP, {"factor": "code", "code": wrong_code(secret)})

        refused = browser.post(STEP, {"factor": "code", "code": current_code(secret)})
        elsewhere = Browser(REMOTE_ADDR="192.0.2.9")
        elsewhere.enter_password(NEXT, mia.email)
        still = elsewhere.post(STEP, {"factor": "code", "code": current_code(secret)})

        assert (refused.status_code, still.status_code) == (429, 429)
        assert int(refused["Retry-After"]) > 0
        assert browser.go(STEP).url.startswith("/sign-in/")

    def test_takes_a_recovery_code_once(self, mia, by_mia, browser, secret):
        codes = commands.make_recovery_codes(user_id=mia.id, actor=by_mia, now=timezone.now())
        other = Browser()
        for one in (browser, other):
            one.enter_password(NEXT, mia.email)

        done = browser.post(STEP, {"factor": "recovery", "recovery_code": codes[0]})
        again = other.post(STEP, {"factor": "recovery", "recovery_code": codes[0]})

        assert (done.status_code, again.status_code) == (302, 422)
        assert queries.held_by(mia.id).codes_left == 9
        assert told(mia)[2:] == ["mfa.recovery_code_used", "sign_in.succeeded", "sign_in.failed"]

    def test_takes_a_passkey_of_that_person(self, mia, browser, phone, passkey):
        browser.enter_password(NEXT, mia.email)

        done = use_passkey(browser, phone, STEP, "/sign-in/passkey/options?step=second", factor="passkey")

        assert done.url == NEXT
        assert browser.session["oidc"]["amr"] == ["pwd", "hwk", "user", "mfa"]

    def test_offers_what_the_person_has(self, mia, browser, phone, passkey):
        browser.enter_password(NEXT, mia.email)

        page = browser.go(STEP).content
        options = browser.post("/sign-in/passkey/options?step=second").json()["options"]

        assert b"Use a passkey" in page
        assert b"authenticator app" not in page
        assert len(options["allowCredentials"]) == 1


class TestPasskeySignIn:
    def test_needs_no_email_and_no_password(self, mia, flow, phone, passkey):
        browser, url = flow.browser, flow.url()
        browser.go(url)

        done = use_passkey(browser, phone, "/sign-in/passkey/", next=url)
        answer = browser.go(done.url)
        code = re.search(r"code=([^&]+)", answer.url)[1]

        assert session_of(flow.redeem(code).json()) == ("aal2", ["hwk", "user", "mfa"])

    def test_is_offered_by_the_page_and_in_its_autofill(self, browser):
        page = browser.get("/sign-in/").content.decode()

        assert 'autocomplete="username webauthn"' in page
        assert "data-conditional" in page
        assert "passkeys.js" in page

    def test_is_not_offered_at_an_ip_address(self, browser, settings):
        settings.BASE_URL = "http://127.0.0.1:8000"

        assert "passkeys.js" not in browser.get("/sign-in/").content.decode()
        assert browser.post("/sign-in/passkey/options").status_code == 409

    @pytest.mark.parametrize("lies", [{"rp_id": "evil.example"}, {"sign_count": 1}, {"handle": b"x"}])
    def test_refuses_lies(self, mia, browser, phone, passkey, lies):
        refused = use_passkey(browser, phone, "/sign-in/passkey/", lies=lies)

        assert refused.status_code == 422
        assert b"The passkey could not be verified" in refused.content
        assert "_auth_user_id" not in browser.session
        assert told(mia)[-1] == "passkey.refused"

    def test_refuses_the_wrong_origin(self, mia, browser, phone, passkey):
        phone.origin = "https://platf0rm.example"

        assert use_passkey(browser, phone, "/sign-in/passkey/").status_code == 422

    def test_requires_the_person_to_be_verified(self, mia, browser, phone, passkey):
        phone.verifies = False

        assert use_passkey(browser, phone, "/sign-in/passkey/").status_code == 422

    def test_challenge_belongs_to_the_browser_and_is_good_once(self, mia, browser, phone, passkey):
        ceremony = browser.post("/sign-in/passkey/options").json()
        form = {"credential": json.dumps(phone.get(ceremony["options"])), "state": ceremony["state"]}

        elsewhere = Browser().post("/sign-in/passkey/", form)
        first = browser.post("/sign-in/passkey/", form)
        second = browser.post("/sign-in/passkey/", form)

        assert (elsewhere.status_code, first.status_code, second.status_code) == (422, 302, 422)

    def test_two_tabs_do_not_disturb_each_other(self, mia, browser, phone, passkey):
        first = browser.post("/sign-in/passkey/options").json()
        browser.post("/sign-in/passkey/options")

        form = {"credential": json.dumps(phone.get(first["options"])), "state": first["state"]}

        assert browser.post("/sign-in/passkey/", form).status_code == 302

    def test_keeps_nothing_on_the_server_for_an_anonymous_visitor(self, browser):
        from django.core.cache import caches

        browser.post("/sign-in/passkey/options")

        assert not caches["sessions"].keys("*")

    def test_of_a_suspended_person_is_refused(self, mia, browser, phone, passkey):
        from apps.iam.users import commands as people

        people.suspend_user(user_id=mia.id)

        assert use_passkey(browser, phone, "/sign-in/passkey/").status_code == 422

    def test_opens_the_admin_to_staff_only(self, mia, browser, phone, passkey):
        refused = use_passkey(browser, phone, "/sign-in/passkey/", next="/admin/")

        assert refused.status_code == 403
        assert "_auth_user_id" not in browser.session

    @pytest.mark.parametrize("form", [{}, {"credential": "{", "state": "x"}, {"credential": "[]", "state": ""}])
    def test_refuses_nonsense(self, browser, form):
        assert browser.post("/sign-in/passkey/", form).status_code == 422

    def test_is_protected_against_forged_requests(self, db):
        browser = Browser(enforce_csrf_checks=True)

        assert browser.post("/sign-in/passkey/options").status_code == 403
        assert browser.post("/sign-in/passkey/", {}).status_code == 403


class TestStepUp:
    def test_asks_somebody_signed_in_for_the_second_factor_alone(self, mia, flow, by_mia, app_of):
        browser = flow.browser
        flow.tokens(mia.email)
        secret = app_of(mia.id, actor=by_mia)
        url = flow.url(acr_values="aal2")

        asked = browser.go(browser.go(url).url)
        done = browser.post(STEP, {"factor": "code", "code": current_code(secret), "next": url})
        code = re.search(r"code=([^&]+)", browser.go(done.url).url)[1]

        assert asked.url.startswith(STEP)
        assert session_of(flow.redeem(code).json()) == ("aal2", ["pwd", "otp", "mfa"])
        assert told(mia)[-1] == "sign_in.stepped_up"
        assert told(mia).count("sign_in.stepped_up") == 1

    def test_that_must_be_fresh_begins_with_the_password(self, mia, flow, by_mia, app_of):
        browser = flow.browser
        flow.tokens(mia.email)
        secret = app_of(mia.id, actor=by_mia)
        url = flow.url(acr_values="aal2", max_age="0")

        sign_in = browser.go(url).url
        page = browser.go(sign_in)
        directly = browser.post(STEP, {"factor": "code", "code": current_code(secret), "next": page.context["next"]})

        assert page.status_code == 200
        assert b"Password" in page.content
        assert directly.url.startswith("/sign-in/?next=")

    def test_with_the_password_is_told_once(self, mia, flow):
        flow.tokens(mia.email)
        url = flow.url(prompt="login")
        target = flow.browser.go(flow.browser.go(url).url).context["next"]

        done = flow.browser.enter_password(target, mia.email)

        assert flow.browser.go(done.url).url.startswith(flow.redirect_uri)
        assert told(mia).count("sign_in.stepped_up") == 1


@pytest.fixture
def require(acme, mia):
    """`require(mfa="everybody")`: acme's sign-in policy."""

    def change(**changes):
        with tenant(acme.id):
            return commands.change_policy(actor=SYSTEM, now=timezone.now(), **changes)

    return change


class TestTenantThatRequiresIt:
    def test_leads_a_person_to_set_up_an_app(self, mia, flow, require):
        require(mfa="everybody")
        browser, url = flow.browser, flow.url()
        browser.enter_password(url, mia.email)

        led = browser.go(url)
        page = browser.go(led.url)
        begun = browser.post("/sign-in/enrol/", {"action": "begin-totp", "next": url})
        shown = browser.go(begun.url)
        secret = secret_of(shown.context["new"].secret)
        form = {"action": "confirm-totp", "app": shown.context["new"].authenticator.id, "next": url}
        codes = browser.post("/sign-in/enrol/", {**form, "code": current_code(secret)})
        answer = browser.go(url)

        assert led.url.startswith("/sign-in/enrol/?next=")
        assert b"Your company asks for a second factor." in page.content
        assert len(codes.context["codes"]) == 10
        assert answer.url.startswith(flow.redirect_uri)
        assert queries.kinds_of(mia.id) == {"totp"}
        assert told(mia).count("sign_in.stepped_up") == 1

    def test_leads_a_person_to_make_a_passkey(self, mia, flow, require, phone):
        require(mfa="roles", mfa_roles=["manager"], methods=["passkey"])
        browser, url = flow.browser, flow.url()
        browser.enter_password(url, mia.email)
        page = browser.go(browser.go(url).url)

        ceremony = browser.post("/sign-in/enrol/options").json()
        answer = phone.create(ceremony["options"])
        form = {"credential": json.dumps(answer), "state": ceremony["state"], "name": "Phone", "next": url}
        browser.post("/sign-in/enrol/", {"action": "passkey", **form})

        assert b"Create a passkey" in page.content
        assert b"authenticator app" not in page.content
        assert browser.go(url).url.startswith(flow.redirect_uri)

    def test_does_not_ask_people_with_other_roles(self, mia, flow, require):
        require(mfa="roles", mfa_roles=["owner"])

        assert flow.tokens(mia.email)

    def test_lets_people_put_it_off_for_the_days_of_grace(self, mia, flow, require):
        require(mfa="everybody", grace_days=7)
        browser, url = flow.browser, flow.url()
        browser.enter_password(url, mia.email)

        led = browser.go(url)
        later = browser.post("/sign-in/enrol/", {"action": "later", "next": url})

        assert led.url.startswith("/sign-in/enrol/")
        assert b"Later" in browser.go(led.url).content
        assert browser.go(later.url).url.startswith(flow.redirect_uri)

    def test_hears_no_later_when_the_grace_is_over(self, mia, acme, flow, require):
        policy = require(mfa="everybody", grace_days=1)
        with tenant(acme.id):
            type(policy).objects.in_tenant().update(mfa_since=timezone.now() - timedelta(days=2))
            memberships = type(users.membership(mia.id)).objects.in_tenant()
            memberships.update(joined_at=timezone.now() - timedelta(days=9))
        browser, url = flow.browser, flow.url()
        browser.enter_password(url, mia.email)

        browser.post("/sign-in/enrol/", {"action": "later", "next": url})

        assert browser.go(url).url.startswith("/sign-in/enrol/")

    def test_does_not_let_a_password_alone_add_a_factor_to_the_one_there_is(self, mia, flow, by_mia, app_of, require):
        """Who knows the password could else give themselves the second factor."""
        require(mfa="everybody")
        browser = flow.browser
        browser.enter_password(NEXT, mia.email)
        app_of(mia.id, actor=by_mia)

        assert browser.go("/sign-in/enrol/").url.startswith(STEP)
        assert browser.post("/sign-in/enrol/options").status_code == 403
        assert browser.post("/sign-in/enrol/", {"action": "begin-totp"}).url.startswith(STEP)

    def test_asks_for_a_fresh_sign_in_before_one_is_set_up(self, mia, flow, require, monkeypatch):
        require(mfa="everybody")
        flow.browser.enter_password(NEXT, mia.email)
        monkeypatch.setattr(second_step, "FRESH_S", -1)

        assert flow.browser.go("/sign-in/enrol/").url.startswith("/sign-in/?next=")

    def test_asks_for_an_allowed_kind(self, mia, flow, by_mia, secret, require):
        require(mfa="everybody", methods=["passkey"])
        browser, url = flow.browser, flow.url()
        browser.enter_password(url, mia.email)
        browser.post(STEP, {"factor": "code", "code": current_code(secret), "next": url})

        assert browser.go(url).url.startswith("/sign-in/enrol/")

    def test_answers_a_silent_request_with_an_error(self, mia, flow, require):
        flow.tokens(mia.email)
        require(mfa="everybody")

        assert "error=interaction_required" in flow.browser.go(flow.url(prompt="none")).url

    def test_limits_how_long_people_stay_signed_in(self, mia, flow, require, acme):
        tokens = flow.tokens(mia.email)
        policy = require(session_max_s=300)
        still = flow.browser.go(flow.url()).url
        with tenant(acme.id):
            type(policy).objects.in_tenant().update(session_max_s=0)

        assert still.startswith(flow.redirect_uri)
        assert flow.browser.go(flow.url()).url.startswith("/sign-in/?next=")
        assert flow.refresh(tokens["refresh_token"]).status_code == 400

    def test_rules_nobody_in_another_tenant(self, mia, flow, require):
        with tenant(identity.company("globex").id):
            commands.change_policy(actor=SYSTEM, now=timezone.now(), mfa="everybody")

        assert flow.tokens(mia.email)


def test_base32_is_read_back() -> None:
    assert secret_of(totp.text_key(b"x" * 20)) == base64.b32decode(base64.b32encode(b"x" * 20))
