"""Signing in with another identity provider, as a browser sees it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlsplit

import pytest
from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.cache import cache
from django.utils import timezone

from apps.core.auth.tokens import verified_claims
from apps.core.events import log
from apps.core.history import SYSTEM, Actor
from apps.core.resilience.breaker import State
from apps.core.resilience.fallbacks import noting_stale_answers, stale_answers
from apps.core.tenancy import tenant
from apps.iam.authenticators import commands as authenticators
from apps.iam.authenticators import totp
from apps.iam.authenticators.tests.conftest import secret_of
from apps.iam.identity_providers import metadata
from apps.iam.identity_providers.dependencies import IDENTITY_PROVIDERS
from apps.iam.identity_providers.errors import ProviderUnreachable
from apps.iam.identity_providers.tests import provider as fake
from apps.iam.identity_providers.tests.conftest import Ours
from apps.iam.oidc.tests import identity
from apps.iam.oidc.tests.identity import Flow
from apps.iam.users import commands as users
from apps.iam.users import queries as people

pytestmark = pytest.mark.django_db


@pytest.fixture
def flow(acme: Any, ours: Ours) -> Flow:
    client, secret = identity.second_client()
    return Flow(client.client_id, secret, identity.SECOND_CLIENT_URI, ours.browser)


def claims_of(ours: Ours, flow: Flow, **changes: Any) -> dict[str, Any]:
    """The access token's claims that an application gets of somebody who signs in with the provider."""
    url = flow.url(**changes)
    asked = flow.browser.go(url)
    assert asked.url.startswith("/sign-in/"), asked.url
    response = flow.browser.go(ours.sign_in(parse_qs(urlsplit(asked.url).query)["next"][0]).url)
    assert response.url.split("?")[0] == flow.redirect_uri, response.url
    tokens = flow.redeem(dict(parse_qsl(urlsplit(response.url).query))["code"]).json()
    return verified_claims(tokens["access_token"])


def is_signed_in(ours: Ours) -> bool:
    return "_auth_user_id" in ours.browser.session


def app_of(user_id: Any, name: str = "Ada") -> bytes:
    """An authenticator app of a person's; its secret."""
    actor, at = Actor(kind="user", id=user_id, name=name), timezone.now() - timedelta(minutes=5)
    new = authenticators.begin_totp(user_id=user_id, actor=actor)
    secret = secret_of(new.secret)
    code = totp.code_at(secret, totp.step_at(at))
    authenticators.confirm_totp(user_id=user_id, authenticator_id=new.authenticator.id, code=code, actor=actor, now=at)
    return secret


class TestGoingThere:
    def test_asks_with_pkce_state_and_nonce_at_an_address_of_its_own(self, ours: Ours) -> None:
        asked = [dict(parse_qsl(urlsplit(ours.leave().url).query)) for _ in range(2)]

        assert asked[0]["code_challenge_method"] == "S256"
        assert asked[0]["redirect_uri"] == f"{settings.BASE_URL}/sign-in/with/{ours.id}/callback"
        assert (asked[0]["client_id"], asked[0]["response_type"]) == (fake.CLIENT_ID, "code")
        assert asked[0]["scope"] == "openid email profile"
        for secret in ("state", "nonce", "code_challenge"):
            assert len(asked[0][secret]) >= 43
            assert asked[0][secret] != asked[1][secret]
        assert "prompt" not in asked[0]

    def test_hands_on_the_address_that_was_entered(self, ours: Ours) -> None:
        asked = dict(parse_qsl(urlsplit(ours.leave(login_hint="ada@acme.example").url).query))

        assert asked["login_hint"] == "ada@acme.example"

    def test_asks_for_a_fresh_sign_in_where_the_client_does(self, ours: Ours, flow: Flow) -> None:
        asked = dict(parse_qsl(urlsplit(ours.leave(flow.url(prompt="login")).url).query))

        assert (asked["prompt"], asked["max_age"]) == ("login", "0")

    def test_a_provider_that_is_not_enabled_is_not_asked(self, ours: Ours) -> None:
        ours.change(is_enabled=False)

        response = ours.leave()

        assert response.status_code == 404
        assert b"identity_provider_not_found" in response.content

    def test_a_provider_of_another_company_is_not_found_under_this_one(self, ours: Ours) -> None:
        other = identity.company("globex")

        response = ours.browser.get(f"/sign-in/with/{other.id}/{ours.id}")

        assert response.status_code == 404

    def test_no_more_than_a_few_attempts_are_kept(self, ours: Ours) -> None:
        for _ in range(9):
            ours.leave()

        assert len([name for name in ours.browser.cookies if name.startswith("federated_")]) == 6


