"""OpenID Connect Back-Channel Logout 1.0: what we tell our clients, and what our own gateway believes."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest
import time_machine
from django.conf import settings
from django.test import Client
from joserfc import jwt
from joserfc.jwk import ECKey, KeySet

from apps.iam.oidc import keys
from apps.iam.oidc.models import Application
from apps.iam.oidc.tests.identity import SECOND_CLIENT_URI, Browser, Flow, second_client
from apps.iam.sessions import tasks
from apps.iam.sessions.tests.test_telling_clients import Receiver, receiver
from tests.conformance.test_rfc9068 import parts

compliance = pytest.mark.compliance
EVENT = "http://schemas.openid.net/event/backchannel-logout"

__all__ = ["receiver"]


@pytest.fixture
def shop(flow: Flow, receiver: str, settings: Any, monkeypatch: Any) -> Iterator[Flow]:
    """A client that wants to hear of the end of sessions; the worker's job is done when `deliver` is called."""
    settings.OUTBOUND_PRIVATE_ADDRESSES = True
    monkeypatch.setattr(tasks.deliver_notice, "delay", tasks.deliver_notice)
    Application.objects.filter(client_id=flow.client_id).update(backchannel_logout_uri=receiver)
    yield flow


def deliver(after_s: float = 1.0) -> list[str]:
    """What the beat's job does every few seconds; the tokens that the client got so far."""
    with time_machine.travel(time.time() + after_s, tick=True):
        tasks.deliver_due_notices()
    return Receiver.tokens


def sign_out(browser: Browser) -> None:
    assert browser.post("/oidc/logout", {"allow": "on"}).status_code in (200, 302)


class TestLogoutToken:
    @pytest.fixture
    def id_token(self, shop: Flow, mia: Any) -> str:
        """Of a session that has ended since."""
        token = str(shop.tokens(mia.email)["id_token"])
        sign_out(shop.browser)
        return token

    @compliance(
        "OpenID Connect Back-Channel Logout",
        "2.4",
        "typ is logout+jwt, and it is signed with a published key as ID tokens are",
    )
    def test_is_typed_and_signed(self, id_token: str) -> None:
        (token,) = deliver()

        published = KeySet.import_key_set(Client().get("/oidc/jwks").json())
        header = jwt.decode(token, published, algorithms=["ES256", "RS256"]).header
        assert (header["typ"], header["alg"]) == ("logout+jwt", parts(id_token)[0]["alg"])

    @compliance(
        "OpenID Connect Back-Channel Logout",
        "2.4",
        "issuer, audience, issue time, expiry and an id are claimed; it holds for two minutes at most",
    )
    def test_claims_what_it_must(self, id_token: str, shop: Flow) -> None:
        (token,) = deliver()

        _, claims = parts(token)
        assert (claims["iss"], claims["aud"]) == (settings.OIDC_ISSUER, shop.client_id)
        assert 0 < claims["exp"] - claims["iat"] <= 120
        assert claims["jti"]

    @compliance("OpenID Connect Back-Channel Logout", "2.4", "the events claim names the logout and nothing else")
    def test_tells_of_a_logout(self, id_token: str) -> None:
        (token,) = deliver()

        assert parts(token)[1]["events"] == {EVENT: {}}

    @compliance("OpenID Connect Back-Channel Logout", "2.4", "subject and session are those of the ID token")
    def test_names_the_session_of_the_id_token(self, id_token: str) -> None:
        (token,) = deliver()

        (_, told), (_, known) = parts(token), parts(id_token)
        assert (told["sid"], told["sub"]) == (known["sid"], known["sub"])

    @compliance(
        "OpenID Connect Back-Channel Logout", "2.4", "there is no nonce, so that nobody takes it for an ID token"
    )
    def test_has_no_nonce(self, id_token: str) -> None:
        (token,) = deliver()

        assert "nonce" not in parts(token)[1]


