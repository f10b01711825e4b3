"""RFC 7662, Token Introspection."""

from __future__ import annotations

import pytest
from django.test import Client

from apps.iam.oidc.tests import identity
from apps.iam.oidc.tests.identity import Flow, second_client

compliance = pytest.mark.compliance


def introspect(client_id: str, secret: str, token: str):
    return Client().post("/oidc/introspect", {"token": token, "client_id": client_id, "client_secret": secret})


class TestIntrospection:
    @compliance("RFC 7662", "2.2", "a live token is active, with subject, client, scope and times")
    def test_tells_of_a_live_token(self, flow: Flow, mia) -> None:
        token = flow.tokens(mia.email)["access_token"]

        said = introspect(flow.client_id, flow.client_secret, token).json()

        assert said["active"] is True
        assert (said["sub"], said["client_id"]) == (str(mia.id), flow.client_id)
        assert set(said["scope"].split()) == {"openid", "profile", "email", "api"}
        assert said["exp"] > said["iat"]

    @compliance(
        "RFC 7662", "2.2", "of a token that is unknown, revoked or over, nothing is told but that it is not active"
    )
    def test_tells_nothing_else_of_a_token_that_is_over(self, flow: Flow, mia) -> None:
        tokens = flow.tokens(mia.email)
        client = {"client_id": flow.client_id, "client_secret": flow.client_secret}
        Client().post("/oidc/revoke", {"token": tokens["refresh_token"], **client})

        assert introspect(flow.client_id, flow.client_secret, tokens["access_token"]).json() == {"active": False}
        assert introspect(flow.client_id, flow.client_secret, "made-up").json() == {"active": False}

    @compliance("RFC 7662", "2.1", "the caller must authenticate")
    def test_is_for_clients_that_authenticate(self, flow: Flow, mia) -> None:
        token = flow.tokens(mia.email)["access_token"]

        assert introspect(flow.client_id, "wrong", token).status_code == 401
        assert Client().post("/oidc/introspect", {"token": token}).status_code == 401

    @compliance("RFC 7662", "4", "a client of another company learns nothing")
    def test_tells_a_client_of_another_company_nothing(self, flow: Flow, mia) -> None:
        globex = identity.company("globex")
        spy, secret = second_client(client_id="spy", tenant_id=globex.id)
        token = flow.tokens(mia.email)["access_token"]

        assert introspect(spy.client_id, secret, token).json() == {"active": False}
