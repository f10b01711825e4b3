"""OpenID Connect Discovery 1.0 and RFC 8414: what the provider says of itself is true and complete."""

from __future__ import annotations

import base64
from urllib.parse import urlsplit

import pytest
from django.conf import settings
from django.test import Client

from apps.iam.oidc.tests.identity import Flow

compliance = pytest.mark.compliance
DOCUMENTS = ["/.well-known/openid-configuration", "/.well-known/oauth-authorization-server"]


@pytest.fixture(params=DOCUMENTS)
def document(request, db) -> dict:
    return Client().get(request.param).json()


class TestMetadata:
    @compliance("OpenID Connect Discovery", "4.3", "the issuer is exactly the one that the document is found at")
    def test_names_the_issuer(self, document: dict) -> None:
        assert document["issuer"] == settings.OIDC_ISSUER

    @compliance("RFC 8414", "2", "every endpoint that is announced exists, below the issuer")
    def test_announces_no_endpoint_that_is_not_there(self, document: dict) -> None:
        endpoints = {name: url for name, url in document.items() if name.endswith(("_endpoint", "jwks_uri"))}

        assert len(endpoints) >= 5
        for name, url in endpoints.items():
            assert url.startswith(f"{settings.OIDC_ISSUER}/"), name
            assert Client().get(urlsplit(url).path).status_code != 404, name

    @compliance("OpenID Connect Discovery", "3", "only the code flow, and no grant that OAuth 2.1 dropped")
    def test_announces_no_flow_that_is_gone(self, document: dict) -> None:
        assert document["response_types_supported"] == ["code"]
        assert not {"implicit", "password"} & set(document["grant_types_supported"])

    @compliance("RFC 8414", "2", "S256 is the only code challenge method")
    def test_announces_s256_alone(self, document: dict) -> None:
        assert document["code_challenge_methods_supported"] == ["S256"]

    @compliance("OpenID Connect Discovery", "3", "alg none is never announced")
    def test_announces_no_unsigned_tokens(self, document: dict) -> None:
        assert "none" not in document.get("id_token_signing_alg_values_supported", [])

    @compliance("OpenID Connect Discovery", "4.2", "browsers of other origins may read it")
    @pytest.mark.parametrize("path", [*DOCUMENTS, "/oidc/jwks"])
    def test_may_be_read_from_other_origins(self, db, path: str) -> None:
        assert Client().get(path)["Access-Control-Allow-Origin"] == "*"

    @compliance("RFC 8414", "3", "the document is JSON, and says the same as that of OpenID Connect")
    def test_is_one_truth_at_two_places(self, db) -> None:
        answers = [Client().get(path) for path in DOCUMENTS]
        openid, oauth = (answer.json() for answer in answers)

        assert {answer["Content-Type"].split(";")[0] for answer in answers} == {"application/json"}
        assert {name: openid[name] for name in oauth} == oauth

    @compliance("RFC 8414", "2", "what must be announced is")
    def test_announces_what_it_must(self, document: dict) -> None:
        assert {"authorization_endpoint", "token_endpoint", "jwks_uri", "response_types_supported"} <= document.keys()
        assert {"openid", "profile", "email"} <= set(document["scopes_supported"])

    @compliance("OpenID Connect Discovery", "3", "what must be announced is, RS256 among the algorithms")
    def test_announces_what_openid_connect_needs(self, db) -> None:
        document = Client().get(DOCUMENTS[0]).json()

        assert "RS256" in document["id_token_signing_alg_values_supported"]
        assert {"public", "pairwise"} == set(document["subject_types_supported"])
        assert {"sub", "iss", "auth_time", "acr", "email", "name"} <= set(document["claims_supported"])

    @compliance("OpenID Connect Discovery", "3", "request objects are announced as not supported: the default is yes")
    def test_announces_that_request_objects_are_not_taken(self, db) -> None:
        document = Client().get(DOCUMENTS[0]).json()

        assert document["request_parameter_supported"] is document["request_uri_parameter_supported"] is False

    @compliance("RFC 8414", "2", "every way to authenticate that is announced works, and no other")
    def test_announces_how_clients_authenticate(self, document: dict, flow: Flow, mia) -> None:
        announced = set(document["token_endpoint_auth_methods_supported"])
        pair = base64.b64encode(f"{flow.client_id}:{flow.client_secret}".encode()).decode()
        form = {"grant_type": "refresh_token", "refresh_token": flow.tokens(mia.email)["refresh_token"]}

        basic = Client(headers={"authorization": f"Basic {pair}"}).post("/oidc/token", form)
        posted = flow.refresh(basic.json()["refresh_token"])

        assert announced == {"client_secret_basic", "client_secret_post", "none"}
        assert (basic.status_code, posted.status_code) == (200, 200)

    @compliance("RFC 8414", "2", "every grant that is announced is known, and no other")
    def test_announces_the_grants_it_knows(self, document: dict, flow: Flow) -> None:
        def answer(grant: str) -> str:
            client = {"client_id": flow.client_id, "client_secret": flow.client_secret}
            return str(Client().post("/oidc/token", {"grant_type": grant, **client}).json()["error"])

        assert "unsupported_grant_type" not in {answer(grant) for grant in document["grant_types_supported"]}
        assert answer("password") == answer("urn:ietf:params:oauth:grant-type:jwt-bearer") == "unsupported_grant_type"

    @compliance("RFC 8414", "2", "the code comes in the query, the one response mode that is announced")
    def test_announces_how_the_code_comes(self, document: dict, flow: Flow, mia) -> None:
        flow.code(mia.email)

        fragment = flow.browser.go(flow.url(response_mode="fragment"))

        assert document["response_modes_supported"] == ["query"]
        assert "#" not in fragment.get("Location", "")


class TestKeys:
    @compliance("RFC 7517", "4", "every key has an id, a use and an algorithm, and no private half")
    def test_are_public_and_named(self, db) -> None:
        keys = Client().get("/oidc/jwks").json()["keys"]

        assert keys
        for key in keys:
            assert {"kid", "kty", "use", "alg"} <= key.keys()
            assert not {"d", "p", "q", "dp", "dq", "qi", "k"} & key.keys()
        assert len({key["kid"] for key in keys}) == len(keys)