class TestSomebodyLinked:
    def test_signs_in_and_is_told_of_once(self, ours: Ours, ada: Any, told: Any) -> None:
        ours.link(ada.id)

        response = ours.sign_in()

        assert (response.status_code, response.url) == (302, "/auth/login")
        assert is_signed_in(ours)
        assert told(ada.id) == ["sign_in.succeeded"]
        [link] = ours.links()
        assert link.last_used_at is not None

    def test_gets_tokens_that_say_how(self, ours: Ours, flow: Flow, ada: Any) -> None:
        ours.link(ada.id)

        claims = claims_of(ours, flow)

        assert (claims["amr"], claims["acr"]) == (["fed"], "aal1")
        assert claims["tenant"] == str(ours.company.id)

    def test_is_still_asked_for_the_second_factor_they_have_here(self, ours: Ours, flow: Flow, ada: Any) -> None:
        ours.link(ada.id)
        secret = app_of(ada.id)
        target = flow.url()

        response = ours.sign_in(target)

        assert response.url.startswith("/sign-in/second-step/")
        assert not is_signed_in(ours)
        code = totp.code_at(secret, totp.step_at(timezone.now()))
        ours.browser.post("/sign-in/second-step/", {"factor": "totp", "code": code, "next": target})
        assert is_signed_in(ours)
        facts = ours.browser.session["oidc"]
        assert facts["amr"] == ["fed", "otp", "mfa"]
        assert facts["within"] == str(ours.company.id)

    @pytest.mark.parametrize("word", [["pwd", "mfa"], ["pwd", "otp", "mfa"]])
    def test_the_providers_word_counts_for_one_where_the_company_says_so(
        self, ours: Ours, flow: Flow, ada: Any, word: list[str]
    ) -> None:
        ours.link(ada.id)
        app_of(ada.id)
        ours.change(trusts_mfa=True)
        ours.theirs.claims["amr"] = word

        assert claims_of(ours, flow)["acr"] == "aal2"

    def test_the_providers_word_is_not_asked_for_where_the_company_does_not_say_so(self, ours: Ours, ada: Any) -> None:
        ours.link(ada.id)
        app_of(ada.id)
        ours.theirs.claims["amr"] = ["pwd", "mfa"]

        assert ours.sign_in().url.startswith("/sign-in/second-step/")

    def test_the_providers_word_spares_nobody_the_second_factor_who_is_elsewhere_too(
        self, ours: Ours, ada: Any
    ) -> None:
        identity.member_of(identity.company("globex"), ada.email)
        ours.link(ada.id)
        app_of(ada.id)
        ours.change(trusts_mfa=True)
        ours.theirs.claims["amr"] = ["pwd", "mfa"]

        assert ours.sign_in().url.startswith("/sign-in/second-step/")

    def test_a_required_second_factor_is_met_by_a_trusted_word(self, ours: Ours, flow: Flow, ada: Any) -> None:
        with tenant(ours.company.id):
            authenticators.change_policy(mfa="everybody", actor=SYSTEM, now=timezone.now())
        ours.link(ada.id)
        ours.change(trusts_mfa=True)
        ours.theirs.claims["amr"] = ["mfa"]

        assert claims_of(ours, flow)["amr"] == ["fed", "mfa"]

    def test_a_required_second_factor_is_not_met_by_the_sign_in_alone(self, ours: Ours, flow: Flow, ada: Any) -> None:
        with tenant(ours.company.id):
            authenticators.change_policy(mfa="everybody", actor=SYSTEM, now=timezone.now())
        ours.link(ada.id)

        target = ours.sign_in(flow.url()).url

        assert ours.browser.go(target).url.startswith("/sign-in/enrol/")

    def test_who_signs_in_anew_confirms_who_they_are(self, ours: Ours, flow: Flow, ada: Any, told: Any) -> None:
        ours.link(ada.id)
        ours.sign_in()
        ours.theirs.claims["auth_time"] = int(timezone.now().timestamp())

        ours.sign_in(flow.url(prompt="login"))

        assert told(ada.id) == ["sign_in.succeeded", "sign_in.stepped_up"]

    @pytest.mark.parametrize("auth_time", [None, 1])
    def test_an_old_session_there_is_no_fresh_sign_in(
        self, ours: Ours, flow: Flow, ada: Any, auth_time: int | None
    ) -> None:
        ours.link(ada.id)
        ours.theirs.claims["auth_time"] = auth_time

        response = ours.sign_in(flow.url(max_age=60))

        assert response.status_code in (400, 403)
        assert not is_signed_in(ours)

    @pytest.mark.parametrize(("acr", "is_let_in"), [("gold", True), ("silver", False), (None, False)])
    def test_must_reach_the_level_that_is_asked_for(
        self, ours: Ours, ada: Any, acr: str | None, is_let_in: bool
    ) -> None:
        ours.link(ada.id)
        ours.change(acr_values=["gold", "platinum"])
        ours.theirs.claims["acr"] = acr

        asked = dict(parse_qsl(urlsplit(ours.leave().url).query))
        ours.sign_in()

        assert asked["acr_values"] == "gold platinum"
        assert is_signed_in(ours) is is_let_in


