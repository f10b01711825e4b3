"""The console's pages about service accounts and API keys."""

from __future__ import annotations

import pytest
from django.contrib.messages import get_messages
from django.test import Client
from django.utils import timezone

from apps.core.auth import api_keys
from apps.core.db.ids import uuid7
from apps.core.history import SYSTEM
from apps.core.tenancy import tenant
from apps.iam.service_accounts import commands, queries
from apps.iam.service_accounts.tests.factories import ServiceAccountFactory

pytestmark = pytest.mark.django_db

LIST = "/service-accounts/"


@pytest.fixture
def browser_of(company):
    """A client that gets pages as a member, by bearer token."""
    from tests.callers import Caller

    def browser(membership, **claims) -> Client:
        token = Caller(membership.user_id, membership.tenant_id, "", "").token(**claims)
        return Client(headers={"authorization": f"Bearer {token}", "accept": "text/html"})

    return browser


@pytest.fixture
def browser(owner, browser_of):
    return browser_of(owner)


@pytest.fixture
def path(account):
    return f"{LIST}{account.id}/"


def told(response):
    return [(message.level_tag, str(message)) for message in get_messages(response.wsgi_request)]


def secret_of(response) -> str:
    return response.context["secrets"][-1][1]


class TestList:
    def test_shows_accounts_with_roles_and_keys(self, browser, account, key_of):
        key_of(account)

        response = browser.get(f"{LIST}?q=night")

        assert "Nightly import" in response.content.decode()
        assert [row.role_labels for row in response.context["accounts"]] == [["Clerk"]]

    def test_without_any_says_what_they_are_for(self, browser):
        assert "No service accounts yet" in browser.get(LIST).content.decode()

    def test_is_closed_to_clerks(self, owner, member, browser_of):
        assert browser_of(member("clerk")).get(LIST).status_code == 403


class TestNew:
    def test_makes_one(self, browser, owner):
        form = {"name": "Import", "role": ["clerk"], "owner_id": str(owner.user_id), "contact": "#ops"}

        response = browser.post(f"{LIST}new", form)

        (made,) = queries.service_accounts()
        assert response["Location"] == f"{LIST}{made.id}/"
        assert (made.name, made.role_codes, made.owner_id) == ("Import", ["clerk"], owner.user_id)

    @pytest.mark.parametrize(
        ("fields", "text"), [({"name": ""}, "This field is required"), ({"role": ["king"]}, "unknown: king")]
    )
    def test_shows_what_is_wrong_and_keeps_what_was_typed(self, browser, fields, text):
        response = browser.post(f"{LIST}new", {"name": "Import", "contact": "#ops", "role": ["clerk"], **fields})

        assert response.status_code == 422
        assert text in response.content.decode()
        assert 'value="#ops"' in response.content.decode()

    def test_shows_the_form(self, browser):
        assert browser.get(f"{LIST}new").status_code == 200


class TestDetail:
    def test_shows_everything(self, browser, account, path, key_of):
        key_of(account, scopes=["orders.view"])

        text = browser.get(path).content.decode()

        assert "orders.view" in text
        assert "server 1" in text
        assert "History" in text

    def test_is_saved(self, browser, account, path):
        form = {"name": "Import", "description": "Reads stock", "owner_id": "", "contact": "", "version": 1}

        response = browser.post(path, form)

        assert response["Location"] == path
        assert queries.service_account(account.id).description == "Reads stock"

    def test_is_not_saved_over_somebody_elses(self, browser, account, path):
        commands.update_service_account(account_id=account.id, actor=SYSTEM, description="theirs")

        response = browser.post(path, {"name": "Mine", "version": 1})

        assert response.status_code == 409
        assert 'value="Mine"' in response.content.decode()
        assert "Somebody else saved" in response.content.decode()
        assert browser.post(path, {"name": "", "version": 2}).status_code == 422

    def test_is_given_roles_disabled_deleted_and_restored(self, browser, account, path):
        browser.post(f"{path}roles", {"role": ["viewer"]})
        browser.post(f"{path}state", {"enabled": "no"})
        disabled = queries.service_account(account.id)
        browser.post(f"{path}state", {"enabled": "yes"})
        deleted = browser.post(f"{path}deletion")
        shown = browser.get(path).content.decode()
        restored = browser.post(f"{path}restoration", {"next": "https://evil.example/"})

        assert (disabled.role_codes, disabled.state) == (["viewer"], "disabled")
        assert deleted["Location"] == LIST
        assert "Its keys and tokens are refused" in shown
        assert restored["Location"] == path
        assert queries.service_account(account.id).state == "active"

    def test_says_why_a_mightier_one_stays_as_it_is(self, company, member, browser_of):
        mighty = ServiceAccountFactory(roles=["owner"])
        browser = browser_of(member("manager"))

        for suffix, form in (
            ("roles", {"role": []}),
            ("state", {"enabled": "no"}),
            ("deletion", {}),
            ("client", {}),
        ):
            response = browser.post(f"{LIST}{mighty.id}/{suffix}", form)
            assert told(response)[0][0] == "error"
        assert queries.service_account(mighty.id).state == "active"

    def test_gives_oauth_credentials_once(self, browser, account, path):
        response = browser.post(f"{path}client")
        again = browser.post(f"{path}client")

        form = {"grant_type": "client_credentials", "client_id": str(account.id), "client_secret": secret_of(response)}
        assert "no-store" in response["Cache-Control"]
        assert Client().post("/oidc/token", form).status_code == 200
        assert told(again)[0][0] == "error"

    def test_of_another_company_is_not_found(self, browser, other_company):
        with tenant(other_company.id):
            stranger = ServiceAccountFactory()

        for id_ in (stranger.id, uuid7()):
            for suffix in ("", "keys/new", f"keys/{uuid7()}/rotation"):
                assert browser.get(f"{LIST}{id_}/{suffix}").status_code == 404


