"""People are asked what an application may do for them, and may take it back."""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import parse_qsl, urlsplit

import pytest
from django.test import Client
from django.utils import timezone
from oauth2_provider.models import get_access_token_model, get_application_model, get_grant_model

from apps.core.errors import Invalid
from apps.core.history import SYSTEM, Actor
from apps.core.tenancy import tenant
from apps.iam.applications import commands, queries
from apps.iam.applications.errors import ConsentNotFound
from apps.iam.applications.models import Consent
from apps.iam.oidc.clients import commands as clients
from apps.iam.oidc.tests import identity
from apps.iam.oidc.tests.identity import Browser, Flow, userinfo

pytestmark = pytest.mark.django_db

AccessToken, Grant = get_access_token_model(), get_grant_model()

ALL = "openid profile email api"


def sign_in(flow: Flow, email: str, **changes):
    """What a signed-in person gets to see first."""
    url = flow.url(**changes)
    response = flow.browser.go(url)
    if response.status_code == 302 and response.url.startswith("/sign-in/"):
        response = flow.browser.go(flow.browser.enter_password(url, email).url)
    return response


def fields_of(page) -> dict[str, str]:
    return {field.name: field.value() or "" for field in page.context["form"] if field.name != "allow"}


def answer(flow: Flow, page, *, allow: bool, **changes) -> dict[str, str]:
    """Press one of the two buttons; the parameters that the client is told."""
    form = fields_of(page) | ({"allow": "on"} if allow else {})
    response = flow.browser.post(flow.url(**changes), form)
    assert response.url.split("?")[0] == flow.redirect_uri, response.url
    return dict(parse_qsl(urlsplit(response.url).query))


def agree(flow: Flow, email: str) -> dict:
    """The whole way to tokens."""
    page = sign_in(flow, email)
    told = answer(flow, page, allow=True) if page.status_code == 200 else dict(parse_qsl(urlsplit(page.url).query))
    return flow.redeem(told["code"]).json()


def me(tokens: dict):
    return Client(headers={"authorization": f"Bearer {tokens['access_token']}"}).get("/api/v1/me")


class TestPage:
    def test_says_who_asks_for_what_where_and_as_whom(self, flow, mia, company):
        page = sign_in(flow, mia.email)

        text = page.content.decode()
        assert "Allow Web shop?" in text
        assert "See your email address" in text
        assert company.name in text
        assert mia.email in text
        assert "shop.example" in text

    def test_can_be_neither_framed_nor_kept(self, flow, mia):
        page = sign_in(flow, mia.email)

        assert page["X-Frame-Options"] == "DENY"
        assert "frame-ancestors 'none'" in page["Content-Security-Policy"]
        assert "no-store" in page["Cache-Control"]

    def test_lets_its_form_lead_to_the_client_and_nowhere_else(self, flow, mia, company, by_owner):
        clients.update(application_id=flow_client(flow).id, actor=by_owner, logo_uri="https://cdn.example/logo.png")

        policy = sign_in(flow, mia.email)["Content-Security-Policy"]

        assert "form-action 'self' https://shop.example;" in f"{policy};"
        assert "img-src 'self' data: https://cdn.example;" in f"{policy};"

    def test_escapes_what_the_application_is_called(self, flow, mia, by_owner):
        clients.update(application_id=flow_client(flow).id, actor=by_owner, name="<b>Shop</b>")

        assert "&lt;b&gt;Shop" in sign_in(flow, mia.email).content.decode()

    def test_before_it_the_sign_in_page_may_lead_to_the_client_too(self, flow):
        page = flow.browser.get("/sign-in/", {"next": flow.url()})
        other = flow.browser.get("/sign-in/")

        assert "form-action 'self' https://shop.example" in page["Content-Security-Policy"]
        assert "shop.example" not in other["Content-Security-Policy"]


def flow_client(flow: Flow):
    return get_application_model().objects.get(client_id=flow.client_id)


