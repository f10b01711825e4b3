"""What an authorization request asks of the sign-in: prompt, max_age and acr_values (OpenID Connect Core §3.1.2.1)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlsplit

import pytest
from django.conf import settings
from django.http import HttpResponse, HttpResponseRedirect
from django.test import RequestFactory
from django.urls import include, path
from django.utils import timezone

from apps.core.auth.tokens import verified_claims
from apps.iam.oidc import sessions, stepping_up
from apps.iam.oidc.tests import identity
from apps.iam.oidc.tests.identity import Browser, Flow

pytestmark = pytest.mark.django_db


def second_factor(request: Any) -> HttpResponse:
    """Stands for the page that takes a one-time password: GET tells what is needed, POST takes it as given."""
    target = request.GET["next"]
    if request.method == "GET":
        return HttpResponse(repr(stepping_up.needs(request, target)))
    if "refuse" in request.POST:
        return HttpResponseRedirect(stepping_up.give_up_url(target))
    sessions.step_up(request, amr=("otp",))
    return HttpResponseRedirect(target)


def highest(_subject: Any) -> str:
    """Everybody has a second factor."""
    return "aal2"


urlpatterns = [path("sign-in/second-factor/", second_factor, name="second-factor"), path("", include("config.urls"))]


@pytest.fixture
def with_second_factor(settings: Any) -> None:
    settings.ROOT_URLCONF = __name__
    settings.STEP_UP_PAGE = "second-factor"
    settings.HIGHEST_ACR = f"{__name__}.highest"


def is_sign_in(response: Any) -> bool:
    return response.status_code == 302 and response.url.startswith("/sign-in/?next=")


def wanted(response: Any) -> str:
    """The address that the sign-in page is to go on to."""
    return parse_qs(urlsplit(response.url).query)["next"][0]


def answer(response: Any) -> dict[str, str]:
    assert response.url.startswith(identity.SECOND_CLIENT_URI), response.url
    return dict(parse_qsl(urlsplit(response.url).query))


def signed_in_ago(browser: Browser, ago: timedelta) -> None:
    session = browser.session
    session["oidc"] = {**session["oidc"], "authenticated_at": (timezone.now() - ago).isoformat()}
    session.save()


class TestLogin:
    @pytest.mark.parametrize("demand", [{"prompt": "login"}, {"max_age": "0"}, {"prompt": "login consent"}])
    def test_is_asked_for_once_and_then_the_request_goes_on(self, flow: Flow, mia: Any, demand: dict[str, str]) -> None:
        flow.answer(mia.email)
        browser, url = flow.browser, flow.url(**demand)

        asked = browser.go(url)
        back = browser.enter_password(wanted(asked), mia.email)
        response = browser.go(back.url)

        assert is_sign_in(asked)
        assert back.url == wanted(asked)
        if "consent" in demand.get("prompt", ""):
            assert b"Allow Shop?" in response.content
        else:
            assert "code" in answer(response)

    def test_is_asked_for_again_by_the_next_request(self, flow: Flow, mia: Any) -> None:
        browser, url = flow.browser, flow.url(prompt="login")
        first = browser.go(browser.enter_password(wanted(browser.go(url)), mia.email).url)

        assert "code" in answer(first)
        assert is_sign_in(browser.go(url))
        assert is_sign_in(browser.go(flow.url(prompt="login", state="another")))

    def test_mark_of_a_request_is_good_for_one_code_and_for_no_other_request(self, flow: Flow, mia: Any) -> None:
        browser = flow.browser
        target = wanted(browser.go(flow.url(prompt="login")))
        mark = parse_qs(urlsplit(target).query)["asked"][0]
        browser.enter_password(target, mia.email)

        stolen = browser.go(flow.url(prompt="login", state="another", asked=mark))
        used = browser.go(target)
        again = browser.go(target)

        assert is_sign_in(stolen)
        assert "code" in answer(used)
        assert is_sign_in(again)

    def test_is_not_done_by_going_on_without_signing_in(self, flow: Flow, mia: Any) -> None:
        flow.answer(mia.email)

        asked = flow.browser.go(flow.url(prompt="login"))

        assert is_sign_in(flow.browser.go(wanted(asked)))
        assert is_sign_in(flow.browser.go(flow.url(prompt="login", asked="made up")))

    def test_may_be_somebody_elses(self, flow: Flow, mia: Any, acme: Any) -> None:
        flow.answer(mia.email)
        noah = identity.member_of(acme, "noah@acme.example")
        browser = flow.browser

        asked = browser.go(flow.url(prompt="login"))
        code = answer(browser.go(browser.enter_password(wanted(asked), noah.email).url))["code"]

        assert verified_claims(flow.redeem(code).json()["access_token"])["sub"] == str(noah.id)

    def test_is_needed_for_consent_that_was_shown_before(self, flow: Flow, mia: Any) -> None:
        flow.answer(mia.email)
        url = flow.url(prompt="login consent")

        response = flow.browser.post(url, {"allow": "on"})

        assert (response.status_code, response.url) == (303, url)


class TestMaxAge:
    def test_lets_a_recent_sign_in_pass(self, flow: Flow, mia: Any) -> None:
        flow.answer(mia.email)
        signed_in_ago(flow.browser, timedelta(minutes=4))

        assert "code" in answer(flow.browser.go(flow.url(max_age="300")))

    def test_asks_for_a_new_one_where_it_is_older(self, flow: Flow, mia: Any) -> None:
        flow.answer(mia.email)
        signed_in_ago(flow.browser, timedelta(minutes=6))
        browser = flow.browser

        asked = browser.go(flow.url(max_age="300"))
        code = answer(browser.go(browser.enter_password(wanted(asked), mia.email).url))["code"]

        claims = verified_claims(flow.redeem(code).json()["access_token"])
        assert timezone.now().timestamp() - claims["auth_time"] < 60

    @pytest.mark.parametrize("max_age", ["-1", "soon", "1.5", "٣", "1" * 10])
    def test_must_be_a_number_of_seconds(self, flow: Flow, mia: Any, max_age: str) -> None:
        before = answer(flow.browser.go(flow.url(max_age=max_age)))

        assert (before["error"], before["state"]) == ("invalid_request", flow.state)
        flow.answer(mia.email)
        assert answer(flow.browser.go(flow.url(max_age=max_age)))["error"] == "invalid_request"


class TestPrompt:
    def test_none_never_asks(self, flow: Flow, mia: Any) -> None:
        flow.answer(mia.email)
        signed_in_ago(flow.browser, timedelta(hours=1))

        assert "code" in answer(flow.browser.go(flow.url(prompt="none")))
        old = answer(flow.browser.go(flow.url(prompt="none", max_age="60")))
        assert (old["error"], old["state"]) == ("login_required", flow.state)

    def test_none_does_not_choose_a_company(self, flow: Flow, mia: Any) -> None:
        identity.member_of(identity.company("globex"), mia.email)
        flow.browser.enter_password(flow.url(), mia.email)

        assert answer(flow.browser.go(flow.url(prompt="none")))["error"] == "interaction_required"

    @pytest.mark.parametrize("prompt", ["none login", "create", "register", "LOGIN"])
    def test_of_another_kind_is_refused(self, flow: Flow, mia: Any, prompt: str) -> None:
        assert answer(flow.browser.go(flow.url(prompt=prompt)))["error"] == "invalid_request"

        flow.answer(mia.email)
        assert answer(flow.browser.go(flow.url(prompt=prompt)))["error"] == "invalid_request"

    @pytest.mark.parametrize("name", ["prompt", "max_age", "acr_values"])
    def test_is_given_once(self, flow: Flow, mia: Any, name: str) -> None:
        response = flow.browser.go(f"{flow.url()}&{name}=&{name}=")

        assert answer(response)["error"] == "invalid_request"

    def test_consent_asks_even_for_a_client_that_needs_none(self, flow: Flow, mia: Any) -> None:
        flow.answer(mia.email)
        url = flow.url(prompt="consent")

        page = flow.browser.go(url)
        form = {field.name: field.value() or "" for field in page.context["form"]}
        allowed = flow.browser.post(url, {**form, "allow": "on"})

        assert b"Allow Shop?" in page.content
        assert flow.redeem(answer(allowed)["code"]).status_code == 200

    def test_select_account_shows_the_sign_in_page_and_the_companies(self, flow: Flow, mia: Any) -> None:
        flow.answer(mia.email)
        identity.member_of(identity.company("globex"), mia.email)
        browser = flow.browser

        asked = browser.go(flow.url(prompt="select_account"))
        companies = browser.go(browser.enter_password(wanted(asked), mia.email).url)

        assert is_sign_in(asked)
        assert companies.url.startswith("/sign-in/tenant/")


class TestAcr:
    def test_that_is_reached_is_told(self, flow: Flow, mia: Any) -> None:
        answered = flow.answer(mia.email, acr_values="aal1")

        assert verified_claims(flow.redeem(answered["code"]).json()["access_token"])["acr"] == "aal1"

    @pytest.mark.parametrize("acr_values", ["aal2", "aal3", "urn:mace:incommon:iap:silver"])
    def test_that_cannot_be_reached_is_an_error(self, flow: Flow, mia: Any, acr_values: str) -> None:
        flow.answer(mia.email)

        for prompt in (None, "none"):
            told = answer(flow.browser.go(flow.url(acr_values=acr_values, prompt=prompt)))
            assert (told["error"], told["state"]) == ("unmet_authentication_requirements", flow.state)

    def test_any_of_those_asked_for_is_enough(self, flow: Flow, mia: Any) -> None:
        flow.answer(mia.email)

        assert "code" in answer(flow.browser.go(flow.url(acr_values="aal2 aal1")))

    @pytest.mark.usefixtures("with_second_factor")
    def test_above_that_of_the_session_asks_for_a_second_factor(self, flow: Flow, mia: Any) -> None:
        flow.answer(mia.email)
        browser = flow.browser

        asked = browser.go(flow.url(acr_values="aal2"))
        page = browser.go(asked.url)
        needs = browser.go(page.url).content
        done = browser.post(page.url)
        claims = verified_claims(flow.redeem(answer(browser.go(done.url))["code"]).json()["access_token"])

        assert is_sign_in(asked)
        assert page.url.startswith("/sign-in/second-factor/")
        assert needs == b"Needs(fresh=False, acr='aal2')"
        assert (claims["acr"], claims["amr"]) == ("aal2", ["pwd", "otp", "mfa"])

    @pytest.mark.usefixtures("with_second_factor")
    def test_of_somebody_who_signs_in_for_it_takes_both_factors_in_turn(self, flow: Flow, mia: Any) -> None:
        browser = flow.browser

        asked = browser.go(flow.url(acr_values="aal2", prompt="login"))
        second = browser.enter_password(wanted(asked), mia.email)
        done = browser.post(second.url)

        assert second.url.startswith("/sign-in/second-factor/")
        assert "code" in answer(browser.go(done.url))

    @pytest.mark.usefixtures("with_second_factor")
    def test_that_a_person_gives_up_is_told_to_the_client(self, flow: Flow, mia: Any) -> None:
        flow.answer(mia.email)
        browser = flow.browser

        page = browser.go(browser.go(flow.url(acr_values="aal2")).url)
        refused = browser.post(page.url, {"refuse": "1"})

        assert answer(browser.go(refused.url))["error"] == "unmet_authentication_requirements"

    @pytest.mark.usefixtures("with_second_factor")
    def test_of_a_silent_request_is_not_asked_for(self, flow: Flow, mia: Any) -> None:
        flow.answer(mia.email)

        assert answer(flow.browser.go(flow.url(acr_values="aal2", prompt="none")))["error"] == "login_required"

    @pytest.mark.usefixtures("with_second_factor")
    def test_told_is_one_of_those_asked_for(self, flow: Flow, mia: Any) -> None:
        flow.answer(mia.email)
        browser = flow.browser
        browser.go(browser.post(browser.go(browser.go(flow.url(acr_values="aal2")).url).url).url)

        told = [answer(browser.go(flow.url(acr_values=asked)))["code"] for asked in ("aal1", "aal1 aal2")]

        claims = [verified_claims(flow.redeem(code).json()["access_token"]) for code in told]
        assert [one["acr"] for one in claims] == ["aal1", "aal2"]


class TestPostedRequest:
    def test_is_answered_as_one_in_the_address(self, flow: Flow, mia: Any) -> None:
        flow.answer(mia.email)
        form = dict(parse_qsl(urlsplit(flow.url()).query))

        posted = Browser(enforce_csrf_checks=True).post(identity.AUTHORIZE, form)

        assert posted.status_code == 303
        assert "code" in answer(flow.browser.go(posted.url))

    def test_consent_is_still_protected(self, mia: Any) -> None:
        client, secret = identity.second_client(skip_authorization=False)
        browser = Browser(enforce_csrf_checks=True)
        flow = Flow(client.client_id, secret, identity.SECOND_CLIENT_URI, browser)
        page = browser.go(browser.enter_password(flow.url(), mia.email).url)
        form = {field.name: field.value() or "" for field in page.context["form"]} | {"allow": "on"}

        forged = browser.post(flow.url(), form)
        own = browser.post(
            flow.url(), {**form, "csrfmiddlewaretoken": browser.cookies[settings.CSRF_COOKIE_NAME].value}
        )

        assert forged.status_code == 403
        assert "code" in answer(own)


def test_other_addresses_need_nothing(rf: RequestFactory) -> None:
    assert stepping_up.needs(rf.get("/sign-in/"), "/auth/login?acr_values=aal2") is None