class TestDelivery:
    @compliance(
        "OpenID Connect Back-Channel Logout",
        "2.5",
        "every client that was given tokens in the session is told, and no other",
    )
    def test_is_for_the_clients_of_the_session(self, shop: Flow, mia: Any, receiver: str) -> None:
        second_client(client_id="bystander", backchannel_logout_uri=receiver)
        client, secret = second_client(client_id="other", backchannel_logout_uri=receiver)
        shop.tokens(mia.email)
        Flow(client.client_id, secret, SECOND_CLIENT_URI, shop.browser).tokens(mia.email)

        sign_out(shop.browser)

        assert sorted(parts(token)[1]["aud"] for token in deliver()) == ["other", "shop"]

    @compliance(
        "OpenID Connect Back-Channel Logout",
        "2.5",
        "a client that answers an error is asked again later, with another token",
    )
    def test_is_repeated(self, shop: Flow, mia: Any) -> None:
        shop.tokens(mia.email)
        sign_out(shop.browser)
        Receiver.status = 503
        deliver()
        Receiver.status = 200

        tokens = [*deliver(60)]

        assert len(tokens) == 2
        assert len({parts(token)[1]["jti"] for token in tokens}) == 2
        assert len(deliver(3600)) == 2, "it has heard"

    @compliance("OpenID Connect Back-Channel Logout", "2.8", "200 and 204 are success; a redirect is not followed")
    @pytest.mark.parametrize(("status", "attempts"), [(200, 1), (204, 1), (302, 2), (400, 2)])
    def test_reads_the_answer(self, shop: Flow, mia: Any, status: int, attempts: int) -> None:
        shop.tokens(mia.email)
        sign_out(shop.browser)
        Receiver.status = status

        deliver()

        assert len(deliver(60)) == attempts

    @compliance("OpenID Connect Back-Channel Logout", "2.1", "the provider announces that it does this, with sessions")
    def test_is_announced(self, db: None) -> None:
        document = Client().get("/.well-known/openid-configuration").json()

        assert document["backchannel_logout_supported"] is True
        assert document["backchannel_logout_session_supported"] is True

    @compliance(
        "OpenID Connect Back-Channel Logout",
        "2.7",
        "refresh tokens of the session are over, and so are its access tokens",
    )
    def test_comes_with_the_end_of_the_tokens(self, shop: Flow, mia: Any) -> None:
        tokens = shop.tokens(mia.email)

        sign_out(shop.browser)

        assert shop.refresh(tokens["refresh_token"]).json()["error"] == "invalid_grant"


class TestGateway:
    """Our own relying party."""

    @staticmethod
    def claims(**changes: Any) -> dict[str, Any]:
        now = int(time.time())
        honest = {
            "iss": settings.OIDC_RP_ISSUER,
            "aud": settings.OIDC_RP_CLIENT_ID,
            "iat": now,
            "exp": now + 120,
            "jti": str(uuid4()),
            "sid": str(uuid4()),
            "events": {EVENT: {}},
        }
        return {name: value for name, value in {**honest, **changes}.items() if value is not None}

    @staticmethod
    def post(token: str) -> Any:
        return Client(enforce_csrf_checks=True).post("/auth/backchannel-logout", {"logout_token": token})

    @compliance("OpenID Connect Back-Channel Logout", "2.8", "success is 200, and no cache keeps the answer")
    def test_believes_the_provider(self, db: None) -> None:
        answer = self.post(keys.signed(self.claims(), typ="logout+jwt"))

        assert answer.status_code == 200
        assert "no-store" in answer["Cache-Control"]

    @compliance(
        "OpenID Connect Back-Channel Logout",
        "2.6",
        "issuer, audience, times, events, subject or session are checked, and a nonce is refused",
    )
    @pytest.mark.parametrize(
        "changes",
        [
            {"iss": "https://evil.example"},
            {"aud": "shop"},
            {"iat": None},
            {"exp": 1},
            {"events": None},
            {"events": {}},
            {"events": {"http://schemas.openid.net/event/else": {}}},
            {"events": [EVENT]},
            {"sid": None},
            {"jti": None},
            {"nonce": "n"},
        ],
    )
    def test_refuses_what_is_no_logout_of_ours(self, db: None, changes: dict[str, Any]) -> None:
        assert self.post(keys.signed(self.claims(**changes), typ="logout+jwt")).status_code == 400

    @compliance(
        "OpenID Connect Back-Channel Logout",
        "2.6",
        "a token that is not signed by the provider is refused, alg none included",
    )
    def test_refuses_strangers(self, db: None) -> None:
        unsigned = "eyJhbGciOiJub25lIiwidHlwIjoibG9nb3V0K2p3dCJ9"
        signed = jwt.encode({"alg": "ES256", "typ": "logout+jwt"}, self.claims(), ECKey.generate_key())

        assert self.post(signed).status_code == 400
        assert self.post(f"{unsigned}.{signed.split('.')[1]}.").status_code == 400

    @compliance(
        "OpenID Connect Back-Channel Logout", "2.6", "an ID token or access token is not taken for a logout token"
    )
    def test_refuses_other_tokens(self, flow: Flow, mia: Any) -> None:
        tokens = flow.tokens(mia.email)

        assert self.post(tokens["id_token"]).status_code == 400
        assert self.post(keys.signed(self.claims(), typ="at+jwt")).status_code == 400

    @compliance("OpenID Connect Back-Channel Logout", "2.6", "a logout token is good once")
    def test_refuses_a_replay(self, db: None) -> None:
        token = keys.signed(self.claims(), typ="logout+jwt")

        assert [self.post(token).status_code, self.post(token).status_code] == [200, 400]
