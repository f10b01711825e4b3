"""The gateway asks the provider for a stronger or fresher sign-in, and believes only an answer that is one."""

from __future__ import annotations

import time
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from django.conf import settings
from django.test import Client

from apps.gateway.bff import attempts, stepping_up
from apps.gateway.bff.errors import SignInFailed


def asked(query: dict[str, str], **extra: Any) -> dict[str, str]:
    return dict(parse_qsl(urlsplit(Client(**extra).get("/auth/login", query).url).query))


@pytest.mark.django_db
class TestLogin:
    def test_hands_on_what_a_page_asked_for(self) -> None:
        sent = asked({"acr_values": "aal2", "max_age": "300", "next": "/"})

        assert (sent["acr_values"], sent["max_age"]) == ("aal2", "300")

    @pytest.mark.parametrize("query", [{}, {"acr_values": "a b&c", "max_age": "-1"}, {"max_age": "9" * 9}])
    def test_hands_on_nothing_that_is_not_well_formed(self, query: dict[str, str]) -> None:
        sent = asked(query)

        assert "acr_values" not in sent
        assert sent["max_age"] == str(settings.SESSION_IDLE_S)  # what is asked of everybody

    def test_keeps_it_on_the_way_to_the_registered_host(self) -> None:
        response = Client(headers={"Host": "localhost"}).get("/auth/login", {"max_age": "60", "x": "1", "next": "/a"})

        assert response.url == f"{settings.OIDC_RP_BASE_URL}/auth/login?max_age=60&next=%2Fa"


class TestAnswer:
    attempt = attempts.begin("/", acr_values="aal2", max_age_s=300)

    def test_that_is_fresh_and_strong_is_taken(self) -> None:
        stepping_up.check({"acr": "aal2", "auth_time": time.time() - 100}, self.attempt)

    @pytest.mark.parametrize("claims", [{"acr": "aal2"}, {"acr": "aal1"}, {"acr": "aal2", "auth_time": "now"}, {}])
    def test_that_says_too_little_is_refused(self, claims: dict[str, Any]) -> None:
        with pytest.raises(SignInFailed):
            stepping_up.check(claims, self.attempt)

    @pytest.mark.parametrize(("acr", "ago_s"), [("aal2", 400), ("aal1", 0), ("", 0)])
    def test_that_is_old_or_weak_is_refused(self, acr: str, ago_s: int) -> None:
        with pytest.raises(SignInFailed):
            stepping_up.check({"acr": acr, "auth_time": time.time() - ago_s}, self.attempt)
