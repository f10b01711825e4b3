"""RFC 8693, OAuth 2.0 Token Exchange, as far as it is offered: an administrator acts as somebody, under both names."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest
import time_machine
from django.test import Client

from apps.iam.oidc.models import Application
from apps.iam.oidc.tests import identity
from apps.iam.oidc.tests.identity import SECOND_CLIENT_URI, Browser, Flow, second_client
from apps.iam.oidc.tests.once import Kept
from tests.conformance.test_rfc9068 import parts, status_at_api

compliance = pytest.mark.compliance
GRANT = "urn:ietf:params:oauth:grant-type:token-exchange"
ACCESS_TOKEN = "urn:ietf:params:oauth:token-type:access_token"
JWT = "urn:ietf:params:oauth:token-type:jwt"
Exchange = Callable[..., Any]


@pytest.fixture(scope="class")
def olive(acme: Any) -> Any:
    """An owner of Mia's company."""
    return identity.member_of(acme, "olive@acme.example", "owner")


@pytest.fixture(scope="class")
def signed_in_at_the_console(olive: Any) -> tuple[Flow, str, Kept]:
    """A client that is trusted with the exchange, Olive's access token for it, and her sign-in."""
    client, secret = second_client(client_id="console", may_exchange_tokens=True)
    flow = Flow(client.client_id, secret, SECOND_CLIENT_URI, Browser())
    token = str(flow.tokens(olive.email)["access_token"])
    return flow, token, Kept(flow.browser)


@pytest.fixture
def console(signed_in_at_the_console: tuple[Flow, str, Kept]) -> Flow:
    """The client, and the browser of Olive."""
    flow, _, kept = signed_in_at_the_console
    kept.given_to(flow.browser)
    return flow


@pytest.fixture
def actor_token(signed_in_at_the_console: tuple[Flow, str, Kept]) -> str:
    return signed_in_at_the_console[1]


def leave_for(person: Any, actor_token: str) -> str:
    """A subject token: leave for the actor to act as this person."""
    headers = {"authorization": f"Bearer {actor_token}"}
    path, form = f"/api/v1/users/{person.id}/impersonation", {"reason": "Ticket 4711"}
    answer = Client().post(path, form, content_type="application/json", headers=headers)
    return str(answer.json()["data"]["subject_token"])


@pytest.fixture
def exchange(console: Flow, actor_token: str, mia: Any) -> Exchange:
    """POST to the token endpoint; a parameter of None is left out."""

    def post(**changes: str | None) -> Any:
        form = {
            "grant_type": GRANT,
            "client_id": console.client_id,
            "client_secret": console.client_secret,
            "subject_token_type": JWT,
            "actor_token": actor_token,
            "actor_token_type": ACCESS_TOKEN,
            **({} if "subject_token" in changes else {"subject_token": leave_for(mia, actor_token)}),
            **changes,
        }
        return Client().post("/oidc/token", {name: value for name, value in form.items() if value is not None})

    return post


class TestExchange:
    @compliance("RFC 8693", "2.2.1", "the answer names the type of what was issued, and no cache keeps it")
    def test_answers_with_the_type(self, exchange: Exchange) -> None:
        answer = exchange()
        said = answer.json()

        assert answer.status_code == 200
        assert (said["issued_token_type"], said["token_type"]) == (ACCESS_TOKEN, "Bearer")
        assert said["expires_in"] > 0
        assert "no-store" in answer["Cache-Control"]

    @compliance("RFC 8693", "4.1", "the token is about the subject, and names the actor in act")
    def test_names_both(self, exchange: Exchange, mia: Any, olive: Any) -> None:
        _, claims = parts(exchange().json()["access_token"])

        assert (claims["sub"], claims["act"]) == (str(mia.id), {"sub": str(olive.id)})

    @compliance("RFC 8693", "2.1", "the scope is narrowed to what the exchange is for")
    def test_gives_the_narrow_scope(self, exchange: Exchange) -> None:
        assert parts(exchange().json()["access_token"])[1]["scope"] == "api"

    @compliance("RFC 8693", "4.1", "a refreshed token still names the actor")
    def test_names_both_after_a_refresh(self, exchange: Exchange, console: Flow, mia: Any, olive: Any) -> None:
        refreshed = console.refresh(exchange().json()["refresh_token"]).json()

        _, claims = parts(refreshed["access_token"])
        assert (claims["sub"], claims["act"]["sub"]) == (str(mia.id), str(olive.id))

    @compliance("RFC 8693", "1", "the grant type is announced")
    def test_is_announced(self, db: None) -> None:
        assert GRANT in Client().get("/.well-known/oauth-authorization-server").json()["grant_types_supported"]


