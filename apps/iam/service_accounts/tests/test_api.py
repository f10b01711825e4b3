"""Service accounts and API keys over REST."""

from __future__ import annotations

import pytest
from django.test import Client

from apps.core.db.ids import uuid7
from apps.core.tenancy import tenant
from apps.iam.service_accounts.tests.factories import ServiceAccountFactory

pytestmark = pytest.mark.django_db

PATH = "/api/v1/service-accounts"


@pytest.fixture
def api(owner, client_of):
    return client_of(owner)


@pytest.fixture
def path(account):
    return f"{PATH}/{account.id}"


class TestAccounts:
    def test_are_made_listed_and_found(self, api):
        made = api.post(PATH, {"name": "Nightly import", "roles": ["clerk"], "contact": "#ops"})
        listed = api.get(f"{PATH}?q=night").json()["data"]

        data = made.json()["data"]
        assert made.status_code == 201
        assert made["Location"] == f"{PATH}/{data['id']}"
        assert (data["roles"], data["state"], data["has_client"], data["live_keys"]) == (["clerk"], "active", False, 0)
        assert [row["id"] for row in listed] == [data["id"]]
        assert api.get(f"{PATH}?q=x").json()["data"] == []
        assert api.get(f"{PATH}?state=asleep").status_code == 422

    def test_are_made_once_for_one_key(self, api):
        headers = {"idempotency-key": "k-1"}

        first = api.post(PATH, {"name": "A"}, headers=headers).json()["data"]
        again = api.post(PATH, {"name": "A"}, headers=headers)

        assert again["Idempotency-Replayed"] == "true"
        assert again.json()["data"]["id"] == first["id"]

    def test_are_changed_disabled_and_enabled(self, api, path):
        before = api.get(path)

        changed = api.patch(
            path,
            {"description": "Reads stock", "enabled": False},
            content_type="application/json",
            headers={"if-match": before["ETag"]},
        )
        stale = api.patch(path, {"name": "x"}, content_type="application/json", headers={"if-match": before["ETag"]})

        assert (changed.json()["data"]["description"], changed.json()["data"]["state"]) == ("Reads stock", "disabled")
        assert stale.status_code == 412

    def test_are_given_roles(self, api, path):
        answer = api.put(f"{path}/roles", {"roles": ["viewer"]}, content_type="application/json")

        assert answer.json()["data"]["roles"] == ["viewer"]

    def test_are_deleted_and_restored(self, api, path):
        assert api.delete(path).status_code == 204
        assert api.get(path).json()["data"]["state"] == "deleted"
        assert [row["state"] for row in api.get(f"{PATH}?state=deleted").json()["data"]] == ["deleted"]

        assert api.post(f"{path}/restoration").json()["data"]["roles"] == ["clerk"]

    def test_are_given_oauth_credentials_once(self, api, path, account):
        first = api.post(f"{path}/client", headers={"idempotency-key": "k-1"})
        replayed = api.post(f"{path}/client", headers={"idempotency-key": "k-1"})
        second = api.post(f"{path}/client")

        data = first.json()["data"]
        form = {"grant_type": "client_credentials", **data}
        assert Client().post("/oidc/token", form).status_code == 200
        assert replayed.json()["data"] == {"client_id": str(account.id), "client_secret": None}
        assert (second.status_code, second.json()["code"]) == (409, "client_exists")