class TestWhatItIsGoodFor:
    """What a company's provider says holds in that company alone."""

    @pytest.fixture
    def globex(self, ada: Any) -> Any:
        """Another company that Ada belongs to."""
        globex = identity.company("globex")
        identity.member_of(globex, ada.email)
        return globex

    def test_no_other_company_is_entered(self, ours: Ours, flow: Flow, ada: Any, globex: Any) -> None:
        ours.link(ada.id)

        assert claims_of(ours, flow)["tenant"] == str(ours.company.id)
        response = flow.browser.go(flow.url(tenant="globex"))

        assert response.status_code == 403
        assert b"vouched_for_elsewhere" in response.content

    def test_no_other_company_is_offered(self, ours: Ours, ada: Any, globex: Any) -> None:
        ours.link(ada.id)
        ours.sign_in()

        response = ours.browser.get("/sign-in/tenant/")
        ours.browser.post("/sign-in/tenant/", {"tenant": str(globex.id)})

        assert [choice.slug for choice in response.context["tenants"]] == ["acme"]
        assert ours.browser.session["oidc"]["tenant_id"] == str(ours.company.id)

    def test_an_own_password_opens_the_others_again(self, ours: Ours, flow: Flow, ada: Any, globex: Any) -> None:
        ours.link(ada.id)
        ours.sign_in()

        ours.browser.enter_password("/auth/login", ada.email)

        assert ours.browser.session["oidc"]["within"] is None

    def test_no_open_invitation_of_another_company_is_accepted(self, ours: Ours, ada: Any) -> None:
        globex = identity.company("globex")
        with tenant(globex.id):
            users.invite_member(
                email=ada.email, name="Ada", roles=["clerk"], actor=SYSTEM, now=timezone.now(), with_password=False
            )
        ours.link(ada.id)

        ours.sign_in()

        assert is_signed_in(ours)
        with tenant(globex.id):
            assert people.member(ada.id).status == "invited"

    def test_somebody_of_another_company_too_is_not_believed_without_a_proved_domain(
        self, ours: Ours, acme: Any, told: Any
    ) -> None:
        zoe = identity.member_of(acme, "zoe@mail.example")
        ours.link(zoe.id)
        identity.member_of(identity.company("globex"), "zoe@mail.example")

        response = ours.sign_in()

        assert response.status_code == 403
        assert b"own_way_needed" in response.content
        assert not is_signed_in(ours)

    def test_platform_staff_sign_in_themselves(self, ours: Ours, ada: Any) -> None:
        ours.link(ada.id)
        get_user_model().objects.filter(id=ada.id).update(is_platform_staff=True)

        response = ours.sign_in()

        assert response.status_code == 403
        assert not is_signed_in(ours)

    def test_nobody_gets_to_the_admin(self, ours: Ours, ada: Any) -> None:
        ours.link(ada.id)

        assert ours.sign_in("/admin/").status_code == 403
        assert not is_signed_in(ours)

    @pytest.mark.parametrize("fate", ["suspended", "deleted", "barred"])
    def test_somebody_who_is_kept_out_stays_out(self, ours: Ours, ada: Any, fate: str) -> None:
        ours.link(ada.id)
        with tenant(ours.company.id):
            if fate == "suspended":
                users.update_member(user_id=ada.id, suspended=True, actor=SYSTEM)
            if fate == "deleted":
                users.delete_member(user_id=ada.id, actor=SYSTEM, now=timezone.now())
        if fate == "barred":
            users.suspend_user(user_id=ada.id)

        response = ours.sign_in()

        assert b"kept_out" in response.content
        assert not is_signed_in(ours)

    def test_nobody_signs_in_to_a_company_that_is_suspended(self, ours: Ours, ada: Any) -> None:
        ours.link(ada.id)
        address = ours.callback()
        type(ours.company).objects.filter(id=ours.company.id).update(status="suspended")

        assert ours.browser.go(address).status_code == 404
        assert not is_signed_in(ours)


