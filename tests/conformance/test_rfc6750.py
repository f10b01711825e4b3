"""RFC 6750, Bearer Token Usage: at the provider's own protected resource (userinfo) and at the API."""

from __future__ import annotations

import pytest
from django.test import Client

from apps.iam.oidc.tests.identity import Flow

compliance = pytest.mark.compliance


class TestPresentingTheToken:
    @compliance("RFC 6750", "2.1", "a token in the Authorization header is accepted")
    def test_in_the_header_is_accepted(self, flow: Flow, mia) -> None:
        token = flow.tokens(mia.email)["access_token"]

        assert Client(headers={"authorization": f"Bearer {token}"}).get("/api/v1/me").status_code == 200

    @compliance("RFC 6750", "2.1", "the scheme's name is not case-sensitive")
    def test_knows_the_scheme_however_it_is_written(self, flow: Flow, mia) -> None:
        token = flow.tokens(mia.email)["access_token"]

        assert Client(headers={"authorization": f"bearer {token}"}).get("/api/v1/me").status_code == 200

    @compliance("RFC 6750", "2.3", "a token in the query is not accepted (RFC 9700 §4.3.2)")
    @pytest.mark.parametrize("path", ["/oidc/userinfo", "/api/v1/me"])
    def test_in_the_query_is_not(self, flow: Flow, mia, path: str) -> None:
        token = flow.tokens(mia.email)["access_token"]

        assert Client().get(path, {"access_token": token}).status_code == 401

    @compliance("RFC 6750", "2.2", "a token in a form body is not accepted by the API")
    def test_in_a_body_is_not(self, flow: Flow, mia) -> None:
        token = flow.tokens(mia.email)["access_token"]

        assert Client().post("/api/v1/orders", {"access_token": token}).status_code == 401


class TestRefusing:
    @compliance("RFC 6750", "3", "without a token the answer is 401 with a Bearer challenge and no error code")
    @pytest.mark.parametrize("path", ["/oidc/userinfo", "/api/v1/me"])
    def test_without_a_token_challenges(self, db, path: str) -> None:
        answer = Client().get(path)

        assert answer.status_code == 401
        assert answer["WWW-Authenticate"].startswith("Bearer")
        assert "invalid_token" not in answer["WWW-Authenticate"]

    @compliance("RFC 6750", "3.1", "a token that is wrong or over is answered with 401 and invalid_token")
    @pytest.mark.parametrize("path", ["/oidc/userinfo", "/api/v1/me"])
    def test_a_wrong_token_is_said_to_be_invalid(self, db, path: str) -> None:
        answer = Client(headers={"authorization": "Bearer made-up"}).get(path)

        assert answer.status_code == 401
        assert 'error="invalid_token"' in answer["WWW-Authenticate"]

    @compliance("RFC 6750", "3.1", "a token without the scope that is needed does not open the resource")
    def test_a_token_without_the_scope_opens_nothing(self, flow: Flow, mia) -> None:
        code = flow.answer(mia.email, scope="openid")["code"]
        token = flow.redeem(code).json()["access_token"]

        assert Client(headers={"authorization": f"Bearer {token}"}).get("/api/v1/me").status_code in (401, 403)