class TestAnswer:
    def test_yes_gives_a_code_and_is_remembered(self, flow, mia, told):
        first = answer(flow, sign_in(flow, mia.email), allow=True)
        second = sign_in(flow, mia.email)

        assert flow.redeem(first["code"]).status_code == 200
        assert second.status_code == 302
        assert dict(parse_qsl(urlsplit(second.url).query))["code"]
        (event,) = told("consent.given")
        assert (event.subject_id, event.actor_id, event.outcome) == (mia.id, mia.id, "success")
        assert event.details["scopes"] == "api email openid profile"

    def test_no_is_told_to_the_client_and_not_remembered(self, flow, mia, told):
        denied = answer(flow, sign_in(flow, mia.email), allow=False)

        assert (denied["error"], denied["state"]) == ("access_denied", flow.state)
        assert "code" not in denied
        assert not Consent.objects.exists()
        assert not Grant.objects.exists()
        assert [event.outcome for event in told("consent.given")] == ["denied"]
        assert sign_in(flow, mia.email).status_code == 200

    def test_needs_our_own_page(self, flow, mia):
        browser = Browser(enforce_csrf_checks=True)
        flow.browser = browser
        page = sign_in(flow, mia.email)

        refused = browser.post(flow.url(), {**fields_of(page), "allow": "on"})
        token = browser.cookies["csrf"].value
        accepted = browser.post(flow.url(), {**fields_of(page), "allow": "on", "csrfmiddlewaretoken": token})

        assert refused.status_code == 403
        assert not refused.has_header("Location")
        assert accepted.url.startswith(flow.redirect_uri)

    def test_needs_somebody_who_is_signed_in(self, flow, mia):
        page = sign_in(flow, mia.email)

        stranger = Browser()
        response = stranger.post(flow.url(), {**fields_of(page), "allow": "on"})

        assert (response.status_code, response.url) == (303, flow.url())
        assert stranger.go(response.url).url.startswith("/sign-in/")
        assert not Consent.objects.exists()

    @pytest.mark.parametrize(
        "change",
        [
            {"redirect_uri": "https://evil.example/"},
            {"client_id": "nobody"},
            {"client_id": ""},
            {"redirect_uri": ""},
        ],
    )
    @pytest.mark.parametrize("allow", [True, False])
    def test_on_a_changed_form_leads_nowhere(self, flow, mia, change, allow):
        page = sign_in(flow, mia.email)
        form = fields_of(page) | ({"allow": "on"} if allow else {}) | change

        response = flow.browser.post(flow.url(), form)

        assert response.status_code == 400
        assert not response.has_header("Location")
        assert not Consent.objects.exists()

    def test_with_scopes_beyond_the_clients_gives_nothing(self, flow, mia, by_owner):
        clients.update(application_id=flow_client(flow).id, actor=by_owner, allowed_scopes=["openid"])
        page = sign_in(flow, mia.email, scope="openid")

        response = flow.browser.post(
            flow.url(scope="openid"), {**fields_of(page), "scope": "openid api", "allow": "on"}
        )

        assert "error=invalid_scope" in response.url
        assert not Consent.objects.exists()


