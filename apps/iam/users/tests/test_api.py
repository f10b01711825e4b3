"""The caller and the people of a tenant over REST."""

from __future__ import annotations

import pytest
from django.test import Client

from apps.core.db.ids import uuid7
from apps.core.tenancy import tenant
from apps.iam.users import queries
from apps.iam.users.tests.factories import UserFactory

pytestmark = pytest.mark.django_db

ADA = {"email": "ada@mail.example", "name": "Ada King", "roles": ["clerk"]}


@pytest.fixture
def api(owner, client_of):
    return client_of(owner)


class TestMe:
    def test_says_who_where_and_what(self, company, member, client_of):
        clerk = member("clerk", name="Zoë")

        me = client_of(clerk).get("/api/v1/me").json()["data"]

        assert (me["id"], me["name"], me["kind"], me["roles"]) == (str(clerk.user_id), "Zoë", "user", ["clerk"])
        assert me["tenant"] == {
            "id": str(company.id),
            "slug": company.slug,
            "name": company.name,
            "default_currency": "GBP",
        }
        assert "users.view" not in me["permissions"]

    def test_is_for_callers_with_a_token(self, company):
        assert Client().get("/api/v1/me").status_code == 401


class TestList:
    def test_shows_everybody_with_roles(self, api, member):
        member("clerk", name="Zoë", user=UserFactory(email="zoe@mail.example"))

        rows = api.get("/api/v1/users").json()["data"]

        assert [(row["name"], row["roles"], row["state"]) for row in rows] == [
            ("Olive Hart", ["owner"], "active"),
            ("Zoë", ["clerk"], "active"),
        ]

    def test_can_be_narrowed(self, api, member):
        member("clerk", name="Zoë")

        assert [r["name"] for r in api.get("/api/v1/users?q=zo").json()["data"]] == ["Zoë"]
        assert [r["name"] for r in api.get("/api/v1/users?role=owner").json()["data"]] == ["Olive Hart"]
        assert api.get("/api/v1/users?state=deleted").json()["data"] == []
        assert api.get("/api/v1/users?state=asleep").status_code == 422
        assert api.get("/api/v1/users?colour=red").status_code == 422

    def test_comes_page_by_page(self, api, member):
        for name in ("Ada", "Ben", "Cy"):
            member(name=name)

        first = api.get("/api/v1/users?limit=3").json()
        second = api.get(first["meta"]["links"]["next"]).json()

        assert [r["name"] for r in [*first["data"], *second["data"]]] == ["Ada", "Ben", "Cy", "Olive Hart"]
        assert second["meta"]["next"] is None

    def test_shows_nobody_of_another_company(self, api, member, other_company):
        with tenant(other_company.id):
            member(name="Stranger")

        assert [r["name"] for r in api.get("/api/v1/users").json()["data"]] == ["Olive Hart"]

    def test_is_refused_to_clerks(self, owner, member, client_of):
        response = client_of(member("clerk")).get("/api/v1/users")

        assert (response.status_code, response.json()["permission"]) == (403, "users.view")


class TestInvite:
    def test_answers_with_the_person_and_the_password_once(self, api):
        response = api.post("/api/v1/users", ADA)

        data = response.json()["data"]
        assert response.status_code == 201
        assert response["Location"] == f"/api/v1/users/{data['id']}"
        assert (data["state"], data["roles"]) == ("invited", ["clerk"])
        assert queries.user_by_email(ADA["email"]).check_password(data["one_time_password"])

    def test_replays_all_but_the_password(self, api):
        first = api.post("/api/v1/users", ADA, headers={"idempotency-key": "k-1"})
        again = api.post("/api/v1/users", ADA, headers={"idempotency-key": "k-1"})

        assert (first.status_code, again.status_code) == (201, 201)
        assert again["Idempotency-Replayed"] == "true"
        assert first.json()["data"]["one_time_password"]
        assert again.json()["data"] == {**first.json()["data"], "one_time_password": None}

    def test_keeps_the_password_out_of_the_database(self, api, company):
        from apps.core.idempotency.models import IdempotencyKey

        password = api.post("/api/v1/users", ADA, headers={"idempotency-key": "k-1"}).json()["data"][
            "one_time_password"
        ]

        assert password not in IdempotencyKey.objects.using("default").get(key="k-1").body

    @pytest.mark.parametrize(
        ("change", "field"),
        [
            ({"email": "nobody"}, "email"),
            ({"name": ""}, "name"),
            ({"roles": []}, "roles"),
            ({"roles": ["king"]}, "roles"),
        ],
    )
    def test_refuses_what_is_not_well_formed(self, api, change, field):
        response = api.post("/api/v1/users", {**ADA, **change})

        assert response.status_code == 422
        assert list(response.json()["errors"]) == [field]

    def test_refuses_a_member(self, api):
        api.post("/api/v1/users", ADA)

        response = api.post("/api/v1/users", ADA)

        assert (response.status_code, response.json()["code"]) == (409, "already_member")

    def test_lets_managers_make_no_owners(self, owner, member, client_of):
        response = client_of(member("manager")).post("/api/v1/users", {**ADA, "roles": ["owner"]})

        assert (response.status_code, response.json()["code"]) == (403, "beyond_own_permissions")


