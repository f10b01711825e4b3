"""Pairwise subjects (OpenID Connect Core §8.1): clients that may not compare notes."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest
from django.test import Client
from django.utils import timezone

from apps.core.auth.tokens import verified_claims
from apps.core.errors import Invalid, Unauthenticated
from apps.core.history import SYSTEM
from apps.core.tenancy import tenant as entered
from apps.iam.facade import iam
from apps.iam.oidc import pairwise, queries
from apps.iam.oidc.clients import commands as clients
from apps.iam.oidc.models import PairwiseSubject
from apps.iam.oidc.tests import identity
from apps.iam.oidc.tests.identity import Browser, Flow, userinfo
from apps.iam.oidc.tests.test_assurance import id_token_claims
from apps.iam.oidc.tests.test_stepping_up import answer

pytestmark = pytest.mark.django_db


def pairwise_flow(name: str, uri: str = "https://shop.example/callback", **changes: Any) -> Flow:
    client, secret = identity.second_client(client_id=name, subject_type="pairwise", redirect_uris=uri, **changes)
    return Flow(client.client_id, secret, uri, Browser())


def subject(flow: Flow, email: str) -> str:
    return str(id_token_claims(flow.tokens(email))["sub"])


class TestSubject:
    def test_is_the_same_in_one_sector_and_another_one_in_others(self, mia: Any, acme: Any) -> None:
        noah = identity.member_of(acme, "noah@acme.example")
        shop, till = pairwise_flow("shop"), pairwise_flow("till", "https://shop.example/till")
        elsewhere = pairwise_flow("elsewhere", "https://elsewhere.example/callback")

        subjects = {flow.client_id: subject(flow, mia.email) for flow in (shop, till, elsewhere)}

        assert subjects["shop"] == subjects["till"] == subject(shop, mia.email)
        of_noah = subject(replace(shop, browser=Browser()), noah.email)
        assert len({*subjects.values(), str(mia.id), of_noah}) == 4

    def test_is_told_the_same_everywhere(self, mia: Any) -> None:
        flow = pairwise_flow("shop")
        tokens = flow.tokens(mia.email)
        again = flow.refresh(tokens["refresh_token"]).json()
        form = {"token": again["access_token"], "client_id": flow.client_id, "client_secret": flow.client_secret}

        told = {
            id_token_claims(tokens)["sub"],
            id_token_claims(again)["sub"],
            verified_claims(tokens["access_token"])["sub"],
            verified_claims(again["access_token"])["sub"],
            userinfo(again["access_token"]).json()["sub"],
        }
        introspected = Client().post("/oidc/introspect", form).json()

        assert len(told) == 1
        assert str(mia.id) not in str(told)
        assert introspected.get("sub", *told) == next(iter(told))
        assert queries.subject_for(queries.client("shop"), mia.id) == next(iter(told))  # type: ignore[arg-type]

    def test_is_still_the_person_to_our_own_api(self, mia: Any) -> None:
        claims = verified_claims(pairwise_flow("shop").tokens(mia.email)["access_token"])

        assert iam.principal(claims=claims).subject == mia.id

    def test_that_was_never_told_is_nobody(self, mia: Any) -> None:
        claims = verified_claims(pairwise_flow("shop").tokens(mia.email)["access_token"])
        stranger = pairwise.subject("evil.example", mia.id)

        with pytest.raises(Unauthenticated):
            iam.principal(claims={**claims, "sub": str(stranger)})

    def test_outlives_the_secret_key(self, mia: Any, settings: Any) -> None:
        flow = pairwise_flow("shop")
        before = subject(flow, mia.email)
        settings.SECRET_KEY = "another secret of this installation"

        assert queries.subject_for(queries.client("shop"), mia.id) == before  # type: ignore[arg-type]
        assert str(pairwise.subject("shop.example", mia.id)) != before
        assert queries.person_behind(UUID(before)) == mia.id

    def test_is_kept_once(self, mia: Any) -> None:
        flow = pairwise_flow("shop")

        subject(flow, mia.email)
        subject(flow, mia.email)

        assert PairwiseSubject.objects.count() == 1

    def test_is_what_a_client_names_whom_it_expects_by(self, mia: Any) -> None:
        flow = pairwise_flow("shop")
        hint = flow.tokens(mia.email)["id_token"]

        assert "code" in answer(flow.browser.go(flow.url(id_token_hint=hint, prompt="none")))
        wrong = f'{{"id_token": {{"sub": {{"value": "{mia.id}"}}}}}}'
        assert answer(flow.browser.go(flow.url(claims=wrong, prompt="none")))["error"] == "login_required"

    def test_is_a_uuid_of_its_own_kind(self, mia: Any) -> None:
        found = pairwise.subject("shop.example", mia.id)

        assert (found.version, found.variant) == (8, UUID(int=0x80 << 56).variant)
        assert pairwise.is_pairwise(found)
        assert not pairwise.is_pairwise(mia.id)


class TestSector:
    def test_is_the_host_of_the_redirect_addresses(self) -> None:
        assert pairwise.sector_of("a", ["https://shop.example/a", "https://shop.example:8443/b"]) == "shop.example"

    def test_of_a_program_without_a_host_is_its_own(self) -> None:
        assert pairwise.sector_of("a", ["http://127.0.0.1/callback", "http://[::1]/callback"]) == "a"

    def test_cannot_be_two_hosts(self) -> None:
        with pytest.raises(ValueError, match="several hosts"):
            pairwise.sector_of("a", ["https://one.example/", "https://two.example/"])


class TestRegistering:
    def register(self, acme: Any, **facts: Any) -> Any:
        with entered(acme.id):
            return clients.register(kind="web", actor=SYSTEM, name="Shop", **facts)

    def test_a_client_with_pairwise_subjects(self, acme: Any) -> None:
        made = self.register(acme, redirect_uris=["https://shop.example/cb"], subject_type="pairwise")

        assert made.client.is_pairwise
        assert made.client.sector == "shop.example"

    def test_needs_one_host_then_and_later(self, acme: Any) -> None:
        two = ["https://one.example/cb", "https://two.example/cb"]

        with pytest.raises(Invalid) as refused:
            self.register(acme, redirect_uris=two, subject_type="pairwise")
        made = self.register(acme, redirect_uris=two[:1], subject_type="pairwise")
        with entered(acme.id), pytest.raises(Invalid):
            clients.update(application_id=made.client.id, actor=SYSTEM, redirect_uris=two)

        assert "several hosts" in str(refused.value.extra)

    @pytest.mark.parametrize("facts", [{"subject_type": "secret"}, {"algorithm": "HS256"}, {"algorithm": "none"}])
    def test_refuses_what_is_not_offered(self, acme: Any, facts: dict[str, str]) -> None:
        with pytest.raises(Invalid):
            self.register(acme, redirect_uris=["https://shop.example/cb"], **facts)

    def test_takes_the_algorithm_of_id_tokens(self, acme: Any) -> None:
        made = self.register(acme, redirect_uris=["https://shop.example/cb"], algorithm="ES256")

        assert made.client.algorithm == "ES256"


def test_introspection_says_how_and_when_the_person_signed_in(flow: Flow, mia: Any) -> None:
    platform, secret = identity.second_client(client_id="resource-server")
    token = flow.tokens(mia.email)["access_token"]
    form = {"token": token, "client_id": platform.client_id, "client_secret": secret}

    told = Client().post("/oidc/introspect", form).json()

    assert told["acr"] == "aal1"
    assert abs(told["auth_time"] - timezone.now().timestamp()) < 60
