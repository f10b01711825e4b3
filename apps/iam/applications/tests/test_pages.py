"""The console's pages about applications and consents."""

from __future__ import annotations

import pytest
from django.contrib.messages import get_messages
from django.test import Client
from django.utils import timezone

from apps.core.db.ids import uuid7
from apps.core.history import SYSTEM, Actor
from apps.core.tenancy import tenant
from apps.iam.applications import commands, queries
from apps.iam.oidc.clients import commands as clients
from apps.iam.oidc.clients import queries as client_queries
from apps.iam.oidc.tests import identity

pytestmark = pytest.mark.django_db

LIST = "/applications/"
FORM = {"kind": "web", "name": "Shop", "redirect_uris": "https://shop.example/callback\nhttps://shop.example/other"}


@pytest.fixture
def browser_of(company):
    """A client that gets pages as a member, by bearer token."""
    from tests.callers import Caller

    def browser(membership) -> Client:
        token = Caller(membership.user_id, membership.tenant_id, "", "").token()
        return Client(headers={"authorization": f"Bearer {token}", "accept": "text/html"})

    return browser


@pytest.fixture
def browser(owner, browser_of):
    return browser_of(owner)


@pytest.fixture
def path(shop):
    return f"{LIST}{shop.client.id}/"


@pytest.fixture
def consent_of(shop):
    def give(membership):
        return commands.give_consent(
            application_id=shop.client.id,
            application_name="Web shop",
            scopes=["openid", "email"],
            actor=Actor(kind="user", id=membership.user_id),
            now=timezone.now(),
        )

    return give


def told(response):
    return [(message.level_tag, str(message)) for message in get_messages(response.wsgi_request)]


def edited(client, **changes) -> dict:
    return {"name": client.name, "redirect_uris": client.redirect_uris, "version": client.version, **changes}


class TestList:
    def test_shows_applications_and_the_rule(self, browser, shop):
        text = browser.get(f"{LIST}?kind=web").content.decode()

        assert "Web shop" in text
        assert "Who decides" in text

    def test_without_any_says_what_they_are_for(self, browser):
        assert "No applications yet" in browser.get(LIST).content.decode()

    def test_is_closed_to_clerks(self, owner, member, browser_of):
        assert browser_of(member("clerk")).get(LIST).status_code == 403

    def test_changes_the_rule(self, browser, company):
        browser.post(f"{LIST}consent-policy", {"policy": "approved_only"})
        wrong = browser.post(f"{LIST}consent-policy", {"policy": "x"})

        assert queries.consent_policy() == "approved_only"
        assert told(wrong)[-1][0] == "error"


class TestNew:
    def test_registers_and_shows_the_secret_once(self, browser):
        response = browser.post(f"{LIST}new", FORM)

        (made,) = client_queries.applications()
        secret = response.context["secrets"][1][1]
        assert secret in response.content.decode()
        assert "no-store" in response["Cache-Control"]
        assert made.redirect_uris == "https://shop.example/callback https://shop.example/other"
        assert secret not in browser.get(f"{LIST}{made.id}/").content.decode()

    def test_of_a_public_one_shows_no_secret(self, browser):
        response = browser.post(f"{LIST}new", {**FORM, "kind": "single_page"})

        assert response.status_code == 302

    def test_of_a_machine_makes_its_service_account(self, browser):
        browser.post(f"{LIST}new", {"kind": "machine", "name": "Import"})

        (made,) = client_queries.applications()
        assert browser.get(f"/service-accounts/{made.id}/").status_code == 200
        assert "its service account" in browser.get(f"{LIST}{made.id}/").content.decode()

    @pytest.mark.parametrize(
        ("fields", "text"),
        [
            ({"name": ""}, "This field is required"),
            ({"redirect_uris": ""}, "at least one address"),
            ({"redirect_uris": "http://shop.example/"}, "begin it with https://"),
        ],
    )
    def test_shows_what_is_wrong_and_keeps_what_was_typed(self, browser, fields, text):
        response = browser.post(f"{LIST}new", {**FORM, "description": "Buy tea", **fields})

        assert response.status_code == 422
        assert text in response.content.decode()
        assert 'value="Buy tea"' in response.content.decode()
        assert browser.get(f"{LIST}new").status_code == 200