class TestRefusing:
    @compliance("RFC 8693", "2.1", "subject and actor token are needed, of the types that are offered")
    @pytest.mark.parametrize(
        "changes",
        [
            {"subject_token": None},
            {"subject_token_type": None},
            {"subject_token_type": ACCESS_TOKEN},
            {"actor_token": None},
            {"actor_token_type": None},
            {"actor_token_type": JWT},
            {"requested_token_type": "urn:ietf:params:oauth:token-type:saml2"},
            {"requested_token_type": "urn:ietf:params:oauth:token-type:refresh_token"},
        ],
    )
    def test_other_types(self, exchange: Exchange, changes: dict[str, str | None]) -> None:
        answer = exchange(**changes)

        assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")

    @compliance("RFC 8693", "2.2.2", "a token that is not acceptable is invalid_request")
    @pytest.mark.parametrize("changes", [{"subject_token": "a.b.c"}, {"actor_token": "a.b.c"}])
    def test_tokens_of_nobody(self, exchange: Exchange, changes: dict[str, str]) -> None:
        assert exchange(**changes).json()["error"] == "invalid_request"

    @compliance("RFC 8693", "2.2.2", "another audience is invalid_target")
    def test_other_audiences(self, exchange: Exchange) -> None:
        assert exchange(audience="https://elsewhere.example").json()["error"] == "invalid_target"

    @compliance("RFC 8693", "2.2.2", "a scope beyond that of the exchange is invalid_scope")
    def test_other_scopes(self, exchange: Exchange) -> None:
        assert exchange(scope="openid api").json()["error"] == "invalid_scope"

    @compliance("RFC 8693", "4.4", "nobody may act but who is named in may_act")
    def test_an_actor_who_was_given_no_leave(
        self, exchange: Exchange, console: Flow, actor_token: str, mia: Any
    ) -> None:
        identity.member_of(identity.company("acme"), "otto@acme.example", "owner")
        other = Flow(console.client_id, console.client_secret, console.redirect_uri, Browser())
        token = other.tokens("otto@acme.example")["access_token"]

        assert exchange(actor_token=token).json()["error"] == "invalid_request"

    @compliance("RFC 8693", "2.1", "the actor token must have been issued to the client that exchanges it")
    def test_an_actor_token_of_another_client(self, exchange: Exchange, flow: Flow, olive: Any) -> None:
        flow.browser = Browser()

        assert exchange(actor_token=flow.tokens(olive.email)["access_token"]).json()["error"] == "invalid_request"

    @compliance("RFC 8693", "2.1", "an access token in the place of the subject token is refused")
    def test_tokens_in_the_wrong_place(self, exchange: Exchange, flow: Flow, mia: Any, actor_token: str) -> None:
        flow.browser = Browser()
        token = flow.tokens(mia.email)["access_token"]

        assert exchange(subject_token=token).json()["error"] == "invalid_request"
        assert exchange(subject_token=actor_token).json()["error"] == "invalid_request"

    @compliance("RFC 8693", "5", "a subject token is good once, and for a minute")
    def test_a_subject_token_that_is_used_or_old(self, exchange: Exchange, actor_token: str, mia: Any) -> None:
        used, old = leave_for(mia, actor_token), leave_for(mia, actor_token)
        first, second = exchange(subject_token=used), exchange(subject_token=used)
        with time_machine.travel(time.time() + 90, tick=True):
            late = exchange(subject_token=old)

        assert (first.status_code, second.status_code, late.status_code) == (200, 400, 400)
        assert {second.json()["error"], late.json()["error"]} == {"invalid_request"}

    @compliance("RFC 8693", "4.1", "who acts as somebody does not get on from there to act as somebody else")
    def test_a_chain_of_actors(self, exchange: Exchange, actor_token: str, acme: Any) -> None:
        acting = exchange().json()["access_token"]
        noah = identity.member_of(acme, "noah@acme.example", "clerk")

        assert exchange(actor_token=acting).json()["error"] == "invalid_request"
        path, headers = f"/api/v1/users/{noah.id}/impersonation", {"authorization": f"Bearer {acting}"}
        answer = Client().post(path, {"reason": "x"}, content_type="application/json", headers=headers)
        assert answer.status_code == 403

    @compliance("RFC 8693", "5", "a client must authenticate and be trusted with the exchange")
    def test_clients_that_may_not(self, exchange: Exchange, console: Flow) -> None:
        wrong = exchange(client_secret="wrong")
        Application.objects.filter(client_id="console").update(may_exchange_tokens=False)
        untrusted = exchange()

        assert (wrong.status_code, wrong.json()["error"]) == (401, "invalid_client")
        assert untrusted.json()["error"] == "unauthorized_client"

    @compliance("RFC 8693", "5", "acting ends with the session of the actor")
    def test_what_was_issued_once_the_actor_has_signed_out(self, exchange: Exchange, console: Flow) -> None:
        token = exchange().json()["access_token"]
        before = status_at_api(token)

        console.browser.post("/oidc/logout", {"allow": "on"})

        assert (before, status_at_api(token)) == (200, 401)
