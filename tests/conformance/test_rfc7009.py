"""RFC 7009, Token Revocation."""

from __future__ import annotations

import pytest
from django.test import Client

from apps.iam.oidc.tests.identity import Flow, second_client, userinfo

compliance = pytest.mark.compliance


def revoke(flow: Flow, token: str, **form: str):
    client = {"client_id": flow.client_id, "client_secret": flow.client_secret}
    return Client().post("/oidc/revoke", {"token": token, **client, **form})


class TestRevocation:
    @compliance("RFC 7009", "2.1", "revoking a refresh token ends the access tokens of the same grant")
    def test_of_a_refresh_token_ends_its_access_token(self, flow: Flow, mia) -> None:
        tokens = flow.tokens(mia.email)

        answer = revoke(flow, tokens["refresh_token"])

        assert answer.status_code == 200
        assert userinfo(tokens["access_token"]).status_code == 401
        assert flow.refresh(tokens["refresh_token"]).status_code == 400

    @compliance("RFC 7009", "2.1", "an access token may be revoked")
    def test_of_an_access_token_ends_it(self, flow: Flow, mia) -> None:
        token = flow.tokens(mia.email)["access_token"]

        assert revoke(flow, token).status_code == 200
        assert userinfo(token).status_code == 401

    @compliance("RFC 7009", "2.1", "a wrong token_type_hint does not keep the token alive")
    def test_does_not_trust_the_hint(self, flow: Flow, mia) -> None:
        tokens = flow.tokens(mia.email)

        assert revoke(flow, tokens["refresh_token"], token_type_hint="access_token").status_code == 200
        assert flow.refresh(tokens["refresh_token"]).status_code == 400

    @compliance("RFC 7009", "2.2", "an unknown token is answered with 200")
    def test_of_an_unknown_token_is_answered_all_the_same(self, flow: Flow) -> None:
        assert revoke(flow, "made-up").status_code == 200

    @compliance("RFC 7009", "2.1", "a token that was given to another client is not revoked")
    def test_is_for_ones_own_tokens(self, flow: Flow, mia) -> None:
        other, secret = second_client(client_id="other")
        token = flow.tokens(mia.email)["access_token"]

        revoke(flow, token, client_id=other.client_id, client_secret=secret)

        assert userinfo(token).status_code == 200

    @compliance("RFC 7009", "2.1", "a client must authenticate")
    def test_needs_the_clients_secret(self, flow: Flow, mia) -> None:
        token = flow.tokens(mia.email)["access_token"]

        assert revoke(flow, token, client_secret="wrong").status_code == 401
        assert userinfo(token).status_code == 200
