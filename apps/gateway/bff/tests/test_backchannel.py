"""The provider ends sessions without their browsers (OpenID Connect Back-Channel Logout 1.0)."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import Any
from uuid import uuid4

import pytest
from django.conf import settings
from django.core.cache import caches
from django.test import Client, override_settings
from django_redis import get_redis_connection
from joserfc import jwt
from joserfc.jwk import ECKey, OctKey

from apps.core.auth import session_news
from apps.gateway.bff import leases, vault
from apps.gateway.bff.tests import once
from apps.gateway.bff.tests.conftest import identity, sign_in

keys: Any = import_module("apps.iam.oidc.keys")

pytestmark = [pytest.mark.django_db, pytest.mark.urls("apps.gateway.bff.tests.probe")]
acme, mia, sign_in_of_mia, signed_in = once.acme, once.mia, once.sign_in_of_mia, once.signed_in
EVENT = "http://schemas.openid.net/event/backchannel-logout"


def the_tokens() -> Any:
    """The tokens of the only session there is."""
    [key] = caches["sessions"].keys("bff.tokens.*")
    return vault.read(key.removeprefix("bff.tokens."))


def claims(**changes: Any) -> dict[str, Any]:
    now = int(time.time())
    honest = {
        "iss": settings.OIDC_RP_ISSUER,
        "aud": settings.OIDC_RP_CLIENT_ID,
        "iat": now,
        "exp": now + 120,
        "jti": str(uuid4()),
        "events": {EVENT: {}},
    }
    return {name: value for name, value in {**honest, **changes}.items() if value is not None}


def signed(typ: str = "logout+jwt", **changes: Any) -> str:
    token: str = keys.signed(claims(**changes), typ=typ)
    return token


def post(token: str | None) -> Any:
    return Client(enforce_csrf_checks=True).post(
        "/auth/backchannel-logout", {} if token is None else {"logout_token": token}
    )


@contextmanager
def listening(*sids: str) -> Iterator[Any]:
    """What open pages of these sessions are told; asked for the next word of it."""
    listener = get_redis_connection("sessions").pubsub(ignore_subscribe_messages=True)
    listener.subscribe(*(session_news.channel_of(sid) for sid in sids))
    yield lambda: next(word["channel"].decode() for _ in range(10) if (word := listener.get_message(timeout=1)))
    listener.close()


class TestLogoutToken:
    def test_has_ended_them_all_and_told_open_pages_when_it_is_answered(self, mia: Any, signed_in: Any) -> None:
        sid, other = the_tokens().sid, identity.Browser()
        name = settings.SESSION_COOKIE_NAME
        other.cookies[name] = signed_in.cookies[name].value
        sign_in(other, mia.email)
        assert {vault.read(key.removeprefix("bff.tokens.")).sid for key in caches["sessions"].keys("bff.tokens.*")} == {
            sid
        }
        assert len(caches["sessions"].keys("bff.tokens.*")) == 2

        with listening(sid) as told:
            post(signed(sid=sid))

            assert not caches["sessions"].keys("bff.tokens.*")
            assert told() == session_news.channel_of(sid)
        assert {browser.get("/probe/whoami").status_code for browser in (signed_in, other)} == {401}

    def test_of_a_person_is_told_to_the_pages_of_each_session(self, mia: Any, signed_in: Any) -> None:
        other = identity.Browser()
        first = the_tokens().sid
        sign_in(other, mia.email)
        names = [key.removeprefix("bff.tokens.") for key in caches["sessions"].keys("bff.tokens.*")]
        [second] = {vault.read(name).sid for name in names} - {first}

        with listening(first, second) as told:
            post(signed(sub=str(mia.id)))

            assert {told(), told()} == {session_news.channel_of(first), session_news.channel_of(second)}

    def test_ends_every_browser_session_of_its_session(self, mia: Any, signed_in: Any) -> None:
        sid = the_tokens().sid
        other = identity.Browser()
        sign_in(other, mia.email)

        response = post(signed(sid=sid, sub=str(mia.id)))

        assert (response.status_code, response["Cache-Control"]) == (200, "no-store")
        assert signed_in.get("/probe/whoami").status_code == 401
        assert other.get("/probe/whoami").status_code == 200

    def test_without_a_session_ends_all_of_the_person(self, mia: Any, signed_in: Any) -> None:
        other, noah = identity.Browser(), identity.member_of(identity.company("globex"), "noah@globex.example")
        sign_in(other, mia.email)
        stranger = identity.Browser()
        sign_in(stranger, noah.email)

        assert post(signed(sub=str(mia.id))).status_code == 200
        assert {browser.get("/probe/whoami").status_code for browser in (signed_in, other)} == {401}
        assert stranger.get("/probe/whoami").status_code == 200

    @pytest.mark.parametrize("typ", ["logout+jwt", "JWT"])
    def test_of_a_session_that_is_over_already_is_no_error(self, mia: Any, typ: str) -> None:
        assert post(signed(typ, sid=str(uuid4()))).status_code == 200

    def test_is_good_once(self, mia: Any, signed_in: Any) -> None:
        token = signed(sid=the_tokens().sid)

        assert [post(token).status_code, post(token).status_code] == [200, 400]

    def test_stays_in_force_though_tokens_are_being_refreshed(self, mia: Any, signed_in: Any) -> None:
        tokens = the_tokens()
        [key] = caches["sessions"].keys("bff.tokens.*")
        post(signed(sid=tokens.sid))

        with leases.alone("bff.refresh.any") as lease:
            assert lease
            assert not vault.replace(key.removeprefix("bff.tokens."), tokens, lease)
        assert signed_in.get("/probe/whoami").status_code == 401

    @pytest.mark.parametrize(
        "changes",
        [
            {"iss": "https://evil.example"},
            {"iss": None},
            {"aud": "another"},
            {"aud": None},
            {"exp": 1},
            {"exp": None},
            {"iat": 1},
            {"iat": None},
            {"iat": int(time.time()) + 3600},
            {"jti": None},
            {"jti": 7},
            {"nonce": "n-0S6"},
            {"events": None},
            {"events": {}},
            {"events": [EVENT]},
            {"events": {EVENT: True}},
            {"events": {"http://schemas.openid.net/event/other": {}}},
            {"sid": None},
            {"sid": 7},
            {"sub": 7},
        ],
    )
    def test_that_is_not_honest_ends_nothing(self, mia: Any, signed_in: Any, changes: dict[str, Any]) -> None:
        response = post(signed(**{"sid": the_tokens().sid, **changes}))

        assert (response.status_code, response["Cache-Control"]) == (400, "no-store")
        assert response.json()["error"] == "invalid_request"
        assert signed_in.get("/probe/whoami").status_code == 200

    @pytest.mark.parametrize("typ", ["at+jwt", "secevent+jwt", "dpop+jwt"])
    def test_of_another_type_ends_nothing(self, mia: Any, signed_in: Any, typ: str) -> None:
        assert post(signed(typ, sid=the_tokens().sid)).status_code == 400
        assert signed_in.get("/probe/whoami").status_code == 200

    def test_that_is_an_id_token_or_an_access_token_ends_nothing(self, mia: Any, signed_in: Any) -> None:
        tokens = the_tokens()

        assert post(tokens.id_token).status_code == 400
        assert post(tokens.access_token).status_code == 400
        assert signed_in.get("/probe/whoami").status_code == 200

    def test_that_somebody_else_signed_ends_nothing(self, mia: Any, signed_in: Any) -> None:
        said = claims(sid=the_tokens().sid)
        own = keys.published()[0]
        forged = jwt.encode({"alg": "ES256", "typ": "logout+jwt", "kid": own["kid"]}, said, ECKey.generate_key("P-256"))
        confused = jwt.encode({"alg": "HS256", "typ": "logout+jwt"}, said, OctKey.import_key(own["kid"] * 2))
        unsigned = signed(**said).rpartition(".")[0] + "."

        assert {post(token).status_code for token in (forged, confused, unsigned, "", "a.b.c", None)} == {400}
        assert signed_in.get("/probe/whoami").status_code == 200

    def test_is_only_posted(self, db: None) -> None:
        assert Client().get("/auth/backchannel-logout").status_code == 405


class TestAway:
    def test_asks_to_be_told_again(self, mia: Any, signed_in: Any) -> None:
        token = signed(sid=the_tokens().sid)
        away = {**settings.CACHES["sessions"], "LOCATION": "redis://127.0.0.1:9/0"}
        with override_settings(CACHES={**settings.CACHES, "sessions": away}):
            assert post(token).status_code == 503

        assert post(token).status_code == 200