class TestAnAccountWithTheSameAddress:
    def test_is_linked_where_the_company_says_so(self, ours: Ours, ada: Any) -> None:
        ours.change(linking="verified_email")

        ours.sign_in()

        assert is_signed_in(ours)
        [link] = ours.links()
        assert (link.user_id, link.subject) == (ada.id, "sub-1")
        with tenant(ours.company.id):
            [envelope] = log.stream(link.id, using="default")
        assert (envelope.event().user_id, envelope.event().how) == (ada.id, "email")

    def test_is_linked_once(self, ours: Ours, ada: Any) -> None:
        ours.change(linking="verified_email")

        ours.sign_in()
        ours.sign_in()

        assert len(ours.links()) == 1

    def test_is_not_linked_where_the_company_does_not_say_so(self, ours: Ours, ada: Any) -> None:
        response = ours.sign_in()

        assert b"link_it_yourself" in response.content
        assert ours.links() == []

    @pytest.mark.parametrize("verified", [False, None, "no", 1, "false"])
    def test_is_not_taken_over_by_an_address_that_is_not_verified(self, ours: Ours, ada: Any, verified: Any) -> None:
        ours.change(linking="verified_email", provisions=True, default_roles=["viewer"])
        ours.theirs.userinfo["email_verified"] = verified

        response = ours.sign_in()

        assert b"email_not_vouched_for" in response.content
        assert ours.links() == []
        assert not is_signed_in(ours)

    @pytest.mark.parametrize("domain", ["mail.example", "sub.acme.example", "acme.example.evil"])
    def test_is_not_taken_over_at_a_domain_that_is_not_the_providers(self, ours: Ours, acme: Any, domain: str) -> None:
        identity.member_of(acme, f"zoe@{domain}")
        ours.change(linking="verified_email", provisions=True, default_roles=["viewer"])
        ours.theirs.userinfo["email"] = f"zoe@{domain}"

        assert b"email_not_vouched_for" in ours.sign_in().content
        assert ours.links() == []

    def test_is_not_taken_over_at_a_domain_that_was_only_claimed(self, ours: Ours, acme: Any) -> None:
        zoe = identity.member_of(acme, "zoe@mail.example")
        users.verify_email(user_id=zoe.id, now=timezone.now())
        ours.change(linking="verified_email", email_domains=["acme.example", "mail.example"])
        ours.theirs.userinfo["email"] = "zoe@mail.example"

        assert b"email_not_vouched_for" in ours.sign_in().content
        assert ours.links() == []

    def test_is_not_linked_where_somebody_else_may_have_made_it_in_wait(self, ours: Ours, acme: Any) -> None:
        identity.member_of(acme, "zoe@acme.example")  # with a password, and the address was never confirmed
        ours.change(linking="verified_email")
        ours.theirs.userinfo["email"] = "zoe@acme.example"

        assert b"link_it_yourself" in ours.sign_in().content

    def test_of_somebody_invited_is_linked_and_joins(self, ours: Ours) -> None:
        ours.change(linking="verified_email")
        with tenant(ours.company.id):
            invited = users.invite_member(
                email="ada@acme.example",
                name="Ada",
                roles=["clerk"],
                actor=SYSTEM,
                now=timezone.now(),
                with_password=False,
            )

        ours.sign_in()

        with tenant(ours.company.id):
            assert people.member(invited.membership.user_id).status == "active"
        assert is_signed_in(ours)

    def test_a_second_identity_of_the_same_address_is_refused(self, ours: Ours, ada: Any) -> None:
        ours.change(linking="verified_email")
        ours.sign_in()
        ours.theirs.claims["sub"] = ours.theirs.userinfo["sub"] = "sub-2"

        assert b"identity_taken" in ours.sign_in().content
        assert len(ours.links()) == 1

    def test_says_the_same_of_an_unverified_address_whether_somebody_has_it_or_not(self, ours: Ours, ada: Any) -> None:
        ours.change(linking="verified_email", provisions=True, default_roles=["viewer"])
        ours.theirs.userinfo["email_verified"] = False
        answers = []
        for email in (ada.email, "nobody@acme.example"):
            ours.theirs.userinfo["email"] = email
            answers.append(ours.sign_in())

        assert {answer.status_code for answer in answers} == {403}
        assert {answer.context["detail"] for answer in answers} == {answers[0].context["detail"]}