class TestDetail:
    def test_has_an_etag_that_roles_move_too(self, api, member):
        clerk = member("clerk")
        path = f"/api/v1/users/{clerk.user_id}"

        before = api.get(path)["ETag"]
        assert api.get(path, headers={"if-none-match": before}).status_code == 304
        api.put(f"{path}/roles", {"roles": ["viewer"]}, content_type="application/json")

        assert api.get(path, headers={"if-none-match": before}).status_code == 200

    def test_is_renamed_and_suspended(self, api, member):
        path = f"/api/v1/users/{member('clerk').user_id}"

        changed = api.patch(path, {"name": "Zoë", "suspended": True}, content_type="application/json").json()["data"]

        assert (changed["name"], changed["state"]) == ("Zoë", "suspended")

    @pytest.mark.parametrize("method", ["patch", "delete"])
    def test_is_not_changed_on_an_older_version(self, api, member, method):
        path = f"/api/v1/users/{member('clerk').user_id}"
        old = api.get(path)["ETag"]
        api.patch(path, {"name": "Zoë"}, content_type="application/json")

        response = getattr(api, method)(
            path, {"name": "Zoe"}, content_type="application/json", headers={"if-match": old}
        )

        assert (response.status_code, response.json()["code"]) == (412, "precondition_failed")

    def test_is_deleted_and_restored(self, api, member):
        path = f"/api/v1/users/{member('clerk', 'viewer').user_id}"

        assert api.delete(path).status_code == 204
        assert api.get(path).json()["data"]["state"] == "deleted"
        restored = api.post(f"{path}/restoration").json()["data"]

        assert (restored["state"], restored["roles"]) == ("active", ["clerk", "viewer"])

    def test_is_not_yourself_when_deleting(self, api, owner, member):
        member("owner")

        response = api.delete(f"/api/v1/users/{owner.user_id}")

        assert (response.status_code, response.json()["code"]) == (403, "not_yourself")

    @pytest.mark.parametrize(
        ("method", "suffix", "body"),
        [
            ("get", "", None),
            ("patch", "", {"name": "Mine"}),
            ("delete", "", None),
            ("post", "/restoration", None),
            ("put", "/roles", {"roles": ["viewer"]}),
        ],
    )
    def test_is_not_found_in_another_company(self, api, member, other_company, method, suffix, body):
        with tenant(other_company.id):
            stranger = member()

        for user_id in (stranger.user_id, uuid7()):
            path = f"/api/v1/users/{user_id}{suffix}"
            response = getattr(api, method)(path, body, content_type="application/json")
            assert (response.status_code, response.json()["code"]) == (404, "member_not_found")

    @pytest.mark.parametrize(
        ("method", "suffix", "permission"),
        [
            ("get", "", "users.view"),
            ("patch", "", "users.manage"),
            ("delete", "", "users.manage"),
            ("post", "/restoration", "users.manage"),
            ("put", "/roles", "roles.assign"),
        ],
    )
    def test_names_the_permission_that_is_missing(self, owner, member, client_of, method, suffix, permission):
        clerk = member("clerk")

        response = getattr(client_of(clerk), method)(f"/api/v1/users/{owner.user_id}{suffix}")

        assert (response.status_code, response.json()["permission"]) == (403, permission)


def test_a_caller_who_was_deleted_is_out_at_once(api, member, client_of):
    manager = member("manager")
    client = client_of(manager)
    assert client.get("/api/v1/me").status_code == 200

    api.delete(f"/api/v1/users/{manager.user_id}")

    assert client.get("/api/v1/me").status_code == 401