class TestAsking:
    def test_is_done_again_for_more(self, flow, mia):
        answer(flow, sign_in(flow, mia.email, scope="openid"), allow=True, scope="openid")

        more = sign_in(flow, mia.email, scope="openid email")
        answer(flow, more, allow=True, scope="openid email")

        assert more.context["scopes"] == ["Know who you are", "See your email address"]
        assert sign_in(flow, mia.email, scope="email").status_code == 302
        assert Consent.objects.get().scopes == ["email", "openid"]

    def test_is_done_again_when_the_client_wants_it(self, flow, mia):
        agree(flow, mia.email)

        assert sign_in(flow, mia.email, prompt="consent").status_code == 200
        assert sign_in(flow, mia.email).status_code == 302

    def test_is_not_saved_by_a_parameter_that_the_library_knows(self, flow, mia, company):
        agree(flow, mia.email)
        with tenant(company.id):
            Consent.objects.all().delete()

        assert sign_in(flow, mia.email, approval_prompt="auto").status_code == 200

    def test_silently_is_an_error_for_the_client(self, flow, mia):
        sign_in(flow, mia.email)

        before = sign_in(flow, mia.email, prompt="none")
        agree(flow, mia.email)
        after = sign_in(flow, mia.email, prompt="none")

        assert "error=consent_required" in before.url
        assert "code=" in after.url

    def test_is_for_each_person_and_application(self, flow, mia, company, by_owner):
        agree(flow, mia.email)
        noah = identity.member_of(company, "noah@acme.example")
        other = clients.register(kind="web", name="Other", redirect_uris=["https://other.example/cb"], actor=by_owner)

        his = sign_in(Flow(flow.client_id, flow.client_secret, flow.redirect_uri, Browser()), noah.email)
        hers = sign_in(Flow(other.client.client_id, other.secret, "https://other.example/cb", flow.browser), mia.email)

        assert his.status_code == hers.status_code == 200

    def test_is_for_each_company(self, mia, company, other_company):
        client, secret = identity.second_client(skip_authorization=False)
        identity.member_of(other_company, mia.email)
        flow = Flow(client.client_id, secret, identity.SECOND_CLIENT_URI, Browser())
        flow.browser.enter_password(flow.url(), mia.email)
        for chosen, status in ((company, 200), (company, 302), (other_company, 200)):
            flow.browser.post("/sign-in/tenant/", {"tenant": str(chosen.id), "next": flow.url()})
            page = flow.browser.go(flow.url())
            assert page.status_code == status
            if status == 200:
                answer(flow, page, allow=True)

        with tenant(other_company.id):
            assert Consent.objects.in_tenant().count() == 1

    def test_is_not_done_for_the_platforms_own(self, mia, company):
        client, secret = identity.second_client()
        flow = Flow(client.client_id, secret, identity.SECOND_CLIENT_URI, Browser())

        assert sign_in(flow, mia.email).status_code == 302


class TestCompanysOwnApplication:
    def test_is_for_its_members_whatever_company_they_chose(self, flow, mia, company, other_company):
        identity.member_of(other_company, mia.email)

        tokens = agree(flow, mia.email)

        assert me(tokens).json()["data"]["tenant"]["id"] == str(company.id)

    def test_lets_nobody_else_in(self, flow, other_company):
        stranger = identity.member_of(other_company, "sam@globex.example")

        page = sign_in(flow, stranger.email)
        silent = flow.browser.go(flow.url(prompt="none"))
        forced = flow.browser.post(flow.url(), {"client_id": flow.client_id, "redirect_uri": flow.redirect_uri})

        assert page.status_code == 403
        assert b"not_a_member" in page.content
        assert "error=access_denied" in silent.url
        assert forced.status_code in (302, 303, 400)
        assert not Grant.objects.exists()


class TestWithdrawal:
    def test_by_the_person_ends_the_tokens_at_once(self, flow, mia, company, told):
        tokens = agree(flow, mia.email)
        assert me(tokens).status_code == 200

        with tenant(company.id):
            commands.withdraw_consent(
                consent_id=Consent.objects.get().id, user_id=mia.id, actor=Actor(kind="user", id=mia.id)
            )

        assert me(tokens).status_code == 401
        assert userinfo(tokens["access_token"]).status_code == 401
        assert flow.refresh(tokens["refresh_token"]).json()["error"] == "invalid_grant"
        assert not AccessToken.objects.exists()
        assert sign_in(flow, mia.email).status_code == 200
        assert [event.subject_id for event in told("consent.withdrawn")] == [mia.id]

    def test_between_code_and_token_leaves_the_code_useless(self, flow, mia, company):
        told = answer(flow, sign_in(flow, mia.email), allow=True)

        with tenant(company.id):
            commands.withdraw_consent(consent_id=Consent.objects.get().id, user_id=mia.id, actor=SYSTEM)

        assert flow.redeem(told["code"]).json()["error"] == "invalid_grant"

    def test_is_not_undone_by_agreeing_again(self, flow, mia, company):
        old = agree(flow, mia.email)
        with tenant(company.id):
            commands.withdraw_consent(consent_id=Consent.objects.get().id, user_id=mia.id, actor=SYSTEM)
        agree(flow, mia.email)
        with tenant(company.id):  # the clock has gone on by a second since
            Consent.objects.update(given_at=timezone.now() + timedelta(seconds=1))

        assert me(old).status_code == 401

    def test_of_another_persons_or_companys_is_not_found(self, flow, mia, company, other_company, owner):
        agree(flow, mia.email)
        consent = Consent.objects.get()

        for scope, whose in (
            (company, {"user_id": owner.user_id}),
            (company, {"application_id": owner.user_id}),
            (other_company, {"user_id": mia.id}),
            (other_company, {"application_id": consent.application_id}),
        ):
            with tenant(scope.id), pytest.raises(ConsentNotFound):
                commands.withdraw_consent(consent_id=consent.id, actor=SYSTEM, **whose)


