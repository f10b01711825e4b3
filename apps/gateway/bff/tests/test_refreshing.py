"""Access tokens are replaced before they end, once, and a session that cannot be refreshed is over."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier, Event, Semaphore
from typing import Any

import msgspec
import pytest
from django.conf import settings
from django.core.cache import caches
from django.db import connections
from redis.lock import Lock

from apps.gateway.bff import refreshing, relying_party, vault
from apps.gateway.bff.tests.conftest import identity, sign_in

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.urls("apps.gateway.bff.tests.probe")]
BFF = settings.BFF_COOKIE_NAME


def vault_id() -> str:
    """The record of the only session there is."""
    [key] = caches["sessions"].keys("bff.tokens.*")
    return str(key).removeprefix("bff.tokens.")


def age(name: str, *, left_s: float = 0.0, **changes: Any) -> vault.Tokens:
    """Let the session believe that its access token ends in `left_s`."""
    tokens = vault.read(name)
    assert tokens is not None
    aged = msgspec.structs.replace(tokens, expires_at=time.time() + left_s, **changes)
    vault.keep(name, aged)
    return aged


class Slow:
    """A provider that lets others wait."""

    def __init__(self) -> None:
        self.asked, self.may_answer = Event(), Event()


def fresh(name: str) -> Any:
    """What a request in a thread of its own gets."""
    try:
        return refreshing.fresh_tokens(name)
    finally:
        connections.close_all()


def refreshes(outcome: str) -> float:
    return float(refreshing._refreshes.labels(outcome)._value.get())


class TestRefreshing:
    def test_happens_before_the_end_and_not_earlier(self, signed_in: Any) -> None:
        first = signed_in.get("/probe/whoami").json()["token"]
        second = signed_in.get("/probe/whoami").json()["token"]
        age(vault_id(), left_s=settings.BFF_REFRESH_BEFORE_EXPIRY_S - 1)

        third = signed_in.get("/probe/whoami").json()["token"]

        assert first == second != third

    def test_keeps_person_and_end_of_session(self, mia: Any, signed_in: Any) -> None:
        before = age(vault_id())

        signed_in.get("/probe/whoami")

        after = vault.read(vault_id())
        assert after is not None
        assert after.refresh_token != before.refresh_token
        assert (after.ends_at, after.subject, after.sid) == (before.ends_at, str(mia.id), before.sid)

    def test_of_fifty_requests_at_once_is_one_and_nobody_is_signed_out(self, signed_in: Any) -> None:
        age(vault_id())
        before, cookie, start = refreshes("done"), signed_in.cookies[BFF].value, Barrier(50, timeout=30)

        def request(_: int) -> Any:
            one = identity.Browser()
            one.cookies[BFF] = cookie
            start.wait()
            try:
                return one.get("/probe/whoami").json()
            finally:
                connections.close_all()

        with ThreadPoolExecutor(50) as pool:
            answers = list(pool.map(request, range(50)))

        assert [answer for answer in answers if not answer.get("subject")] == []
        assert len({answer["token"] for answer in answers}) == 1
        assert refreshes("done") - before == 1
        assert signed_in.get("/probe/whoami").status_code == 200

    def test_is_not_undone_by_a_slow_request_that_writes_the_session(self, signed_in: Any) -> None:
        age(vault_id())
        signed_in.get("/probe/whoami")
        refreshed = vault.read(vault_id())

        signed_in.get("/probe/flash")

        assert vault.read(vault_id()) == refreshed


class TestCrash:
    """Of a process in the middle of a refresh."""

    def test_before_the_provider_was_asked_keeps_others_waiting_as_long_as_its_lease(
        self, signed_in: Any, settings: Any
    ) -> None:
        age(vault_id())
        settings.BFF_REFRESH_LEASE_S = 0.1
        caches["sessions"].lock(f"bff.refresh.{vault_id()}", timeout=settings.BFF_REFRESH_LEASE_S).acquire()

        assert signed_in.get("/probe/whoami").status_code == 200

    def test_before_its_answer_was_kept_signs_nobody_out(self, signed_in: Any) -> None:
        lost = relying_party.RelyingParty().refresh(age(vault_id()))

        assert signed_in.get("/probe/whoami").status_code == 200
        assert identity.userinfo(lost.access_token).status_code == 401
        age(vault_id())
        assert signed_in.get("/probe/whoami").status_code == 200

    def test_is_not_taken_for_one_when_it_is_too_long_ago_or_the_answer_was_used(
        self, signed_in: Any, settings: Any
    ) -> None:
        asked = age(vault_id())
        relying_party.RelyingParty().refresh(relying_party.RelyingParty().refresh(asked))

        assert signed_in.get("/probe/whoami").status_code == 401

    def test_of_somebody_elses_client_is_a_replay(self, mia: Any, signed_in: Any) -> None:
        _, secret = identity.second_client()
        flow = identity.Flow("shop", secret, identity.SECOND_CLIENT_URI, identity.Browser())
        first = flow.tokens(mia.email)["refresh_token"]

        assert [flow.refresh(first).status_code for _ in range(2)] == [200, 400]


class TestLease:
    @pytest.fixture
    def slow(self, monkeypatch: Any, settings: Any) -> Any:
        """A provider that answers when `then` says so; `asked` is set once it was asked."""
        settings.BFF_REFRESH_LEASE_S = 0.15
        refresh, provider = relying_party.RelyingParty.refresh, Slow()

        def slowly(party: Any, tokens: vault.Tokens) -> vault.Tokens:
            provider.asked.set()
            assert provider.may_answer.wait(20)
            return refresh(party, tokens)

        monkeypatch.setattr(relying_party.RelyingParty, "refresh", slowly)
        return provider

    def test_is_renewed_while_the_provider_takes_its_time(self, signed_in: Any, slow: Any, monkeypatch: Any) -> None:
        name, before = vault_id(), refreshes("done")
        aged, renewed = age(name), Semaphore(0)
        reacquire = Lock.reacquire
        monkeypatch.setattr(Lock, "reacquire", lambda lock: (reacquire(lock), renewed.release()))

        with ThreadPoolExecutor(2) as pool:
            first = pool.submit(fresh, name)
            assert slow.asked.wait(20)
            second = pool.submit(fresh, name)
            assert all(renewed.acquire(timeout=20) for _ in range(5))  # longer than the lease
            slow.may_answer.set()
            answers = {first.result(20).access_token, second.result(20).access_token}

        assert len(answers) == 1
        assert aged.access_token not in answers
        assert refreshes("done") - before == 1

    def test_that_was_lost_lets_nothing_be_written(self, signed_in: Any, slow: Any) -> None:
        name = vault_id()
        aged = age(name, left_s=20)

        with ThreadPoolExecutor(1) as pool:
            overtaken = pool.submit(fresh, name)
            assert slow.asked.wait(20)
            caches["sessions"].set(f"bff.refresh.{name}", "another's")
            slow.may_answer.set()

            assert overtaken.result(20) == aged
        assert vault.read(name) == aged

    def test_that_was_lost_ends_no_session(self, signed_in: Any, slow: Any) -> None:
        name = vault_id()
        aged = age(name, left_s=20, refresh_token="made-up")

        with ThreadPoolExecutor(1) as pool:
            overtaken = pool.submit(fresh, name)
            assert slow.asked.wait(20)
            caches["sessions"].delete(f"bff.refresh.{name}")
            slow.may_answer.set()

            assert overtaken.result(20) == aged


class TestRefused:
    def test_refresh_ends_the_session(self, signed_in: Any) -> None:
        age(vault_id(), refresh_token="made-up")

        api = signed_in.get("/probe/whoami")
        page = signed_in.get("/probe/page")

        assert api.status_code == 401
        assert page.url.startswith("/auth/login?next=")
        assert BFF not in signed_in.cookies
        assert not caches["sessions"].keys("bff.tokens.*")

    def test_stolen_refresh_token_ends_the_session_it_was_stolen_from(self, signed_in: Any, settings: Any) -> None:
        settings.BFF_REFRESH_GRACE_S = 0
        name = vault_id()
        stolen = age(name)
        relying_party.RelyingParty().refresh(stolen)

        assert signed_in.get("/probe/whoami").status_code == 401

    def test_person_who_was_suspended_is_out_at_the_next_refresh(self, mia: Any, signed_in: Any) -> None:
        from importlib import import_module

        age(vault_id())
        import_module("apps.iam.users.commands").suspend_user(user_id=mia.id)

        assert signed_in.get("/probe/whoami").status_code == 401

    def test_answer_about_somebody_else_ends_the_session(self, signed_in: Any) -> None:
        age(vault_id(), subject="somebody else")

        assert signed_in.get("/probe/whoami").status_code == 401

    @pytest.mark.parametrize("changed", [{"tenant": "another"}, {"sid": "another"}])
    def test_answer_for_another_tenant_or_session_ends_the_session(self, signed_in: Any, changed: Any) -> None:
        age(vault_id(), **changed)

        assert signed_in.get("/probe/whoami").status_code == 401


class TestProviderAway:
    """The provider is asked over HTTP at an address where nobody listens."""

    @pytest.fixture(autouse=True)
    def away(self, signed_in: Any, settings: Any) -> None:
        settings.SERVICES = ["gateway"]
        settings.OIDC_OP_TOKEN_ENDPOINT = "http://127.0.0.1:9/oidc/token"
        settings.OIDC_TIMEOUT = 2

    def test_old_token_serves_while_it_lasts(self, signed_in: Any, settings: Any) -> None:
        settings.SERVICES, settings.OIDC_RP_ISSUER = ["gateway", "iam"], "https://elsewhere.example"
        age(vault_id(), left_s=20)

        assert signed_in.get("/probe/whoami").status_code == 200

    def test_then_the_answer_is_503_and_the_session_stays(self, signed_in: Any) -> None:
        age(vault_id())

        api = signed_in.get("/probe/whoami")
        page = signed_in.get("/probe/page", headers={"Accept": "text/html"})

        assert (api.status_code, page.status_code) == (503, 503)
        assert api["Content-Type"] == "application/problem+json"
        assert api.json()["code"] == "provider_unavailable"
        assert BFF in signed_in.cookies
        assert vault.read(vault_id()) is not None

    def test_waiting_for_another_refresh_has_an_end(self, signed_in: Any, settings: Any) -> None:
        settings.BFF_REFRESH_WAIT_S = 0.1
        age(vault_id())
        held = caches["sessions"].lock(f"bff.refresh.{vault_id()}", timeout=30)
        held.acquire()

        assert signed_in.get("/probe/whoami").status_code == 503
        held.release()

    def test_signing_out_works_all_the_same(self, signed_in: Any, settings: Any) -> None:
        settings.OIDC_OP_REVOCATION_ENDPOINT = "http://127.0.0.1:9/oidc/revoke"
        csrf = signed_in.get("/auth/session").json()["csrfToken"]

        assert signed_in.post("/auth/logout", headers={"X-CSRFToken": csrf}).status_code == 303
        assert signed_in.get("/probe/whoami").status_code == 401

    def test_signing_in_says_so(self, mia: Any, signed_in: Any) -> None:
        other = identity.Browser()

        assert sign_in(other, mia.email).status_code == 503


class TestSessionsAway:
    def test_answer_is_503_and_the_cookie_stays(self, signed_in: Any, settings: Any) -> None:
        key = signed_in.cookies[BFF].value
        away = {**settings.CACHES["sessions"], "LOCATION": "redis://127.0.0.1:9/0"}
        settings.CACHES = {**settings.CACHES, "sessions": away}

        response = signed_in.get("/probe/whoami")

        assert response.status_code == 503
        assert response.json()["code"] == "sessions_unavailable"
        assert signed_in.cookies[BFF].value == key
