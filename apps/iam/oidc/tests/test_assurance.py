"""How sure the provider is of a person, and how it tells the clients."""

from __future__ import annotations

from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from django.conf import settings
from django.test import Client, RequestFactory
from django.utils import timezone
from joserfc import jwt
from joserfc.jwk import KeySet

from apps.core.auth.tokens import verified_claims
from apps.iam.facade import iam
from apps.iam.oidc import assurance, sessions
from apps.iam.oidc.models import Grant, RefreshToken
from apps.iam.oidc.tests import identity
from apps.iam.oidc.tests.identity import Flow

ALGORITHMS = ["RS256", "ES256"]


def id_token_claims(tokens: dict[str, Any]) -> dict[str, Any]:
    keys = KeySet.import_key_set(Client().get("/oidc/jwks").json())
    claims: dict[str, Any] = jwt.decode(tokens["id_token"], keys, algorithms=ALGORITHMS).claims
    return claims


@pytest.fixture
def visit(mia: identity.Somebody, rf: RequestFactory) -> Any:
    request = rf.get("/sign-in/")
    request.user = SimpleNamespace(pk=mia.id)  # type: ignore[assignment]
    request.session = sessions.SessionStore()  # type: ignore[assignment]
    return request


class TestMethods:
    @pytest.mark.parametrize(
        ("amr", "told", "acr"),
        [
            (["pwd"], ("pwd",), "aal1"),
            (["otp"], ("otp",), "aal1"),
            (["hwk"], ("hwk",), "aal1"),
            (["otp", "pwd"], ("pwd", "otp", "mfa"), "aal2"),
            (["pwd", "recovery"], ("pwd", "otp", "mfa"), "aal2"),
            (["pwd", "hwk"], ("pwd", "hwk", "mfa"), "aal2"),
            (["hwk", "user"], ("hwk", "user", "mfa"), "aal2"),
            (["pwd", "mfa"], ("pwd",), "aal1"),  # to say so is not enough
            (["pwd", "pwd"], ("pwd",), "aal1"),
        ],
    )
    def test_reach_a_level(self, amr: list[str], told: tuple[str, ...], acr: str) -> None:
        assert assurance.methods(amr) == told
        assert assurance.level(assurance.methods(amr)) == acr

    @pytest.mark.parametrize("amr", [[], ["user"], ["mfa"], ["pwd", "face"]])
    def test_that_prove_nothing_are_refused(self, amr: list[str]) -> None:
        with pytest.raises(ValueError, match="no authentication method"):
            assurance.methods(amr)


class TestSession:
    def test_begins_with_what_was_proved(self, visit: Any) -> None:
        sessions.begin(visit)

        assert (sessions.amr_of(visit), sessions.acr_of(visit)) == (("pwd",), "aal1")
        sessions.begin(visit, amr=("hwk", "user"))
        assert (sessions.amr_of(visit), sessions.acr_of(visit)) == (("hwk", "user", "mfa"), "aal2")

    def test_signing_in_again_starts_from_there(self, visit: Any) -> None:
        sid = sessions.begin(visit, amr=("pwd", "otp"))

        assert sessions.begin(visit) == sid
        assert sessions.acr_of(visit) == "aal1"

    def test_steps_up_under_another_cookie_and_at_another_time(self, visit: Any) -> None:
        sid = sessions.begin(visit)
        before = visit.session.session_key, sessions.authenticated_at(visit), visit.session.get_expiry_date()

        sessions.step_up(visit, amr=("otp",))

        assert sessions.sid_of(visit) == sid
        assert (sessions.amr_of(visit), sessions.acr_of(visit)) == (("pwd", "otp", "mfa"), "aal2")
        assert visit.session.session_key != before[0]
        assert sessions.authenticated_at(visit) > before[1]
        assert visit.session.get_expiry_date() == before[2]

    def test_steps_up_in_its_tenant_and_still_ends_by_its_id(self, visit: Any) -> None:
        sid, tenant_id = sessions.begin(visit), "0190d3f0-0000-7000-8000-000000000001"
        sessions.choose_tenant(visit, tenant_id)

        sessions.step_up(visit, amr=("otp",))
        visit.session.save()
        sessions.destroy(sid)

        assert str(sessions.tenant_of(visit)) == tenant_id
        assert sessions.SessionStore(visit.session.session_key).load() == {}

    def test_stays_as_it_is_when_the_method_is_unknown(self, visit: Any) -> None:
        sessions.begin(visit)

        with pytest.raises(ValueError, match="smell"):
            sessions.step_up(visit, amr=("smell",))

        assert sessions.acr_of(visit) == "aal1"


@pytest.mark.django_db
class TestTokens:
    def test_say_how_and_when_the_person_signed_in(self, flow: Flow, mia: Any) -> None:
        tokens = flow.tokens(mia.email)

        for claims in (verified_claims(tokens["access_token"]), id_token_claims(tokens)):
            assert claims["acr"] == "aal1"
            assert claims["amr"] == ["pwd"]
            assert abs(claims["auth_time"] - timezone.now().timestamp()) < 60

    def test_remember_it_over_a_refresh(self, flow: Flow, mia: Any) -> None:
        code, then = flow.code(mia.email), timezone.now() - timedelta(hours=1)
        Grant.objects.update(acr="aal2", amr=["pwd", "otp", "mfa"], authenticated_at=then)

        tokens = flow.redeem(code).json()
        again = flow.refresh(tokens["refresh_token"]).json()

        for claims in (verified_claims(again["access_token"]), id_token_claims(again)):
            assert (claims["acr"], claims["amr"]) == ("aal2", ["pwd", "otp", "mfa"])
            assert claims["auth_time"] == int(then.timestamp())
        assert set(RefreshToken.objects.values_list("acr", flat=True)) == {"aal2"}

    def test_bring_it_to_the_principal(self, flow: Flow, mia: Any) -> None:
        claims = verified_claims(flow.tokens(mia.email)["access_token"])

        principal = iam.principal(claims=claims)

        assert principal.acr == "aal1"
        assert principal.authenticated_at is not None
        assert timezone.now() - principal.authenticated_at < timedelta(seconds=settings.ACCESS_TOKEN_LIFETIME_S)
