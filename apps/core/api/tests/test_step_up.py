"""Sensitive actions ask for a sign-in that is strong and recent enough (RFC 9470)."""

from __future__ import annotations

import time
from typing import Any
from uuid import UUID

import pytest
from django.test import Client

from apps.core.api.tests.callers import bearer
from apps.core.auth.step_up import is_at_least

pytestmark = pytest.mark.django_db

NOTE = "/api/v1/notes/sensitive"
FORM = "/notes/sensitive"


def with_second_factor(person_id: UUID) -> str:
    return "aal2"


@pytest.fixture
def has_second_factor(settings: Any) -> None:
    settings.HIGHEST_ACR = f"{__name__}.with_second_factor"


@pytest.fixture(autouse=True)
def has_none(settings: Any) -> None:
    settings.HIGHEST_ACR = ""


def signed_in(acr: str, ago_s: int, **claims: Any) -> dict[str, str]:
    return bearer(acr=acr, auth_time=int(time.time()) - ago_s, **claims)


class TestApi:
    def test_lets_a_fresh_and_strong_sign_in_pass(self, api: Client, has_second_factor: None) -> None:
        assert api.delete(NOTE, headers=signed_in("aal2", 200)).status_code == 204

    @pytest.mark.parametrize(("acr", "ago_s"), [("aal2", 400), ("aal1", 0), ("", 0), ("loa-4", 0)])
    def test_says_what_is_needed_and_how(self, api: Client, has_second_factor: None, acr: str, ago_s: int) -> None:
        response = api.delete(NOTE, headers=signed_in(acr, ago_s))

        challenge, problem = response["WWW-Authenticate"], response.json()
        assert response.status_code == 401
        assert challenge.startswith('Bearer realm="api", error="insufficient_user_authentication", ')
        assert challenge.endswith('acr_values="aal2", max_age="300"')
        assert (problem["code"], problem["acr_values"], problem["max_age"]) == (
            "insufficient_user_authentication",
            "aal2",
            300,
        )
        assert "/auth/login" in problem["detail"]

    def test_asks_a_person_without_second_factor_for_the_password_again(self, api: Client) -> None:
        fresh, old = (api.delete(NOTE, headers=signed_in("aal1", ago_s)) for ago_s in (200, 400))

        assert fresh.status_code == 204
        assert old.json()["acr_values"] == "aal1"

    def test_takes_no_token_that_does_not_say_when_somebody_signed_in(self, api: Client) -> None:
        assert api.delete(NOTE, headers=bearer(acr="aal2")).status_code == 401

    def test_asks_nothing_of_reading(self, api: Client) -> None:
        assert api.get(NOTE, headers=bearer()).status_code == 200

    def test_asks_nothing_of_a_service_account(self, api: Client) -> None:
        assert api.delete(NOTE, headers=bearer(kind="service")).status_code == 204


class TestPages:
    def test_send_the_person_to_sign_in_and_back(self, api: Client, has_second_factor: None) -> None:
        response = api.get(f"{FORM}?tab=2", headers=signed_in("aal1", 0))

        assert response.status_code == 302
        assert response["Location"] == "/auth/login?acr_values=aal2&max_age=300&next=%2Fnotes%2Fsensitive%3Ftab%3D2"

    def test_come_back_to_the_form_of_a_post_with_a_notice(self, api: Client) -> None:
        headers = {**signed_in("aal1", 400), "Referer": f"http://testserver{FORM}?tab=2"}

        response = api.post(FORM, {"text": "x"}, headers=headers)

        assert response["Location"] == (
            "/auth/login?acr_values=aal1&max_age=300&again=1&next=%2Fnotes%2Fsensitive%3Ftab%3D2"
        )

    def test_of_htmx_are_left_as_a_whole(self, api: Client) -> None:
        headers = {**signed_in("aal1", 400), "HX-Request": "true", "HX-Current-URL": f"http://testserver{FORM}"}

        response = api.get(FORM, headers=headers)

        assert (response.status_code, response["HX-Redirect"][:12]) == (401, "/auth/login?")

    def test_are_shown_after_a_fresh_sign_in(self, api: Client) -> None:
        assert api.get(FORM, headers=signed_in("aal1", 0)).content == b"sensitive form"


def test_a_level_that_nobody_knows_is_none() -> None:
    assert is_at_least("aal2", "aal1")
    assert not is_at_least("urn:strong", "aal1")
