"""Applications and consents over REST."""

from __future__ import annotations

import pytest
from django.utils import timezone

from apps.core.db.ids import uuid7
from apps.core.history import Actor
from apps.core.tenancy import tenant
from apps.iam.applications import commands
from apps.iam.oidc.clients import commands as clients

pytestmark = pytest.mark.django_db

PATH = "/api/v1/applications"
SHOP = {"kind": "web", "name": "Web shop", "redirect_uris": ["https://shop.example/callback"]}


@pytest.fixture
def api(owner, client_of):
    return client_of(owner)


@pytest.fixture
def path(shop):
    return f"{PATH}/{shop.client.id}"


@pytest.fixture
def consent_of(company, shop):
    def give(membership):
        actor = Actor(kind="user", id=membership.user_id, name=membership.name)
        return commands.give_consent(
            application_id=shop.client.id,
            application_name="Web shop",
            scopes=["openid"],
            actor=actor,
            now=timezone.now(),
        )

    return give


class TestApplications:
    def test_are_registered_with_a_secret_that_is_shown_once(self, api):
        headers = {"idempotency-key": "k-1"}
        first, again = api.post(PATH, SHOP, headers=headers), api.post(PATH, SHOP, headers=headers)

        data = first.json()["data"]
        assert (first.status_code, first["Location"]) == (201, f"{PATH}/{data['id']}")
        assert first["Cache-Control"] == "no-store"
        assert data["client_secret"]
        assert again.json()["data"] == {**data, "client_secret": None}
        assert "client_secret" not in api.get(f"{PATH}/{data['id']}").json()["data"]

    def test_are_listed_and_found(self, api):
        for name, kind in (("Shop", "web"), ("Tool", "native")):
            api.post(PATH, {**SHOP, "name": name, "kind": kind})

        assert [row["name"] for row in api.get(PATH).json()["data"]] == ["Shop", "Tool"]
        assert [row["name"] for row in api.get(f"{PATH}?kind=native").json()["data"]] == ["Tool"]
        assert [row["name"] for row in api.get(f"{PATH}?q=sh").json()["data"]] == ["Shop"]
        assert api.get(f"{PATH}?state=asleep").status_code == 422

    def test_that_are_machines_need_the_right_to_make_service_accounts(self, owner, member, client_of, api):
        from apps.iam.roles import commands as roles

        roles.define_role(
            code="app-admin", name="Apps", permissions=["applications.manage", "applications.view"], now=timezone.now()
        )
        machine = {"kind": "machine", "name": "Import"}

        refused = client_of(member("app-admin")).post(PATH, machine)
        made = api.post(PATH, machine).json()["data"]

        assert (refused.status_code, refused.json()["permission"]) == (403, "service_accounts.manage")
        assert (made["kind"], made["redirect_uris"]) == ("machine", [])
        assert api.get(f"/api/v1/service-accounts/{made['id']}").json()["data"]["has_client"]

    def test_are_changed_on_the_version_that_was_read(self, api, path):
        before = api.get(path)["ETag"]
        change = {"description": "Buy tea", "allowed_scopes": ["openid"], "enabled": False}

        changed = api.patch(path, change, content_type="application/json", headers={"if-match": before})
        stale = api.patch(path, change, content_type="application/json", headers={"if-match": before})

        data = changed.json()["data"]
        assert (data["description"], data["allowed_scopes"], data["state"]) == ("Buy tea", ["openid"], "disabled")
        assert stale.status_code == 412

    def test_say_what_to_do_about_a_wrong_address(self, api):
        answer = api.post(PATH, {**SHOP, "redirect_uris": ["http://shop.example/"]})

        assert answer.status_code == 422
        assert "begin it with https://" in answer.json()["errors"]["redirect_uris"][0]

    def test_are_deleted_restored_and_erased(self, api, path):
        assert api.delete(path).status_code == 204
        assert api.get(path).json()["data"]["state"] == "deleted"
        assert api.post(f"{path}/restoration").json()["data"]["state"] == "active"
        early = api.post(f"{path}/erasure", {"confirmation": "Web shop"})
        api.delete(path)
        wrong = api.post(f"{path}/erasure", {"confirmation": "shop"})
        done = api.post(f"{path}/erasure", {"confirmation": "Web shop"})

        assert [early.status_code, wrong.status_code, done.status_code] == [409, 422, 204]
        assert api.get(path).status_code == 404

    def test_are_given_another_secret(self, api, path):
        answer = api.post(f"{path}/secret", {"overlap_s": 60})

        data = answer.json()["data"]
        assert answer.status_code == 201
        assert data["client_secret"]
        assert data["previous_secret_expires_at"]

    def test_are_approved_and_no_longer(self, api, path):
        approved = api.put(f"{path}/approval").json()["data"]["approved"]
        listed = api.get(PATH).json()["data"][0]["approved"]
        assert api.delete(f"{path}/approval").status_code == 204

        assert approved is listed is True
        assert api.get(path).json()["data"]["approved"] is False


