"""RFC 8628, OAuth 2.0 Device Authorization Grant."""

from __future__ import annotations

import time
from typing import Any
from urllib.parse import urlencode

import pytest
import time_machine
from django.test import Client

from apps.iam.oidc.models import Application
from apps.iam.oidc.tests.identity import Browser, second_client, userinfo

compliance = pytest.mark.compliance
GRANT = "urn:ietf:params:oauth:grant-type:device_code"
PAGE = "/oidc/device"


def begin(client_id: str = "tv", **form: str) -> Any:
    body = urlencode({"client_id": client_id, "scope": "openid api", **form})
    return Client().post("/oidc/device_authorization", body, content_type="application/x-www-form-urlencoded")


def ask(device_code: str, client_id: str = "tv") -> Any:
    return Client().post("/oidc/token", {"grant_type": GRANT, "device_code": device_code, "client_id": client_id})


def decide(browser: Browser, user_code: str, decision: str = "allow") -> Any:
    return browser.post(PAGE, {"user_code": user_code, "decision": decision})


def later(seconds: float) -> Any:
    return time_machine.travel(time.time() + seconds, tick=True)


@pytest.fixture(autouse=True)
def _device(db: None) -> None:
    """A television, and another device of somebody else's."""
    for client_id in ("tv", "radio"):
        second_client(
            client_id=client_id,
            name=client_id.upper(),
            client_type=Application.CLIENT_PUBLIC,
            kind=Application.Kind.NATIVE,
            device_grant_allowed=True,
            skip_authorization=False,
            redirect_uris="http://127.0.0.1/callback",
        )


@pytest.fixture
def person(browser: Browser) -> Browser:
    """A browser in which Mia is signed in."""
    return browser


class TestBeginning:
    @compliance("RFC 8628", "3.1", "the client identifies itself, and one that may not use the grant is refused")
    def test_is_for_clients_that_may(self) -> None:
        Application.objects.filter(client_id="radio").update(device_grant_allowed=False)

        assert begin("nobody").json()["error"] == "invalid_client"
        assert begin("radio").json()["error"] == "unauthorized_client"

    @compliance("RFC 8628", "3.2", "both codes, the address, lifetime and interval are told, and no cache keeps them")
    def test_tells_what_the_device_needs(self) -> None:
        answer = begin()
        said = answer.json()

        assert {"device_code", "user_code", "verification_uri", "expires_in", "interval"} <= said.keys()
        assert said["expires_in"] > 0
        assert "no-store" in answer["Cache-Control"]

    @compliance("RFC 8628", "4", "the metadata announces endpoint and grant type")
    def test_is_announced(self) -> None:
        document = Client().get("/.well-known/oauth-authorization-server").json()

        assert document["device_authorization_endpoint"].endswith("/oidc/device_authorization")
        assert GRANT in document["grant_types_supported"]

    @compliance("RFC 8628", "6.1", "user codes have no vowels and no digits, and more than thirty bits")
    def test_gives_user_codes_that_can_be_typed_and_not_be_guessed(self) -> None:
        codes = {begin().json()["user_code"] for _ in range(20)}
        letters = {letter for code in codes for letter in code if letter != "-"}

        assert len(codes) == 20
        assert {len(code.replace("-", "")) for code in codes} == {8}
        assert letters <= set("BCDFGHJKLMNPQRSTVWXZ")  # 20 to the power of 8 are 34 bits
        assert len(letters) > 12

    @compliance("RFC 8628", "5.2", "device codes cannot be guessed")
    def test_gives_device_codes_of_256_bits(self) -> None:
        codes = {begin().json()["device_code"] for _ in range(5)}

        assert len(codes) == 5
        assert all(len(code) >= 43 for code in codes)