class TestProvisioning:
    def test_makes_an_account_with_the_default_roles(self, ours: Ours, flow: Flow) -> None:
        ours.change(provisions=True, default_roles=["viewer"])
        ours.theirs.userinfo["name"] = "Ada  King"

        claims = claims_of(ours, flow)

        user = people.user_by_email("ada@acme.example")
        assert user is not None
        assert (user.name, user.email_verified, user.has_usable_password()) == ("Ada King", True, False)
        assert claims["sub"] == str(user.id)
        with tenant(ours.company.id):
            member = people.member(user.id)
            assert (member.role_codes, member.status) == (["viewer"], "active")
            events = [envelope.event_type for envelope in log.stream(member.id, using="default")]
        assert events == ["MemberInvited"]
        assert [link.user_id for link in ours.links()] == [user.id]

    def test_makes_no_account_where_the_company_does_not_say_so(self, ours: Ours) -> None:
        response = ours.sign_in()

        assert b"not_provisioned" in response.content
        assert people.user_by_email("ada@acme.example") is None

    def test_makes_nothing_at_all_where_something_goes_wrong(self, ours: Ours) -> None:
        ours.change(provisions=True, groups_claim="groups", role_mapping={"Staff": "clerk"})
        ours.theirs.userinfo["groups"] = ["Visitors"]

        response = ours.sign_in()

        assert b"no_role_given" in response.content
        assert people.user_by_email("ada@acme.example") is None
        assert ours.links() == []

    def test_does_not_invite_addresses_that_the_company_allows_nobody_to_have(self, ours: Ours) -> None:
        from apps.iam.tenants import commands as tenants

        with tenant(ours.company.id):
            tenants.configure_tenant(
                actor=SYSTEM, now=timezone.now(), changes={"allowed_email_domains": ["other.example"]}
            )
        ours.change(provisions=True, default_roles=["viewer"])

        assert ours.sign_in().status_code >= 400
        assert people.user_by_email("ada@acme.example") is None

    def test_groups_give_roles_and_take_them(self, ours: Ours) -> None:
        mapping = {"Accounting": "clerk", "Heads": "manager"}
        ours.change(provisions=True, default_roles=["viewer"], groups_claim="realm.groups", role_mapping=mapping)
        found = []
        for groups in (["Accounting", "Heads"], ["Heads", "Unknown"], []):
            ours.theirs.userinfo["realm"] = {"groups": groups}
            assert ours.sign_in().status_code == 302
            with tenant(ours.company.id):
                user = people.user_by_email("ada@acme.example")
                assert user
                found.append(sorted(people.member(user.id).role_codes))

        assert found == [["clerk", "manager", "viewer"], ["manager", "viewer"], ["viewer"]]

    def test_groups_leave_roles_alone_that_are_not_theirs(self, ours: Ours, ada: Any) -> None:
        ours.link(ada.id)
        ours.change(groups_claim="groups", role_mapping={"Heads": "manager"})
        ours.theirs.userinfo["groups"] = ["Heads"]

        ours.sign_in()

        with tenant(ours.company.id):
            assert sorted(people.member(ada.id).role_codes) == ["clerk", "manager"]


