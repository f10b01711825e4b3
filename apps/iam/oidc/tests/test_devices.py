"""Devices without a browser (RFC 8628): they show a code, a person lets them in elsewhere, they ask until then."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from django.conf import settings
from django.db import connections
from django.test import Client
from django.utils import timezone

from apps.core.auth.tokens import verified_claims
from apps.core.errors import Invalid
from apps.core.history import SYSTEM
from apps.core.tenancy import tenant as entered
from apps.iam.facade import iam
from apps.iam.oidc import commands, device_codes
from apps.iam.oidc.clients import commands as clients
from apps.iam.oidc.models import Application, DeviceAuthorization
from apps.iam.oidc.tests import identity
from apps.iam.oidc.tests.identity import Browser, userinfo
from apps.iam.oidc.tests.test_assurance import id_token_claims

pytestmark = pytest.mark.django_db
PAGE = "/oidc/device"
FORM = "application/x-www-form-urlencoded"


@dataclass
class Device:
    """A television, say, with one of our native applications."""

    client_id: str = "tv"

    def begin(self, **changes: str) -> Any:
        form = {"client_id": self.client_id, "scope": "openid profile api", **changes}
        return Client().post("/oidc/device_authorization", urlencode(form), content_type=FORM)

    def ask(self, device_code: str, **changes: str) -> Any:
        form = {"grant_type": device_codes.GRANT_TYPE, "device_code": device_code, "client_id": self.client_id}
        return Client().post("/oidc/token", {**form, **changes})


@pytest.fixture
def device(db: None) -> Device:
    identity.second_client(
        client_id="tv",
        name="TV",
        client_type=Application.CLIENT_PUBLIC,
        kind=Application.Kind.NATIVE,
        device_grant_allowed=True,
        skip_authorization=False,
        redirect_uris="http://127.0.0.1/callback",
    )
    return Device()


@pytest.fixture
def signed_in(mia: Any, browser: Browser) -> Browser:
    browser.enter_password(PAGE, mia.email)
    return browser


def decide(browser: Browser, user_code: str, decision: str = "allow") -> Any:
    return browser.post(PAGE, {"user_code": user_code, "decision": decision})


def wait() -> None:
    """As if the device had waited as long as it must."""
    DeviceAuthorization.objects.update(polled_at=timezone.now() - timedelta(minutes=1))


class TestBeginning:
    def test_gives_a_code_for_the_device_and_one_for_the_person(self, device: Device) -> None:
        answer = device.begin()

        said = answer.json()
        assert answer.status_code == 200
        assert "no-store" in answer["Cache-Control"]
        assert (said["expires_in"], said["interval"]) == (settings.DEVICE_CODE_LIFETIME_S, 5)
        assert said["verification_uri"] == f"{settings.OIDC_ISSUER}{PAGE}"
        assert said["verification_uri_complete"] == f"{settings.OIDC_ISSUER}{PAGE}?user_code={said['user_code']}"
        assert len(said["user_code"]) == 9
        assert not set(said["user_code"]) & set("AEIOUY0123456789")

    def test_keeps_neither_code(self, device: Device) -> None:
        said = device.begin().json()

        stored = str(list(DeviceAuthorization.objects.values()))
        assert said["device_code"] not in stored
        assert said["user_code"] not in stored

    @pytest.mark.parametrize(
        ("changes", "status", "error"),
        [
            ({"client_id": "nobody"}, 401, "invalid_client"),
            ({"client_id": ""}, 401, "invalid_client"),
            ({"scope": "openid root"}, 400, "invalid_scope"),
            ({"client_secret": "guessed"}, 401, "invalid_client"),
        ],
    )
    def test_is_refused(self, device: Device, changes: dict[str, str], status: int, error: str) -> None:
        answer = device.begin(**changes)

        assert (answer.status_code, answer.json()["error"]) == (status, error)

    def test_is_for_clients_that_may(self, device: Device) -> None:
        Application.objects.update(device_grant_allowed=False)
        native = device.begin()
        Application.objects.update(device_grant_allowed=True, kind=Application.Kind.WEB)
        web = device.begin()

        assert native.json()["error"] == web.json()["error"] == "unauthorized_client"

    def test_is_slowed_down(self, device: Device) -> None:
        answers = [device.begin() for _ in range(31)]

        assert [answer.status_code for answer in answers] == [200] * 30 + [429]
        assert int(answers[-1]["Retry-After"]) > 0

    def test_may_be_allowed_to_native_applications_only(self, acme: Any) -> None:
        with entered(acme.id):
            made = clients.register(
                kind="native",
                actor=SYSTEM,
                name="TV",
                redirect_uris=["http://127.0.0.1/callback"],
                device_grant_allowed=True,
            )
            with pytest.raises(Invalid):
                clients.register(kind="web", actor=SYSTEM, name="Shop", device_grant_allowed=True)

        assert made.client.allows_grant_type(Application.GRANT_DEVICE_CODE)


class TestLettingIn:
    def test_brings_tokens_for_the_person(self, device: Device, signed_in: Browser, mia: Any) -> None:
        begun = device.begin().json()
        before = device.ask(begun["device_code"]).json()
        page = signed_in.post(PAGE, {"user_code": begun["user_code"]})
        done = decide(signed_in, begun["user_code"])
        wait()

        tokens = device.ask(begun["device_code"]).json()

        assert before["error"] == "authorization_pending"
        assert [b"Connect TV?" in page.content, begun["user_code"].encode() in page.content] == [True, True]
        assert b"is  connected" in done.content or b"is connected" in done.content
        claims, in_token = verified_claims(tokens["access_token"]), id_token_claims(tokens)
        assert claims["sub"] == in_token["sub"] == str(mia.id)
        assert (claims["tenant"], claims["acr"], claims["scope"]) == (str(mia.tenant_id), "aal1", "openid profile api")
        assert in_token["aud"] == "tv"
        assert iam.principal(claims=claims).subject == mia.id
        assert userinfo(tokens["access_token"]).json()["name"] == "Mia Miller"

    def test_brings_a_refresh_token_that_rotates(self, device: Device, signed_in: Browser) -> None:
        begun = device.begin().json()
        decide(signed_in, begun["user_code"])
        first = device.ask(begun["device_code"]).json()

        def refresh(token: str) -> Any:
            form = {"grant_type": "refresh_token", "refresh_token": token, "client_id": device.client_id}
            return Client().post("/oidc/token", form).json()

        second = refresh(first["refresh_token"])

        assert second["refresh_token"] != first["refresh_token"]
        assert refresh(first["refresh_token"])["error"] == "invalid_grant"
        assert refresh(second["refresh_token"])["error"] == "invalid_grant"

    def test_needs_somebody_who_is_signed_in_and_comes_back(self, device: Device, mia: Any, browser: Browser) -> None:
        begun = device.begin().json()

        asked = browser.go(begun["verification_uri_complete"])
        back = browser.enter_password(parse_qs(urlsplit(asked.url).query)["next"][0], mia.email)
        page = browser.go(back.url)

        assert asked.url.startswith("/sign-in/?next=")
        assert page.context["form"].initial == {"user_code": begun["user_code"]}
        assert DeviceAuthorization.objects.get().status == "pending"  # an address alone lets nobody in

    def test_asks_for_the_company_where_there_are_several(self, device: Device, mia: Any, signed_in: Browser) -> None:
        identity.member_of(identity.company("globex"), mia.email)
        begun = device.begin().json()

        asked = signed_in.post(PAGE, {"user_code": begun["user_code"]})
        chosen = signed_in.post(asked.url, {"tenant": str(mia.tenant_id)})

        assert asked.url.startswith("/sign-in/tenant/?next=")
        assert chosen.url == f"{PAGE}?user_code={begun['user_code']}"

    @pytest.mark.parametrize("typed", ["{}", " {} ", "{lower}", "{bare}"])
    def test_takes_the_code_however_it_is_typed(self, device: Device, signed_in: Browser, typed: str) -> None:
        code = device.begin().json()["user_code"]

        page = signed_in.post(PAGE, {"user_code": typed.format(code, lower=code.lower(), bare=code.replace("-", " "))})

        assert b"Connect TV?" in page.content

    def test_is_protected_against_other_sites(self, device: Device, mia: Any) -> None:
        browser = Browser(enforce_csrf_checks=True)
        browser.enter_password(PAGE, mia.email)

        assert decide(browser, device.begin().json()["user_code"]).status_code == 403

    def test_of_another_companys_device_is_refused(self, device: Device, signed_in: Browser) -> None:
        Application.objects.update(tenant_id=identity.company("globex").id)

        answer = decide(signed_in, device.begin().json()["user_code"])

        assert answer.status_code == 403
        assert DeviceAuthorization.objects.get().status == "pending"

    def test_guessing_is_slowed_down(self, device: Device, signed_in: Browser) -> None:
        code = device.begin().json()["user_code"]

        guesses = [decide(signed_in, "BBBB-BBBB").status_code for _ in range(11)]

        assert guesses == [422] * 10 + [429]
        assert decide(signed_in, code).status_code == 429

    def test_right_codes_are_no_guesses(self, device: Device, signed_in: Browser) -> None:
        code = device.begin().json()["user_code"]

        looks = [signed_in.post("/oidc/device", {"user_code": code}).status_code for _ in range(12)]

        assert looks == [200] * 12

    def test_guesses_made_at_once_are_counted_before_any_is_looked_at(
        self, device: Device, signed_in: Browser, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """While a code is looked for, more guesses arrive: none of those may find that the tenth is still to be had."""
        meanwhile: list[int] = []
        look = device_codes.waiting

        def slowly(user_code: str, **facts: Any) -> Any:
            if (number := len(meanwhile)) < 4:
                meanwhile.append(0)
                meanwhile[number] = decide(signed_in, "BBBB-BBBB").status_code
            return look(user_code, **facts)

        for _ in range(6):
            decide(signed_in, "BBBB-BBBB")
        monkeypatch.setattr(device_codes, "waiting", slowly)
        decide(signed_in, "BBBB-BBBB")

        assert meanwhile == [422] * 3 + [429]


class TestAsking:
    def test_a_code_brings_tokens_once_and_a_second_use_ends_them(self, device: Device, signed_in: Browser) -> None:
        begun = device.begin().json()
        decide(signed_in, begun["user_code"])
        tokens = device.ask(begun["device_code"]).json()

        again = device.ask(begun["device_code"])

        assert again.json()["error"] == "invalid_grant"
        assert userinfo(tokens["access_token"]).status_code == 401

    def test_too_often_is_told_and_makes_the_wait_longer(self, device: Device) -> None:
        code = device.begin().json()["device_code"]

        answers = [device.ask(code).json()["error"] for _ in range(3)]
        DeviceAuthorization.objects.update(polled_at=timezone.now() - timedelta(seconds=14))
        still = device.ask(code).json()["error"]
        wait()

        assert answers == ["authorization_pending", "slow_down", "slow_down"]
        assert still == "slow_down"  # 5, then 10, then 15 seconds
        assert device.ask(code).json()["error"] == "authorization_pending"

    def test_after_a_refusal_is_denied(self, device: Device, signed_in: Browser) -> None:
        begun = device.begin().json()

        page = decide(signed_in, begun["user_code"], "refuse")

        assert b"not" in page.content
        assert device.ask(begun["device_code"]).json()["error"] == "access_denied"
        assert decide(signed_in, begun["user_code"]).status_code == 422

    def test_after_its_time_is_told_so_even_when_it_was_let_in(self, device: Device, signed_in: Browser) -> None:
        begun = device.begin().json()
        decide(signed_in, begun["user_code"])
        DeviceAuthorization.objects.update(expires_at=timezone.now())

        assert device.ask(begun["device_code"]).json()["error"] == "expired_token"

    def test_too_late_is_too_late_for_the_person_as_well(self, device: Device, signed_in: Browser) -> None:
        begun = device.begin().json()
        DeviceAuthorization.objects.update(expires_at=timezone.now())

        assert decide(signed_in, begun["user_code"]).status_code == 422

    def test_with_anothers_code_or_none_brings_nothing(self, device: Device, signed_in: Browser) -> None:
        begun = device.begin().json()
        decide(signed_in, begun["user_code"])
        identity.second_client(client_id="thief", client_type="public", kind="native", device_grant_allowed=True)

        assert Device("thief").ask(begun["device_code"]).json()["error"] == "invalid_grant"
        assert device.ask("made up").json()["error"] == "invalid_grant"
        assert device.ask("").json()["error"] == "invalid_request"

    def test_ends_with_the_persons_session_and_consent(self, device: Device, signed_in: Browser, mia: Any) -> None:
        begun = device.begin().json()
        decide(signed_in, begun["user_code"])
        signed_in.post("/oidc/logout", {"allow": "on"})

        assert device.ask(begun["device_code"]).json()["error"] == "invalid_grant"

    @pytest.mark.django_db(transaction=True)
    def test_at_once_brings_tokens_once_at_most(self, device: Device, signed_in: Browser) -> None:
        begun = device.begin().json()
        decide(signed_in, begun["user_code"])

        def ask(_: int) -> int:
            try:
                return int(device.ask(begun["device_code"]).status_code)
            finally:
                connections.close_all()

        with ThreadPoolExecutor(4) as pool:
            answers = list(pool.map(ask, range(4)))

        assert sorted(answers)[1:] == [400, 400, 400]


def test_what_is_over_is_forgotten(device: Device) -> None:
    device.begin()
    DeviceAuthorization.objects.update(expires_at=timezone.now() - timedelta(days=2))
    device.begin()

    commands.forget_expired()
    commands.forget_expired()

    assert DeviceAuthorization.objects.count() == 1