class TestThePerson:
    @compliance("RFC 8628", "3.3", "nobody is asked before they have signed in")
    def test_signs_in_first(self) -> None:
        asked = Browser().get(PAGE, {"user_code": begin().json()["user_code"]})

        assert asked.url.startswith("/sign-in/")

    @compliance("RFC 8628", "3.3.1", "the complete address alone lets no device in; the code and the asker are shown")
    def test_is_asked_although_the_address_holds_the_code(self, person: Browser) -> None:
        begun = begin().json()

        shown = person.go(f"{PAGE}?user_code={begun['user_code']}").content.decode()
        asked = person.post(PAGE, {"user_code": begun["user_code"]}).content.decode()

        assert begun["user_code"] in shown
        assert begun["user_code"] in asked
        assert "TV" in asked
        assert ask(begun["device_code"]).json()["error"] == "authorization_pending"

    @compliance("RFC 8628", "6.1", "case and punctuation of what is typed do not matter")
    @pytest.mark.parametrize("typed", [str.lower, lambda code: code.replace("-", ""), lambda code: f" {code} "])
    def test_types_the_code_as_they_like(self, person: Browser, typed: Any) -> None:
        begun = begin().json()

        decide(person, typed(begun["user_code"]))

        assert ask(begun["device_code"]).status_code == 200

    @compliance("RFC 8628", "5.1", "guessing user codes is slowed down, right ones included")
    def test_cannot_guess_codes(self, person: Browser) -> None:
        statuses = [decide(person, "BBBB-BBBB").status_code for _ in range(11)]

        assert statuses == [422] * 10 + [429]
        assert decide(person, begin().json()["user_code"]).status_code == 429

    @compliance("RFC 8628", "3.3", "a code is decided about once")
    def test_decides_once(self, person: Browser) -> None:
        begun = begin().json()
        decide(person, begun["user_code"], "refuse")

        decide(person, begun["user_code"])

        assert ask(begun["device_code"]).json()["error"] == "access_denied"


class TestAsking:
    @compliance("RFC 8628", "3.4", "after the person allowed it, tokens are about that person")
    def test_brings_tokens_of_the_person(self, person: Browser, mia: Any) -> None:
        begun = begin().json()
        decide(person, begun["user_code"])

        answer = ask(begun["device_code"])

        assert answer.status_code == 200
        assert userinfo(answer.json()["access_token"]).json()["sub"] == str(mia.id)

    @compliance("RFC 8628", "3.5", "authorization_pending until the person has decided")
    def test_is_answered_pending(self) -> None:
        answer = ask(begin().json()["device_code"])

        assert (answer.status_code, answer.json()["error"]) == (400, "authorization_pending")

    @compliance("RFC 8628", "3.5", "slow_down for asking too often, and five seconds more from then on")
    def test_too_often_is_told_to_slow_down(self) -> None:
        begun = begin().json()
        errors = [ask(begun["device_code"]).json()["error"] for _ in range(2)]
        with later(begun["interval"] + 1):
            errors.append(ask(begun["device_code"]).json()["error"])
        with later(2 * begun["interval"] + 2 + 16):
            errors.append(ask(begun["device_code"]).json()["error"])

        assert errors == ["authorization_pending", "slow_down", "slow_down", "authorization_pending"]

    @compliance("RFC 8628", "3.5", "access_denied after the person refused")
    def test_is_denied_when_refused(self, person: Browser) -> None:
        begun = begin().json()
        decide(person, begun["user_code"], "refuse")

        assert ask(begun["device_code"]).json()["error"] == "access_denied"

    @compliance("RFC 8628", "3.5", "expired_token after the lifetime, also when the person had allowed it")
    @pytest.mark.parametrize("allowed", [True, False])
    def test_too_late_is_told_so(self, person: Browser, allowed: bool) -> None:
        begun = begin().json()
        if allowed:
            decide(person, begun["user_code"])

        with later(begun["expires_in"] + 1):
            assert ask(begun["device_code"]).json()["error"] == "expired_token"

    @compliance("RFC 8628", "3.4", "the device code is bound to its client")
    def test_with_the_code_of_another_client_brings_nothing(self, person: Browser) -> None:
        begun = begin().json()
        decide(person, begun["user_code"])

        assert ask(begun["device_code"], "radio").json()["error"] == "invalid_grant"
        assert ask(begun["device_code"]).status_code == 200

    @compliance("RFC 8628", "3.5", "a device code is good once, and a second use ends the tokens of the first")
    def test_twice_ends_what_came_of_it(self, person: Browser) -> None:
        begun = begin().json()
        decide(person, begun["user_code"])
        tokens = ask(begun["device_code"]).json()

        assert ask(begun["device_code"]).json()["error"] == "invalid_grant"
        assert userinfo(tokens["access_token"]).status_code == 401

    @compliance("RFC 8628", "3.4", "an unknown code is invalid_grant, and none at all invalid_request")
    def test_with_no_code_of_ours_brings_nothing(self) -> None:
        assert ask("made-up").json()["error"] == "invalid_grant"
        assert ask("").json()["error"] == "invalid_request"