class TestDetail:
    def test_shows_everything(self, browser, path, member, consent_of):
        consent_of(member("clerk", name="Zoë"))

        text = browser.get(path).content.decode()

        assert "https://shop.example/callback" in text
        assert "Zoë" in text
        assert "History" in text

    def test_is_saved(self, browser, shop, path):
        form = edited(shop.client, description="Buy tea", allowed_scopes=["openid"], access_token_lifetime_s=120)

        response = browser.post(path, form)

        saved = client_queries.application(shop.client.id)
        assert response["Location"] == path
        assert (saved.description, saved.allowed_scopes, saved.access_token_lifetime_s) == ("Buy tea", "openid", 120)

    def test_is_not_saved_over_somebody_elses(self, browser, shop, path):
        clients.update(application_id=shop.client.id, actor=SYSTEM, description="theirs")

        response = browser.post(path, edited(shop.client, name="Mine", version=1))

        assert response.status_code == 409
        assert 'value="Mine"' in response.content.decode()

    def test_says_what_is_wrong(self, browser, shop, path):
        response = browser.post(path, edited(shop.client, redirect_uris="ftp://x.example/"))

        assert response.status_code == 422
        assert "begin it with https://" in response.content.decode()

    def test_is_disabled_approved_deleted_and_restored(self, browser, shop, path):
        browser.post(f"{path}state", {"enabled": "no"})
        disabled = client_queries.application(shop.client.id).state
        browser.post(f"{path}state", {"enabled": "yes"})
        browser.post(f"{path}approval", {"approved": "yes"})
        approved = queries.is_approved(shop.client.id)
        browser.post(f"{path}approval", {"approved": "no"})
        deleted = browser.post(f"{path}deletion")
        restored = browser.post(f"{path}restoration", {"next": "https://evil.example/"})

        assert (disabled, approved) == ("disabled", True)
        assert not queries.is_approved(shop.client.id)
        assert deleted["Location"] == LIST
        assert restored["Location"] == path

    def test_is_removed_for_good_by_name(self, browser, shop, path):
        browser.post(f"{path}deletion")

        shown = browser.get(path).content.decode()
        wrong = browser.post(f"{path}erasure", {"confirmation": "shop"})
        done = browser.post(f"{path}erasure", {"confirmation": "Web shop"})

        assert "Remove for good" in shown
        assert wrong.status_code == 422
        assert done["Location"] == LIST
        assert browser.get(path).status_code == 404

    def test_gives_another_secret(self, browser, path):
        form = browser.get(f"{path}secret")
        response = browser.post(f"{path}secret", {"overlap_s": 3600})

        assert form.status_code == 200
        assert response.context["secrets"][1][1] in response.content.decode()
        assert "the one before is good until" in browser.get(path).content.decode()

    def test_withdraws_a_members_consent(self, browser, path, member, consent_of):
        consent = consent_of(member("clerk"))

        for tone in ("success", "error"):
            response = browser.post(f"{path}consents/{consent.id}/withdrawal")
            assert told(response)[-1][0] == tone

    def test_of_the_platform_is_only_approved(self, browser):
        offered, _ = identity.second_client(client_id="partner", name="Partner", skip_authorization=False)

        text = browser.get(f"{LIST}{offered.id}/").content.decode()

        assert "of the platform" in text
        assert "Rotate the secret" not in text
        assert "approval" in text

    def test_of_another_company_is_not_found(self, browser, other_company):
        with tenant(other_company.id):
            stranger = clients.register(kind="web", name="X", redirect_uris=["https://x.example/"], actor=SYSTEM).client

        for id_ in (stranger.id, uuid7()):
            assert browser.get(f"{LIST}{id_}/").status_code == 404
            assert browser.get(f"{LIST}{id_}/secret").status_code == 404


class TestOwnApplications:
    def test_are_listed_and_taken_back(self, owner, member, browser_of, consent_of):
        clerk = member("clerk")
        consent, browser = consent_of(clerk), browser_of(clerk)

        shown = browser.get("/account/applications/").content.decode()
        browser.post(f"/account/applications/{consent.id}/withdrawal")
        again = browser.post(f"/account/applications/{consent.id}/withdrawal")

        assert "Web shop" in shown
        assert "See your email address" in shown
        assert told(again)[-1][0] == "error"
        assert "listed here" in browser.get("/account/applications/").content.decode()
