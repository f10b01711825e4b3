"""A browser's session ends when nobody is there, and an open page alone is nobody."""

from __future__ import annotations

import time
from datetime import datetime
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from django.conf import settings
from django.core.cache import caches
from django_redis import get_redis_connection

from apps.core.auth import session_news
from apps.gateway.bff import idle, tasks, vault
from apps.gateway.bff.tests import once
from apps.gateway.bff.tests.conftest import identity, sign_in

pytestmark = [pytest.mark.django_db, pytest.mark.urls("apps.gateway.bff.tests.probe")]
acme, mia, sign_in_of_mia, signed_in = once.acme, once.mia, once.sign_in_of_mia, once.signed_in
BFF = settings.BFF_COOKIE_NAME


def left_alone(for_s: float) -> str:
    """As if nobody had been there for so long. Returns the name of the only session."""
    [key] = caches["sessions"].keys("bff.tokens.*")
    name = str(key).removeprefix("bff.tokens.")
    redis, ends = get_redis_connection("sessions"), caches["sessions"].make_key("bff.idle")
    redis.zadd(ends, {name: time.time() + settings.SESSION_IDLE_S - for_s})
    return name


def left_s(name: str) -> float:
    end = idle.end_of(name)
    assert end is not None
    return end - time.time()


class TestIdle:
    def test_ends_the_session_for_page_and_api(self, signed_in: Any) -> None:
        left_alone(settings.SESSION_IDLE_S + 1)

        api = signed_in.get("/probe/whoami")
        page = signed_in.get("/probe/page")

        assert api.status_code == 401
        assert urlsplit(page.url).path == "/auth/login"
        assert BFF not in signed_in.cookies

    def test_gives_the_tokens_back(self, signed_in: Any) -> None:
        tokens = vault.read(left_alone(settings.SESSION_IDLE_S + 1))
        assert tokens

        signed_in.get("/probe/whoami")

        assert identity.userinfo(tokens.access_token).status_code == 401

    def test_is_put_off_by_somebody_and_not_by_an_open_page(self, signed_in: Any) -> None:
        name = left_alone(600)

        for path, headers in [
            ("/probe/whoami", {"X-Background": "1"}),
            ("/probe/whoami", {"Accept": "text/event-stream"}),
            ("/auth/session", {}),
        ]:
            assert signed_in.get(path, headers=headers).status_code == 200
            assert left_s(name) <= settings.SESSION_IDLE_S - 600, path

        signed_in.get("/probe/whoami")
        assert left_s(name) > settings.SESSION_IDLE_S - 10

    def test_is_told_beside_the_absolute_end(self, signed_in: Any) -> None:
        name = left_alone(600)

        facts = signed_in.get("/auth/session").json()

        assert datetime.fromisoformat(facts["idleEndsAt"]).timestamp() == pytest.approx(idle.end_of(name))
        assert facts["idleEndsAt"] < facts["expiresAt"]

    def test_of_somebody_who_never_comes_back_is_found_and_told_to_open_pages(self, signed_in: Any) -> None:
        tokens = vault.read(left_alone(settings.SESSION_IDLE_S + 1))
        assert tokens
        listener = get_redis_connection("sessions").pubsub(ignore_subscribe_messages=True)
        listener.subscribe(session_news.channel_of(tokens.sid))
        listener.get_message(timeout=1)

        tasks.end_idle_sessions()

        assert listener.get_message(timeout=5)["data"] == b"ended"
        assert not caches["sessions"].keys("bff.tokens.*")
        assert idle.finish_all() == 0

    def test_asks_the_provider_for_a_fresh_sign_in_so_that_its_own_session_lets_nobody_in(self, browser: Any) -> None:
        asked = dict(parse_qsl(urlsplit(browser.get("/auth/login").url).query))

        assert asked["max_age"] == str(settings.SESSION_IDLE_S)

    def test_ends_who_acts_as_somebody_and_themselves(self, mia: Any, browser: Any) -> None:
        olive = identity.member_of(identity.company("acme"), "olive@acme.example", "owner")
        sign_in(browser, olive.email)
        csrf = browser.get("/auth/session").json()["csrfToken"]
        form = {"user_id": str(mia.id), "reason": "Ticket 4711"}
        browser.post("/auth/impersonation/start", form, headers={"X-CSRFToken": csrf})
        redis, ends = get_redis_connection("sessions"), caches["sessions"].make_key("bff.idle")
        names = redis.zrange(ends, 0, -1)
        assert len(names) == 2

        redis.zadd(ends, dict.fromkeys(names, time.time() + settings.SESSION_IDLE_S - 600))
        browser.get("/probe/whoami")
        assert all(left_s(name.decode()) > settings.SESSION_IDLE_S - 10 for name in names)

        redis.zadd(ends, dict.fromkeys(names, time.time() - 1))
        assert [browser.get("/probe/whoami").status_code for _ in range(2)] == [401, 401]
        assert BFF not in browser.cookies

    def test_can_be_left_out(self, signed_in: Any, settings: Any) -> None:
        name = left_alone(settings.SESSION_IDLE_S + 1)
        settings.SESSION_IDLE_S = 0

        assert signed_in.get("/probe/whoami").status_code == 200
        assert idle.end_of(name) is None