class TestKeys:
    FORM = {"name": "server 2", "days": 30, "reach": "some", "scopes": ["orders.view"]}

    def test_are_made_and_shown_once(self, browser, account, path, caller):
        form = browser.get(f"{path}keys/new")
        response = browser.post(f"{path}keys/new", self.FORM)

        key = secret_of(response)
        assert form.status_code == 200
        assert key in response.content.decode()
        assert "no-store" in response["Cache-Control"]
        assert caller(key).get("/api/v1/me").json()["data"]["permissions"] == ["orders.view"]
        assert key not in browser.get(path).content.decode()

    @pytest.mark.parametrize(
        ("fields", "text"),
        [
            ({"name": ""}, "required"),
            ({"days": 0}, "greater than or equal to 1"),
            ({"scopes": []}, "at least one permission"),
            ({"scopes": ["users.manage"]}, "not one of the available choices"),
        ],
    )
    def test_are_refused_with_words(self, browser, path, fields, text):
        response = browser.post(f"{path}keys/new", {**self.FORM, **fields})

        assert response.status_code == 422
        assert text in response.content.decode()

    def test_are_rotated_and_revoked(self, browser, account, path, key_of, caller):
        old = key_of(account)

        form = browser.get(f"{path}keys/{old.row.id}/rotation")
        rotated = browser.post(f"{path}keys/{old.row.id}/rotation", {"overlap_s": 3600})
        revoked = browser.post(f"{path}keys/{old.row.id}/revocation")
        over = browser.post(f"{path}keys/{old.row.id}/rotation", {"overlap_s": 0})

        assert form.status_code == 200
        assert api_keys.looks_like_one(secret_of(rotated))
        assert revoked["Location"] == path
        assert caller(old.secret).get("/api/v1/me").status_code == 401
        assert over.status_code == 422

    def test_ask_for_a_fresh_sign_in_first(self, owner, browser_of, path):
        response = browser_of(owner, auth_time=1).get(f"{path}keys/new")

        assert response.status_code == 302
        assert response["Location"].startswith("/auth/login?")


class TestOwnKeys:
    def test_are_made_rotated_and_revoked(self, owner, member, browser_of, caller):
        browser = browser_of(member("clerk", name="Zoë"))

        empty = browser.get("/account/keys/").content.decode()
        key = secret_of(browser.post("/account/keys/new", {"name": "laptop", "days": 9, "reach": "all"}))
        (row,) = browser.get("/account/keys/").context["keys"]
        browser.post(f"/account/keys/{row.id}/rotation", {"overlap_s": 60})
        used = caller(key).get("/api/v1/me").json()["data"]["name"]
        browser.post(f"/account/keys/{row.id}/revocation")

        assert "No keys" in empty
        assert used == "Zoë"
        assert caller(key).get("/api/v1/me").status_code == 401

    def test_are_nobody_elses(self, owner, by_owner, member, browser_of):
        issued = commands.create_key(
            holder_id=owner.user_id, holder_kind="user", name="k", actor=by_owner, now=timezone.now()
        )
        browser = browser_of(member("clerk"))

        assert browser.get(f"/account/keys/{issued.row.id}/rotation").status_code == 404
        assert told(browser.post(f"/account/keys/{issued.row.id}/revocation"))[0][0] == "error"