class TestTheSignInPage:
    def test_offers_the_providers_of_the_company_that_is_asked_for(self, ours: Ours, flow: Flow) -> None:
        page = ours.browser.get("/sign-in/", {"next": flow.url(tenant="acme")})

        assert [offer.name for offer in page.context["offers"]] == ["Acme SSO"]
        assert b"Continue with Acme SSO" in page.content

    def test_offers_those_for_the_address_that_the_client_hints_at(self, ours: Ours, flow: Flow) -> None:
        page = ours.browser.get("/sign-in/", {"next": flow.url(login_hint="Ada@ACME.example")})

        assert [offer.name for offer in page.context["offers"]] == ["Acme SSO"]

    def test_offers_those_of_the_company_whose_application_asks(self, ours: Ours, acme: Any) -> None:
        client, secret = identity.second_client(client_id="own", tenant_id=acme.id)
        own = Flow(client.client_id, secret, identity.SECOND_CLIENT_URI, ours.browser)

        page = ours.browser.get("/sign-in/", {"next": own.url()})

        assert [offer.name for offer in page.context["offers"]] == ["Acme SSO"]

    @pytest.mark.parametrize("hint", [{}, {"tenant": "globex"}, {"tenant": "\x00"}, {"login_hint": "a@globex.example"}])
    def test_offers_nothing_otherwise(self, ours: Ours, flow: Flow, hint: dict[str, str]) -> None:
        identity.company("globex")

        page = ours.browser.get("/sign-in/", {"next": flow.url(**hint)})

        assert page.status_code == 200
        assert page.context["offers"] == []

    @pytest.mark.parametrize("text", ["acme", "ADA@acme.example", "nobody@acme.example"])
    def test_finds_a_company_by_name_or_address(self, ours: Ours, text: str) -> None:
        page = ours.browser.post("/sign-in/company/", {"company": text})

        assert [offer.name for offer in page.context["offers"]] == ["Acme SSO"]

    @pytest.mark.parametrize("text", ["globex", "ada@mail.example", "", "x" * 400, "@", "a@b@acme.example.x", "\x00"])
    def test_says_when_there_is_none(self, ours: Ours, text: str) -> None:
        page = ours.browser.post("/sign-in/company/", {"company": text})

        assert page.status_code == 422
        assert page.context["offers"] == []

    def test_offers_no_domain_that_was_only_claimed(self, ours: Ours) -> None:
        ours.change(email_domains=["acme.example", "mail.example"])

        assert ours.browser.post("/sign-in/company/", {"company": "ada@mail.example"}).status_code == 422

    def test_follows_the_button_to_the_provider(self, ours: Ours, flow: Flow) -> None:
        page = ours.browser.post("/sign-in/company/", {"company": "ada@acme.example", "next": flow.url()})

        response = ours.browser.go(page.context["offers"][0].path)

        assert response.url.startswith(f"{ours.theirs.issuer}/authorize?")
        assert "login_hint=ada%40acme.example" in response.url


class TestAProviderThatDoesNotAnswer:
    def test_is_remembered_for_a_while(self, ours: Ours, ada: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        issuer = ours.theirs.issuer
        known = metadata.metadata_of(issuer)
        cache.delete(metadata._key("configuration", issuer))
        monkeypatch.setattr(IDENTITY_PROVIDERS, "forced", State.OPEN)

        with noting_stale_answers():
            assert metadata.metadata_of(issuer) == known
            (told,) = stale_answers()
        with pytest.raises(ProviderUnreachable):
            metadata.metadata_of(issuer, fresh=True)

        assert told["dependency"] == "identity-providers"

    def test_is_asked_each_time_while_the_cache_is_away(self, ours: Ours, settings: Any) -> None:
        away = {**settings.CACHES["default"], "LOCATION": "redis://127.0.0.1:1/0"}
        settings.CACHES = {**settings.CACHES, "default": away}

        assert [metadata.metadata_of(ours.theirs.issuer).issuer for _ in range(2)] == [ours.theirs.issuer] * 2