class TestApproval:
    @pytest.fixture
    def strict(self, company, by_owner):
        commands.set_consent_policy(policy="approved_only", actor=by_owner)

    def test_is_needed_where_the_company_says_so(self, flow, mia, strict, by_owner):
        before = sign_in(flow, mia.email)
        silent = flow.browser.go(flow.url(prompt="none"))
        commands.approve(application_id=flow_client(flow).id, actor=by_owner)
        after = sign_in(flow, mia.email)

        assert before.status_code == 403
        assert b"not approved yet" in before.content
        assert "error=access_denied" in before.context["back"]
        assert "error=access_denied" in silent.url
        assert after.status_code == 200

    def test_taken_back_ends_tokens_at_once_and_given_again_lets_them_be(self, flow, mia, strict, by_owner):
        application_id = flow_client(flow).id
        commands.approve(application_id=application_id, actor=by_owner)
        tokens = agree(flow, mia.email)
        assert me(tokens).status_code == 200

        commands.withdraw_approval(application_id=application_id, actor=by_owner)
        kept_out = me(tokens).status_code
        commands.approve(application_id=application_id, actor=by_owner)

        assert (kept_out, me(tokens).status_code) == (401, 200)

    def test_missing_at_the_answer_shows_why(self, flow, mia, company, by_owner):
        page = sign_in(flow, mia.email)
        commands.set_consent_policy(policy="approved_only", actor=by_owner)

        response = flow.browser.post(flow.url(), {**fields_of(page), "allow": "on"})

        assert response.status_code == 303
        assert flow.browser.go(response.url).status_code == 403
        assert not Consent.objects.exists()

    def test_and_policy_are_told_once(self, shop, by_owner, told):
        for _ in range(2):
            commands.set_consent_policy(policy="approved_only", actor=by_owner)
            commands.approve(application_id=shop.client.id, actor=by_owner)
        for _ in range(2):
            commands.withdraw_approval(application_id=shop.client.id, actor=by_owner)

        assert [event.details for event in told("settings.changed")] == [{"consent_policy": "approved_only"}]
        assert [event.details["changed"] for event in told("application.changed")] == [
            "approved",
            "approval withdrawn",
        ]
        assert queries.changes_of_application(shop.client.id, limit=9)

    def test_policy_is_one_that_there_is(self, company, by_owner):
        with pytest.raises(Invalid):
            commands.set_consent_policy(policy="whatever", actor=by_owner)

        assert queries.consent_policy() == "anyone"


class TestGiveConsent:
    def test_from_two_tabs_is_one(self, shop, mia, told):
        said = {
            "application_id": shop.client.id,
            "application_name": "Web shop",
            "actor": Actor(kind="user", id=mia.id),
            "now": timezone.now(),
        }

        commands.give_consent(scopes=["openid"], **said)
        commands.give_consent(scopes=["openid"], **said)

        assert Consent.objects.count() == 1
        assert len(told("consent.given")) == 1

    def test_is_a_persons(self, shop):
        with pytest.raises(ValueError, match="people"):
            commands.give_consent(
                application_id=shop.client.id, application_name="x", scopes=[], actor=SYSTEM, now=timezone.now()
            )
