"""RFC 9207, Authorization Server Issuer Identification: the answer to the mix-up attack."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import pytest
from django.conf import settings
from django.test import Client

from apps.iam.oidc.tests.identity import Flow

compliance = pytest.mark.compliance


class TestIssuer:
    @compliance("RFC 9207", "2", "a successful answer names the issuer")
    def test_is_named_with_a_code(self, flow: Flow, mia) -> None:
        assert flow.answer(mia.email)["iss"] == settings.OIDC_ISSUER

    @compliance("RFC 9207", "2", "an error names the issuer too, once")
    def test_is_named_with_an_error(self, flow: Flow, mia) -> None:
        flow.code(mia.email)

        answer = flow.browser.go(flow.url(scope="everything"))

        assert parse_qs(urlsplit(answer.url).query)["iss"] == [settings.OIDC_ISSUER]

    @compliance("RFC 9207", "2.4", "the issuer cannot be named by whoever makes the request")
    def test_is_not_taken_from_the_request(self, flow: Flow, mia) -> None:
        assert flow.answer(mia.email, iss="https://evil.example")["iss"] == settings.OIDC_ISSUER

    @compliance("RFC 9207", "3", "the metadata announces it")
    def test_is_announced(self, db) -> None:
        document = Client().get("/.well-known/oauth-authorization-server").json()

        assert document["authorization_response_iss_parameter_supported"] is True
        assert document["issuer"] == settings.OIDC_ISSUER