class TestKeys:
    def test_are_shown_once(self, api, path, caller):
        headers = {"idempotency-key": "k-1"}
        first = api.post(f"{path}/keys", {"name": "server 1", "scopes": ["orders.view"]}, headers=headers)
        again = api.post(f"{path}/keys", {"name": "server 1", "scopes": ["orders.view"]}, headers=headers)

        data = first.json()["data"]
        assert first.status_code == 201
        assert first["Cache-Control"] == "no-store"
        assert caller(data["key"]).get("/api/v1/me").status_code == 200
        assert again.json()["data"] == {**data, "key": None}
        assert "key" not in api.get(first["Location"]).json()["data"]
        assert data["key"] not in api.get(f"{path}/keys").content.decode()

    def test_are_never_kept_by_the_memory_for_repeated_requests(self, api, path):
        from apps.core.idempotency.models import IdempotencyKey

        key = api.post(f"{path}/keys", {"name": "k"}, headers={"idempotency-key": "k-1"}).json()["data"]["key"]

        assert key not in IdempotencyKey.objects.using("default").get(key="k-1").body

    def test_are_rotated_without_a_gap(self, api, path, caller):
        old = api.post(f"{path}/keys", {"name": "k"}).json()["data"]

        new = api.post(f"{path}/keys/{old['id']}/rotation", {"overlap_s": 60}).json()["data"]

        assert new["replaces_id"] == old["id"]
        assert [caller(key["key"]).get("/api/v1/me").status_code for key in (old, new)] == [200, 200]

    def test_are_revoked(self, api, path, caller):
        key = api.post(f"{path}/keys", {"name": "k"}).json()["data"]

        assert api.delete(f"{path}/keys/{key['id']}").status_code == 204

        assert caller(key["key"]).get("/api/v1/me").status_code == 401
        assert [row["state"] for row in api.get(f"{path}/keys").json()["data"]] == ["revoked"]

    @pytest.mark.parametrize(
        ("said", "field"),
        [
            ({}, "name"),
            ({"name": "k", "scopes": []}, "scopes"),
            ({"name": "k", "scopes": ["x.y"]}, "scopes"),
            ({"name": "k", "expires_at": "2000-01-01T00:00:00Z"}, "expires_at"),
        ],
    )
    def test_are_refused_when_not_well_formed(self, api, path, said, field):
        answer = api.post(f"{path}/keys", said)

        assert (answer.status_code, list(answer.json()["errors"])) == (422, [field])

    def test_need_somebody_who_has_just_signed_in(self, owner, path):
        from tests.callers import Caller

        token = Caller(owner.user_id, owner.tenant_id, "", "").token(auth_time=1)
        client = Client(headers={"authorization": f"Bearer {token}"})

        answer = client.post(f"{path}/keys", {"name": "k"}, content_type="application/json")

        assert (answer.status_code, answer.json()["code"]) == (401, "insufficient_user_authentication")


class TestOwnKeys:
    def test_are_made_listed_rotated_and_revoked(self, owner, member, client_of, caller):
        api = client_of(member("clerk", name="Zoë"))

        made = api.post("/api/v1/me/keys", {"name": "laptop"}).json()["data"]
        assert caller(made["key"]).get("/api/v1/me").json()["data"]["name"] == "Zoë"
        rotated = api.post(f"/api/v1/me/keys/{made['id']}/rotation", {"overlap_s": 0}).json()["data"]
        listed = api.get("/api/v1/me/keys").json()["data"]
        assert api.delete(f"/api/v1/me/keys/{rotated['id']}").status_code == 204

        assert [row["state"] for row in listed] == ["active", "expired"]
        assert api.get(f"/api/v1/me/keys/{rotated['id']}").json()["data"]["state"] == "revoked"

    def test_are_nobody_elses(self, owner, member, client_of):
        key = client_of(member("clerk")).post("/api/v1/me/keys", {"name": "laptop"}).json()["data"]
        api = client_of(owner)

        assert api.get("/api/v1/me/keys").json()["data"] == []
        for answer in (
            api.get(f"/api/v1/me/keys/{key['id']}"),
            api.delete(f"/api/v1/me/keys/{key['id']}"),
            api.post(f"/api/v1/me/keys/{key['id']}/rotation"),
        ):
            assert (answer.status_code, answer.json()["code"]) == (404, "api_key_not_found")

    def test_are_none_of_a_service_accounts(self, account, key_of, caller):
        answer = caller(key_of(account).secret).get("/api/v1/me/keys")

        assert (answer.status_code, answer.json()["code"]) == (403, "not_a_person")


ENDPOINTS = [
    ("get", "", None),
    ("patch", "", {"name": "Mine"}),
    ("delete", "", None),
    ("post", "/restoration", None),
    ("put", "/roles", {"roles": []}),
    ("post", "/client", None),
    ("get", "/keys", None),
    ("post", "/keys", {"name": "k"}),
    ("get", "/keys/{key}", None),
    ("delete", "/keys/{key}", None),
    ("post", "/keys/{key}/rotation", {}),
]


@pytest.mark.parametrize(("method", "suffix", "body"), ENDPOINTS)
class TestEachEndpoint:
    def test_finds_nothing_of_another_company(self, api, other_company, key_of, method, suffix, body):
        with tenant(other_company.id):
            stranger = ServiceAccountFactory()
            key_id = key_of(stranger).row.id

        for account_id, key in ((stranger.id, key_id), (uuid7(), uuid7())):
            path = f"{PATH}/{account_id}{suffix}".format(key=key)
            answer = getattr(api, method)(path, body, content_type="application/json")
            assert answer.status_code == 404, answer.content

    def test_is_closed_to_clerks(self, owner, member, client_of, path, method, suffix, body):
        address = f"{path}{suffix}".format(key=uuid7())

        answer = getattr(client_of(member("clerk")), method)(address, body, content_type="application/json")

        needed = "service_accounts.view" if method == "get" else "service_accounts.manage"
        assert (answer.status_code, answer.json()["permission"]) == (403, needed)
