"""From one company into another without signing in again."""

from __future__ import annotations

from importlib import import_module
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from django.contrib.messages import get_messages
from django.core.cache import caches
from django.utils import timezone

from apps.gateway.bff import vault
from apps.gateway.bff.tests import once
from apps.gateway.bff.tests.conftest import identity, sign_in

users: Any = import_module("apps.iam.users.commands")
models: Any = import_module("apps.iam.sessions.models")
SecurityEventRecorded: Any = import_module("apps.iam.audit.events").SecurityEventRecorded

pytestmark = [pytest.mark.django_db, pytest.mark.urls("apps.gateway.bff.tests.probe")]
acme, mia, sign_in_of_mia, signed_in = once.acme, once.mia, once.sign_in_of_mia, once.signed_in


@pytest.fixture
def globex(mia: Any) -> Any:
    """Mia's other company."""
    company = identity.company("globex")
    identity.member_of(company, mia.email, "clerk")
    return company


@pytest.fixture
def at_acme(mia: Any, globex: Any, browser: Any) -> Any:
    """A browser in which Mia is signed in to acme, where she chose to go."""
    chosen = browser.go(browser.get("/auth/login").url)
    assert chosen.url.startswith("/sign-in/")
    target = dict(parse_qsl(urlsplit(chosen.url).query))["next"]
    page = browser.go(browser.enter_password(target, mia.email).url)
    csrf = browser.get("/auth/session").json()["csrfToken"]
    form = {"tenant": str(mia.tenant_id), "next": target, "csrfmiddlewaretoken": csrf}
    browser.go(browser.go(browser.post(urlsplit(page.url).path, form).url).url)
    assert where(browser) == "acme"
    return browser


def where(browser: Any) -> str:
    return str(browser.get("/probe/whoami").json()["tenant"])


def switch(browser: Any, tenant: str, **form: str) -> Any:
    """POST the choice; the answer of the provider."""
    csrf = browser.get("/auth/session").json()["csrfToken"]
    return browser.post("/auth/tenant", {"tenant": tenant, **form}, headers={"X-CSRFToken": csrf})


def through(browser: Any, response: Any) -> Any:
    """Follow the switch to its end, the answer of the callback."""
    return browser.go(browser.go(response.url).url)


def the_tokens() -> Any:
    [key] = caches["sessions"].keys("bff.tokens.*")
    return vault.read(key.removeprefix("bff.tokens."))


class TestSwitching:
    def test_ends_in_the_other_company_on_the_page_that_was_wanted(self, at_acme: Any) -> None:
        response = through(at_acme, switch(at_acme, "globex", next="/probe/page"))

        assert response.url == "/probe/page"
        assert where(at_acme) == "globex"

    def test_asks_for_no_password_and_stays_in_the_session(self, at_acme: Any) -> None:
        sid = the_tokens().sid

        through(at_acme, switch(at_acme, "globex"))

        assert the_tokens().sid == sid
        session = models.Session.objects.get()
        assert len(session.tenant_ids) == 2
        assert str(session.tenant_id) == the_tokens().tenant

    def test_revokes_the_tokens_of_before(self, at_acme: Any) -> None:
        before = the_tokens()

        through(at_acme, switch(at_acme, "globex"))

        assert identity.userinfo(before.access_token).status_code == 401
        assert the_tokens().access_token != before.access_token

    def test_is_told_once_to_the_company_that_was_entered(
        self, mia: Any, globex: Any, at_acme: Any, published: Any
    ) -> None:
        through(at_acme, switch(at_acme, "globex"))
        through(at_acme, switch(at_acme, "globex"))

        told = [
            (envelope.metadata.tenant_id, event)
            for envelope, event in zip(published.envelopes(), published.events(), strict=True)
            if isinstance(event, SecurityEventRecorded) and event.kind == "session.tenant_switched"
        ]
        [(tenant_id, event)] = told
        assert (tenant_id, event.subject_id, event.actor_id) == (globex.id, mia.id, mia.id)
        assert (event.outcome, event.details["from"]) == ("success", str(mia.tenant_id))

    def test_confirming_who_one_is_stays_there(self, at_acme: Any, mia: Any) -> None:
        through(at_acme, switch(at_acme, "globex"))

        asked = at_acme.get("/auth/login", {"max_age": "0", "next": "/"}).url

        assert dict(parse_qsl(urlsplit(asked).query))["tenant"] == the_tokens().tenant


class TestRefused:
    @pytest.mark.parametrize("slug", ["initech", "nowhere"])
    def test_is_who_is_no_member(self, at_acme: Any, slug: str) -> None:
        identity.company("initech")

        answer = at_acme.go(switch(at_acme, slug).url)

        assert answer.status_code == 403
        assert answer.context["code"] == "not_one_of_yours"
        assert where(at_acme) == "acme"

    def test_is_who_is_no_longer_a_member(self, mia: Any, globex: Any, at_acme: Any) -> None:
        entered: Any = import_module("apps.core.tenancy").tenant
        system: Any = import_module("apps.core.history").SYSTEM
        with entered(globex.id):
            users.delete_member(user_id=mia.id, actor=system, now=timezone.now())

        assert at_acme.go(switch(at_acme, "globex").url).status_code == 403

    @pytest.mark.parametrize("slug", ["", "a b", "//evil.example", "x" * 64])
    def test_is_what_is_no_company(self, at_acme: Any, slug: str) -> None:
        response = switch(at_acme, slug)

        assert response.url == "/"
        assert [str(message) for message in get_messages(response.wsgi_request)] == ["There is no such company."]

    def test_is_a_link_of_another_site(self, at_acme: Any) -> None:
        assert at_acme.get("/auth/tenant", {"tenant": "globex"}).status_code == 405
        assert at_acme.post("/auth/tenant", {"tenant": "globex"}).status_code == 403
        assert "tenant=globex" not in at_acme.get("/auth/login", {"tenant": "globex"}).url

    def test_is_a_request_to_the_provider_that_this_browser_did_not_begin(self, at_acme: Any) -> None:
        """It may be made, but nobody redeems its code, so that nothing comes of it."""
        at_acme.go(at_acme.get("/auth/login").url + "&tenant=globex")

        assert where(at_acme) == "acme"
        at_acme.go(at_acme.go(at_acme.get("/auth/login").url).url)
        assert where(at_acme) == "acme"

    def test_is_who_acts_as_somebody_else(self, mia: Any, globex: Any, browser: Any) -> None:
        olive = identity.member_of(identity.company("acme"), "olive@acme.example", "owner")
        identity.member_of(globex, "ben@globex.example")
        ben = identity.member_of(identity.company("acme"), "ben@acme.example", "clerk")
        sign_in(browser, olive.email)
        csrf = browser.get("/auth/session").json()["csrfToken"]
        browser.post(
            "/auth/impersonation/start", {"user_id": str(ben.id), "reason": "x"}, headers={"X-CSRFToken": csrf}
        )

        response = switch(browser, "globex")

        assert response.url == "/"
        assert where(browser) == "acme"
