"""Sessions as the provider begins, uses and loses them."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from uuid import UUID

import pytest
from django.core.cache import caches
from django.db import close_old_connections, transaction
from django.test import Client
from django.utils import timezone

from apps.core.auth.middleware import authenticate
from apps.core.errors import Unauthenticated
from apps.iam.oidc.tests import identity
from apps.iam.sessions import commands
from apps.iam.sessions.events import EndReason
from apps.iam.sessions.models import Session


def end(reason: EndReason = EndReason.REVOKED) -> UUID:
    """End the only session there is."""
    session = Session.objects.get(ended_at=None)
    commands.end_session(session_id=session.id, reason=reason, now=timezone.now())
    return UUID(str(session.id))


def me(token: str) -> int:
    status: int = Client().get("/api/v1/me", headers={"authorization": f"Bearer {token}"}).status_code
    return status


@pytest.mark.django_db
class TestSignIn:
    def test_begins_a_session_of_this_device(self, mia: identity.Somebody, flow: identity.Flow) -> None:
        flow.tokens(mia.email)

        session = Session.objects.get()
        assert (session.user_id, session.device, session.address) == (mia.id, "Firefox on Linux", "127.0.0.1")
        assert (session.acr, session.amr) == ("aal1", ["pwd"])
        assert (session.tenant_id, session.tenant_ids) == (mia.tenant_id, [mia.tenant_id])

    def test_once_more_in_the_same_browser_goes_on_in_it(self, mia: identity.Somebody, flow: identity.Flow) -> None:
        first = flow.tokens(mia.email)

        again = flow.browser.enter_password(flow.url(), mia.email)

        assert again.status_code == 302
        assert Session.objects.count() == 1
        assert me(first["access_token"]) == 200

    def test_in_another_browser_is_another_session(self, mia: identity.Somebody, flow: identity.Flow) -> None:
        flow.tokens(mia.email)
        flow.browser = identity.Browser()
        flow.tokens(mia.email)

        assert sorted(Session.objects.values_list("device", flat=True)) == ["Firefox on Linux", "Unknown device"]


@pytest.mark.django_db
class TestEndedSession:
    def test_makes_every_token_worthless(self, mia: identity.Somebody, flow: identity.Flow) -> None:
        tokens = flow.tokens(mia.email)
        assert me(tokens["access_token"]) == 200

        end()

        assert me(tokens["access_token"]) == 401
        assert identity.userinfo(tokens["access_token"]).status_code == 401
        assert flow.refresh(tokens["refresh_token"]).status_code == 400

    def test_leaves_no_code_to_redeem(self, mia: identity.Somebody, flow: identity.Flow) -> None:
        code = flow.code(mia.email)

        end()

        assert flow.redeem(code).status_code == 400

    def test_asks_for_the_password_again(self, mia: identity.Somebody, flow: identity.Flow) -> None:
        flow.tokens(mia.email)

        end()

        assert flow.browser.go(flow.url()).url.startswith("/sign-in/")

    def test_opens_nothing_though_redis_was_away_when_it_ended(
        self, mia: identity.Somebody, flow: identity.Flow, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        flow.tokens(mia.email)
        monkeypatch.setattr("apps.iam.oidc.sessions.destroy", lambda sid: None)
        kept = caches["sessions"].keys("provider.*")

        end()

        assert set(kept) <= set(caches["sessions"].keys("provider.*"))
        assert flow.browser.go(flow.url()).url.startswith("/sign-in/")

    def test_begins_anew_with_the_next_sign_in(self, mia: identity.Somebody, flow: identity.Flow) -> None:
        flow.tokens(mia.email)
        former = end()

        tokens = flow.tokens(mia.email)

        assert me(tokens["access_token"]) == 200
        assert Session.objects.filter(ended_at=None).exclude(id=former).count() == 1


@pytest.mark.django_db(transaction=True)
class TestOtherProcesses:
    """Another thread has connections of its own, as another process would."""

    def test_refuse_the_token_from_the_commit_on(self, mia: identity.Somebody, flow: identity.Flow) -> None:
        token = flow.tokens(mia.email)["access_token"]

        with ThreadPoolExecutor(1) as elsewhere:
            assert elsewhere.submit(_is_accepted, token).result()
            end()
            assert not elsewhere.submit(_is_accepted, token).result()
            elsewhere.submit(close_old_connections).result()

    def test_issue_no_token_into_a_session_that_is_being_ended(
        self, mia: identity.Somebody, flow: identity.Flow
    ) -> None:
        """Whoever comes second waits for the session's row: to be refused, or to find the tokens and revoke them."""
        tokens = flow.tokens(mia.email)
        ending, refreshed = threading.Event(), []

        def refresh() -> None:
            ending.wait(10)
            refreshed.append(flow.refresh(tokens["refresh_token"]).status_code)

        rival = threading.Thread(target=refresh)
        rival.start()
        with transaction.atomic(using="default"):
            end()
            ending.set()
        rival.join(20)

        assert refreshed == [400]


def _is_accepted(token: str) -> bool:
    try:
        authenticate(token)
    except Unauthenticated:
        return False
    return True
