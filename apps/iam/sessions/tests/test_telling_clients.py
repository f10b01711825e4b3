"""Clients hear of the end of sessions (OpenID Connect Back-Channel Logout 1.0 §2)."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any
from urllib.parse import parse_qs

import pytest
from django.test import Client
from django.utils import timezone
from joserfc import jwt
from joserfc.jwk import KeySet

from apps.core.resilience.breaker import State
from apps.iam.oidc.tests import identity
from apps.iam.sessions import commands, queries
from apps.iam.sessions.commands.tell_clients import MOST_ATTEMPTS, wait_s
from apps.iam.sessions.dependencies import SIGN_OUT_LISTENERS
from apps.iam.sessions.events import EndReason
from apps.iam.sessions.models import LogoutNotice, Session

pytestmark = pytest.mark.django_db


class Receiver(BaseHTTPRequestHandler):
    """A client's endpoint: keeps the tokens and answers with the status of the moment."""

    tokens: list[str]
    status: int

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        self.tokens.append(parse_qs(body)["logout_token"][0])
        self.send_response(self.status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *args: Any) -> None:
        """Nothing."""


@pytest.fixture(autouse=True)
def _on_this_machine(settings: Any) -> None:
    settings.OUTBOUND_PRIVATE_ADDRESSES = True


@pytest.fixture
def receiver() -> Iterator[str]:
    """The address of a client's endpoint."""
    Receiver.tokens, Receiver.status = [], 200
    with HTTPServer(("127.0.0.1", 0), Receiver) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/logout"
        server.shutdown()
        thread.join(10)


@pytest.fixture
def ended(mia: identity.Somebody, flow: identity.Flow, receiver: str) -> LogoutNotice:
    """Mia's session at the shop has just ended."""
    listen(flow, receiver)
    flow.tokens(mia.email)
    commands.end_session(
        session_id=Session.objects.get().id, reason=EndReason.REVOKED, now=timezone.now() - timedelta(seconds=1)
    )
    return LogoutNotice.objects.get()


def listen(flow: identity.Flow, uri: str) -> None:
    """Register the shop's endpoint."""
    client = identity.Application.objects.get(client_id=flow.client_id)
    client.backchannel_logout_uri = uri
    client.save()


def deliver(notice: LogoutNotice, now: Any = None) -> bool:
    heard = commands.deliver_notice(notice_id=notice.id, now=now or timezone.now())
    notice.refresh_from_db()
    return heard


class TestLogoutToken:
    def test_says_which_session_of_whom_has_ended(self, mia: identity.Somebody, ended: LogoutNotice) -> None:
        assert deliver(ended)

        [token] = Receiver.tokens
        decoded = jwt.decode(
            token, KeySet.import_key_set(Client().get("/oidc/jwks").json()), algorithms=["ES256", "RS256"]
        )
        claims = decoded.claims
        assert decoded.header["typ"] == "logout+jwt"
        assert (claims["iss"], claims["aud"]) == ("http://testserver", "shop")
        assert (claims["sid"], claims["sub"]) == (str(ended.session_id), str(mia.id))
        assert claims["events"] == {"http://schemas.openid.net/event/backchannel-logout": {}}
        assert 0 < claims["exp"] - claims["iat"] <= 120
        assert claims["jti"]
        assert "nonce" not in claims


class TestDelivery:
    def test_happens_once(self, ended: LogoutNotice) -> None:
        assert [deliver(ended), deliver(ended, timezone.now() + timedelta(days=1))] == [True, False]
        assert (ended.status, ended.attempts, len(Receiver.tokens)) == ("delivered", 1, 1)

    def test_is_tried_again_later_with_another_token(self, ended: LogoutNotice) -> None:
        Receiver.status = 500
        assert not deliver(ended)
        assert not deliver(ended), "too early"
        Receiver.status = 204

        assert deliver(ended, timezone.now() + timedelta(seconds=wait_s(1) + 1))
        assert (ended.status, ended.attempts, len(set(Receiver.tokens))) == ("delivered", 2, 2)

    def test_follows_no_redirect(self, ended: LogoutNotice) -> None:
        Receiver.status = 302

        assert not deliver(ended)
        assert ended.last_error == "answered 302"

    def test_waits_longer_each_time_and_ends(self, ended: LogoutNotice, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(SIGN_OUT_LISTENERS, "forced", State.CLOSED)  # it would be left alone after five of them
        Receiver.status, now = 503, timezone.now()

        waits = []
        for _ in range(MOST_ATTEMPTS):
            deliver(ended, now)
            waits.append((ended.next_attempt_at - now).total_seconds())
            now = ended.next_attempt_at

        assert waits[:4] == [5, 10, 20, 40]
        assert max(waits) == 3600
        assert ended.status == "given_up"
        assert not deliver(ended, now)
        assert len(Receiver.tokens) == MOST_ATTEMPTS

    def test_that_was_not_tried_is_no_attempt(self, ended: LogoutNotice, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(SIGN_OUT_LISTENERS, "forced", State.OPEN)

        assert not deliver(ended)
        assert (ended.status, ended.attempts, ended.next_attempt_at > timezone.now()) == ("pending", 0, True)

        monkeypatch.undo()
        assert deliver(ended, ended.next_attempt_at)

    def test_does_not_lead_into_our_own_network(self, ended: LogoutNotice, settings: Any) -> None:
        settings.OUTBOUND_PRIVATE_ADDRESSES = False

        assert not deliver(ended)
        assert "https" in ended.last_error
        assert Receiver.tokens == []

    def test_that_was_lost_is_found_when_it_is_due(self, ended: LogoutNotice) -> None:
        now = timezone.now()

        assert queries.due_notices(now=now, limit=10) == [ended.id]
        deliver(ended)
        assert queries.due_notices(now=now + timedelta(days=1), limit=10) == []

    def test_is_a_job_of_its_own(
        self, ended: LogoutNotice, drain: Any, django_capture_on_commit_callbacks: Any
    ) -> None:
        """The job itself is run by a worker: tests/journeys."""
        from apps.iam.sessions import handlers
        from apps.iam.sessions.events import SessionEnded

        with django_capture_on_commit_callbacks() as jobs:
            handlers.tell_clients(
                SessionEnded(
                    session_id=ended.session_id, user_id=ended.session.user_id, kind="sign_in", reason="revoked"
                )
            )

        assert len(jobs) == 1
        assert Receiver.tokens == []


class TestWhoIsTold:
    def test_is_no_client_that_gave_no_address(self, mia: identity.Somebody, flow: identity.Flow) -> None:
        flow.tokens(mia.email)

        commands.end_session(session_id=Session.objects.get().id, reason=EndReason.SIGNED_OUT, now=timezone.now())

        assert not LogoutNotice.objects.exists()

    def test_is_no_client_that_was_given_no_token(
        self,
        mia: identity.Somebody,
        flow: identity.Flow,
        receiver: str,
    ) -> None:
        flow.tokens(mia.email)
        identity.second_client(client_id="bystander", backchannel_logout_uri=receiver)

        commands.end_session(session_id=Session.objects.get().id, reason=EndReason.SIGNED_OUT, now=timezone.now())

        assert not LogoutNotice.objects.exists()