class TestConsents:
    def test_are_seen_and_withdrawn_by_the_person(self, member, client_of, consent_of, owner):
        clerk = member("clerk", name="Zoë")
        mine, _ = consent_of(clerk), consent_of(owner)
        api = client_of(clerk)

        (row,) = api.get("/api/v1/me/consents").json()["data"]
        first = api.delete(f"/api/v1/me/consents/{mine.id}")
        second = api.delete(f"/api/v1/me/consents/{mine.id}")

        assert (row["application_name"], row["user_name"], row["scopes"]) == ("Web shop", "Zoë", ["openid"])
        assert (first.status_code, second.status_code) == (204, 404)
        assert api.get("/api/v1/me/consents").json()["data"] == []

    def test_of_others_are_not_the_persons(self, member, client_of, consent_of, owner):
        other = consent_of(owner)

        answer = client_of(member("clerk")).delete(f"/api/v1/me/consents/{other.id}")

        assert (answer.status_code, answer.json()["code"]) == (404, "consent_not_found")

    def test_are_seen_and_withdrawn_by_administrators(self, api, path, member, consent_of, told):
        clerk = member("clerk", name="Zoë")
        consent = consent_of(clerk)

        (row,) = api.get(f"{path}/consents").json()["data"]
        assert api.delete(f"{path}/consents/{consent.id}").status_code == 204

        assert row["user_name"] == "Zoë"
        assert api.get(f"{path}/consents").json()["data"] == []
        assert told("consent.withdrawn")[0].subject_id == clerk.user_id

    def test_follow_the_companys_rule(self, api, member, client_of):
        before = api.get("/api/v1/consent-policy").json()["data"]
        after = api.put("/api/v1/consent-policy", {"policy": "approved_only"}, content_type="application/json")
        wrong = api.put("/api/v1/consent-policy", {"policy": "x"}, content_type="application/json")
        refused = client_of(member("manager")).put(
            "/api/v1/consent-policy", {"policy": "anyone"}, content_type="application/json"
        )

        assert (before, after.json()["data"]) == ({"policy": "anyone"}, {"policy": "approved_only"})
        assert wrong.status_code == 422
        assert (refused.status_code, refused.json()["permission"]) == (403, "applications.approve")


ENDPOINTS = [
    ("get", "", None, "applications.view"),
    ("patch", "", {"name": "Mine"}, "applications.manage"),
    ("delete", "", None, "applications.manage"),
    ("post", "/restoration", None, "applications.manage"),
    ("post", "/erasure", {"confirmation": "Web shop"}, "applications.manage"),
    ("post", "/secret", {}, "applications.manage"),
    ("put", "/approval", None, "applications.approve"),
    ("delete", "/approval", None, "applications.approve"),
    ("get", "/consents", None, "applications.view"),
    ("delete", "/consents/{id}", None, "applications.manage"),
]


@pytest.mark.parametrize(("method", "suffix", "body", "permission"), ENDPOINTS)
class TestEachEndpoint:
    def test_finds_nothing_of_another_company(self, api, other_company, method, suffix, body, permission):
        with tenant(other_company.id):
            stranger = clients.register(
                kind="web", name="Web shop", redirect_uris=["https://x.example/"], actor=Actor(kind="system")
            )

        for application_id in (stranger.client.id, uuid7()):
            address = f"{PATH}/{application_id}{suffix}".format(id=uuid7())
            answer = getattr(api, method)(address, body, content_type="application/json")
            assert answer.status_code == 404, answer.content

    def test_is_closed_to_clerks(self, path, member, client_of, method, suffix, body, permission):
        address = f"{path}{suffix}".format(id=uuid7())

        answer = getattr(client_of(member("clerk")), method)(address, body, content_type="application/json")

        assert (answer.status_code, answer.json()["permission"]) == (403, permission)
