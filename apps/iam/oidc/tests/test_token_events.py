"""What the security log is told of tokens: each thing once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connections
from django.test import Client

from apps.core.auth.tokens import verified_claims
from apps.core.events.testing import Published
from apps.iam.audit.events import SecurityEventRecorded
from apps.iam.audit.kinds import Kind
from apps.iam.oidc.tests import identity
from apps.iam.oidc.tests.identity import Flow

pytestmark = pytest.mark.django_db
TOKENS = (Kind.TOKEN_REFRESHED, Kind.TOKEN_REPLAYED, Kind.TOKEN_REVOKED)


def told(published: Published) -> list[SecurityEventRecorded]:
    return [one for one in published if isinstance(one, SecurityEventRecorded) and one.kind in TOKENS]


def kinds(published: Published) -> list[str]:
    return [one.kind for one in told(published)]


def revoke(flow: Flow, token: str) -> Any:
    form = {"token": token, "client_id": flow.client_id, "client_secret": flow.client_secret}
    return Client().post("/oidc/revoke", form)


class TestRefreshing:
    def test_is_told_with_who_where_and_through_which_client(self, flow: Flow, mia: Any, published: Published) -> None:
        tokens = flow.tokens(mia.email)

        flow.refresh(tokens["refresh_token"])

        (one,) = told(published)
        assert (one.kind, one.outcome, one.subject_id, one.actor_id) == ("token.refreshed", "success", mia.id, mia.id)
        assert one.session_id == verified_claims(tokens["access_token"])["sid"]
        assert one.details == {"client_id": "shop", "client": "Shop"}

    def test_that_is_refused_is_not_told(self, flow: Flow, mia: Any, published: Published) -> None:
        tokens = flow.tokens(mia.email)

        flow.refresh(tokens["refresh_token"], scope="root")
        flow.refresh("made up")

        assert told(published) == []


class TestReplaying:
    def test_of_a_refresh_token_is_told_when_its_family_ends(self, flow: Flow, mia: Any, published: Published) -> None:
        tokens = flow.tokens(mia.email)
        flow.refresh(tokens["refresh_token"])

        for _ in range(3):
            flow.refresh(tokens["refresh_token"])

        refreshed, replayed = told(published)
        assert refreshed.kind == "token.refreshed"
        assert (replayed.kind, replayed.outcome, replayed.subject_id) == ("token.replayed", "denied", mia.id)
        assert replayed.details["credential"] == "refresh_token"

    def test_of_a_code_is_told_when_its_tokens_end(self, flow: Flow, mia: Any, published: Published) -> None:
        code = flow.code(mia.email)
        flow.redeem(code)

        for _ in range(2):
            flow.redeem(code)

        (replayed,) = told(published)
        assert (replayed.kind, replayed.details["credential"]) == ("token.replayed", "authorization_code")

    def test_of_what_was_given_back_is_no_news(self, flow: Flow, mia: Any, published: Published) -> None:
        tokens = flow.tokens(mia.email)
        revoke(flow, tokens["refresh_token"])

        flow.refresh(tokens["refresh_token"])

        assert kinds(published) == ["token.revoked"]

    @pytest.mark.django_db(transaction=True)
    def test_at_once_is_told_once(self, flow: Flow, mia: Any, published: Published) -> None:
        tokens = flow.tokens(mia.email)

        def refresh(_: int) -> None:
            try:
                flow.refresh(tokens["refresh_token"])
            finally:
                connections.close_all()

        with ThreadPoolExecutor(5) as pool:
            list(pool.map(refresh, range(5)))

        assert sorted(kinds(published)) == ["token.refreshed", "token.replayed"]


class TestRevoking:
    @pytest.mark.parametrize("which", ["refresh_token", "access_token"])
    def test_is_told_once(self, flow: Flow, mia: Any, published: Published, which: str) -> None:
        tokens = flow.tokens(mia.email)

        revoke(flow, tokens[which])
        revoke(flow, tokens[which])

        (one,) = told(published)
        assert (one.kind, one.subject_id, one.details["credential"]) == ("token.revoked", mia.id, which)

    def test_of_nothing_or_of_another_clients_token_is_not_told(
        self, flow: Flow, mia: Any, published: Published
    ) -> None:
        tokens = flow.tokens(mia.email)
        thief, secret = identity.second_client(client_id="thief")

        revoke(Flow(thief.client_id, secret, flow.redirect_uri, flow.browser), tokens["refresh_token"])
        revoke(flow, "made up")

        assert told(published) == []
