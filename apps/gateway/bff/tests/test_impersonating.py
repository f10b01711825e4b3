"""Acting as somebody else, as a browser does it."""

from __future__ import annotations

import json
from importlib import import_module
from typing import Any

import pytest
from django.contrib.messages import get_messages
from django.core.cache import caches

from apps.gateway.bff import vault
from apps.gateway.bff.tests import once
from apps.gateway.bff.tests.conftest import identity, sign_in

sessions: Any = import_module("apps.iam.sessions.commands")
models: Any = import_module("apps.iam.sessions.models")

pytestmark = [pytest.mark.django_db, pytest.mark.urls("apps.gateway.bff.tests.probe")]
acme, mia, sign_in_of_mia, signed_in = once.acme, once.mia, once.sign_in_of_mia, once.signed_in


@pytest.fixture
def olive(mia: Any) -> Any:
    """An owner of Mia's company."""
    return identity.member_of(identity.company("acme"), "olive@acme.example", "owner")


@pytest.fixture
def hers(olive: Any, browser: Any) -> Any:
    """A browser in which Olive is signed in."""
    sign_in(browser, olive.email)
    return browser


def post(browser: Any, path: str, **form: str) -> Any:
    csrf = browser.get("/auth/session").json()["csrfToken"]
    return browser.post(path, form, headers={"X-CSRFToken": csrf})


def start(browser: Any, person: Any, reason: str = "Ticket 4711") -> Any:
    return post(browser, "/auth/impersonation/start", user_id=str(person.id), reason=reason)


def stop(browser: Any) -> Any:
    return post(browser, "/auth/impersonation/stop")


def who(browser: Any) -> str:
    return str(browser.get("/probe/whoami").json()["subject"])


def told(response: Any) -> list[str]:
    return [str(message) for message in get_messages(response.wsgi_request)]


def ended() -> list[tuple[str, bool]]:
    rows = models.Session.objects.order_by("created_at")
    return [(str(row.kind), row.ended_at is not None) for row in rows]


class TestStart:
    def test_makes_the_browser_act_as_the_person(self, mia: Any, olive: Any, hers: Any) -> None:
        response = start(hers, mia)

        assert (response.status_code, response.url) == (302, "/")
        assert who(hers) == str(mia.id)
        assert hers.get("/auth/session").json()["subject"] == str(mia.id)
        assert ended() == [("sign_in", False), ("impersonation", False)]

    def test_gives_the_browser_another_cookie(self, mia: Any, hers: Any, settings: Any) -> None:
        before = hers.cookies[settings.BFF_COOKIE_NAME].value

        start(hers, mia)

        assert hers.cookies[settings.BFF_COOKIE_NAME].value != before

    def test_says_what_is_refused_and_leaves_things_as_they_are(self, mia: Any, olive: Any, browser: Any) -> None:
        sign_in(browser, mia.email)  # a manager

        response = start(browser, olive)

        assert response.url == f"/people/{olive.id}/"
        assert "users.impersonate" in " ".join(told(response))
        assert who(browser) == str(mia.id)

    def test_needs_a_reason(self, mia: Any, olive: Any, hers: Any) -> None:
        response = start(hers, mia, reason=" ")

        assert "reason" in " ".join(told(response))
        assert who(hers) == str(olive.id)

    @pytest.mark.parametrize("user_id", ["", "no-uuid", "//evil.example", "00000000-0000-7000-8000-000000000000"])
    def test_of_nobody_is_refused(self, olive: Any, hers: Any, user_id: str) -> None:
        response = post(hers, "/auth/impersonation/start", user_id=user_id, reason="x")

        assert response.status_code == 302
        assert response.url.startswith("/")
        assert not response.url.startswith("//")
        assert who(hers) == str(olive.id)

    def test_is_not_chained(self, mia: Any, hers: Any) -> None:
        ben = identity.member_of(identity.company("acme"), "ben@acme.example", "clerk")
        start(hers, mia)

        response = start(hers, ben)

        assert "act as" in " ".join(told(response)) or "in person" in " ".join(told(response))
        assert who(hers) == str(mia.id)

    def test_needs_the_csrf_token_and_somebody_signed_in(self, mia: Any, hers: Any) -> None:
        stranger = identity.Browser()

        assert hers.post("/auth/impersonation/start", {"user_id": str(mia.id), "reason": "x"}).status_code == 403
        assert hers.get("/auth/impersonation/start").status_code == 405
        assert start(stranger, mia).url == "/auth/login"

    def test_shows_no_token_to_the_browser(self, mia: Any, hers: Any) -> None:
        response = start(hers, mia)

        everything = json.dumps([dict(response.items()), response.cookies.output(), response.content.decode()])
        held = [vault.read(key.removeprefix("bff.tokens.")) for key in caches["sessions"].keys("bff.tokens.*")]
        assert len(held) == 2
        for tokens in held:
            assert tokens is not None
            assert tokens.access_token not in everything
            assert tokens.refresh_token not in everything


class TestStop:
    def test_goes_on_as_oneself_and_ends_it_everywhere(self, mia: Any, olive: Any, hers: Any) -> None:
        start(hers, mia)

        response = stop(hers)

        assert response.url == f"/people/{mia.id}/"
        assert who(hers) == str(olive.id)
        assert ended() == [("sign_in", False), ("impersonation", True)]
        assert len(caches["sessions"].keys("bff.tokens.*")) == 1

    def test_does_no_harm_to_who_acts_as_nobody(self, olive: Any, hers: Any) -> None:
        assert stop(hers).url == "/"
        assert who(hers) == str(olive.id)


class TestEnd:
    def test_by_the_person_never_lets_a_request_through_under_the_other_name(
        self, mia: Any, olive: Any, hers: Any
    ) -> None:
        start(hers, mia)
        acting = models.Session.objects.get(kind="impersonation")
        sessions.revoke_own(
            session_id=acting.id,
            user_id=mia.id,
            actor=import_module("apps.core.history").SYSTEM,
            now=import_module("django.utils.timezone").now(),
        )

        assert hers.get("/probe/whoami").status_code == 401

    def test_of_the_tokens_brings_the_own_session_back_with_the_next_request(
        self, mia: Any, olive: Any, hers: Any
    ) -> None:
        start(hers, mia)
        [acting] = [
            vault_id
            for key in caches["sessions"].keys("bff.tokens.*")
            if (tokens := vault.read(vault_id := key.removeprefix("bff.tokens."))) and tokens.subject == str(mia.id)
        ]
        vault.forget(acting)

        assert hers.get("/probe/whoami").status_code == 401
        assert who(hers) == str(olive.id)

    def test_by_signing_in_anew_leaves_no_token_behind(self, mia: Any, olive: Any, hers: Any) -> None:
        start(hers, mia)

        sign_in(hers, olive.email)

        assert who(hers) == str(olive.id)
        assert len(caches["sessions"].keys("bff.tokens.*")) == 1
        assert ended() == [("sign_in", False), ("impersonation", True)]

    def test_by_signing_out_ends_both(self, mia: Any, olive: Any, hers: Any) -> None:
        start(hers, mia)

        post(hers, "/auth/logout")

        assert hers.get("/probe/whoami").status_code == 401
        assert ended() == [("sign_in", True), ("impersonation", True)]
        assert caches["sessions"].keys("bff.tokens.*") == []
