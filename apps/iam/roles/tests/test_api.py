"""Roles over HTTP: REST and pages."""

from __future__ import annotations

import pytest
from django.contrib.messages import get_messages

from apps.core.tenancy import tenant
from apps.iam.roles import queries
from apps.iam.roles.tests.factories import RoleAssignmentFactory, RoleFactory

pytestmark = pytest.mark.django_db

LEAD = {"code": "lead", "label": "Shift lead", "permissions": ["orders.cancel"], "includes": ["clerk"]}


@pytest.fixture
def api(owner, client_of):
    return client_of(owner)


@pytest.fixture
def browser(owner, browser_of):
    return browser_of(owner)


class TestMatrix:
    def test_names_roles_permissions_and_holders(self, api):
        RoleAssignmentFactory(role_code="clerk", holder_kind="group")

        matrix = api.get("/api/v1/roles/matrix").json()["data"]

        roles = {role["code"]: role for role in matrix["roles"]}
        permissions = {permission["code"]: permission["held_by"] for permission in matrix["permissions"]}
        assert (roles["owner"]["people_count"], roles["clerk"]["group_count"]) == (1, 1)
        assert "roles.assign" in roles["manager"]["permissions"]
        assert permissions["roles.assign_owner"] == ["owner"]

    def test_is_not_for_viewers(self, owner, member, client_of):
        assert client_of(member("viewer")).get("/api/v1/roles/matrix").status_code == 403


class TestRoles:
    def test_are_made_and_listed_with_what_they_inherit(self, api):
        made = api.post("/api/v1/roles", LEAD)

        assert (made.status_code, made["Location"], made["ETag"]) == (201, "/api/v1/roles/lead", '"v1"')
        listed = api.get("/api/v1/roles").json()["data"]
        assert [role["code"] for role in listed] == ["owner", "manager", "clerk", "viewer", "lead"]
        assert listed[-1]["own_permissions"] == ["orders.cancel"]
        assert {"orders.cancel", "orders.place"} <= set(listed[-1]["permissions"])

    def test_are_made_once_for_one_idempotency_key(self, api):
        first, second = (api.post("/api/v1/roles", LEAD, headers={"Idempotency-Key": "k-1"}) for _ in range(2))

        assert (first.status_code, second.status_code) == (201, 201)
        assert second["Idempotency-Replayed"] == "true"

    def test_are_read_changed_deleted_and_restored(self, api):
        api.post("/api/v1/roles", LEAD)
        assert api.get("/api/v1/roles/lead", headers={"If-None-Match": '"v1"'}).status_code == 304

        changed = api.patch(
            "/api/v1/roles/lead",
            {"label": "Lead", "includes": []},
            content_type="application/json",
            headers={"If-Match": '"v1"'},
        )
        assert changed.json()["data"]["permissions"] == ["orders.cancel"]
        stale = api.patch(
            "/api/v1/roles/lead", {"label": "X"}, content_type="application/json", headers={"If-Match": '"v1"'}
        )
        assert stale.status_code == 412
        assert api.delete("/api/v1/roles/lead").status_code == 204
        assert api.get("/api/v1/roles/lead").json()["data"]["deleted_at"]
        restored = api.post("/api/v1/roles/lead/restoration")
        assert (restored.status_code, restored.json()["data"]["label"]) == (200, "Lead")

    @pytest.mark.parametrize(
        ("method", "path", "status", "code"),
        [
            ("get", "/api/v1/roles/emperor", 404, "role_not_found"),
            ("delete", "/api/v1/roles/owner", 409, "built_in_role"),
            ("patch", "/api/v1/roles/clerk", 409, "built_in_role"),
            ("post", "/api/v1/roles/viewer/preview", 409, "built_in_role"),
        ],
    )
    def test_refuse_by_name(self, api, method, path, status, code):
        options = {} if method == "get" else {"content_type": "application/json"}
        response = getattr(api, method)(path, {} if method != "get" else None, **options)

        assert (response.status_code, response.json()["code"]) == (status, code)

    def test_of_another_company_are_not_found(self, api, other_company):
        with tenant(other_company.id):
            RoleFactory(code="lead")

        assert api.get("/api/v1/roles/lead").status_code == 404

    def test_are_previewed_before_they_are_saved(self, api, member):
        api.post("/api/v1/roles", LEAD)
        ada = member("lead", name="Ada")

        outlook = api.post("/api/v1/roles/lead/preview", {"permissions": ["users.view"]}).json()["data"]

        assert outlook["gains"] == {"users.view": 1}
        assert outlook["loses"] == {"orders.cancel": 1}
        assert [(effect["id"], effect["name"]) for effect in outlook["affected"]] == [(str(ada.user_id), "Ada")]
        assert "orders.cancel" in queries.permissions_of(ada.user_id)


class TestSeparationRules:
    def test_are_made_listed_judged_and_deleted(self, api, member):
        ada = member("clerk", "viewer", name="Ada")

        made = api.post(
            "/api/v1/separation-of-duty-rules", {"name": "Four eyes", "roles": ["viewer", "clerk"], "reason": "SOX"}
        )

        rule = made.json()["data"]
        assert (made.status_code, rule["roles"], rule["violation_count"]) == (201, ["clerk", "viewer"], 1)
        assert rule["violations"][0]["holder_id"] == str(ada.user_id)
        assert [r["name"] for r in api.get("/api/v1/separation-of-duty-rules").json()["data"]] == ["Four eyes"]
        assert api.get(made["Location"]).json()["data"]["violation_count"] == 1
        assert api.delete(made["Location"]).status_code == 204
        assert api.get(made["Location"]).status_code == 404

    def test_are_explained_when_they_refuse(self, api, member):
        api.post("/api/v1/separation-of-duty-rules", {"name": "Four eyes", "roles": ["viewer", "clerk"]})
        ada = member("clerk", name="Ada")

        refused = api.put(
            f"/api/v1/users/{ada.user_id}/roles", {"roles": ["clerk", "viewer"]}, content_type="application/json"
        )

        problem = refused.json()
        assert (refused.status_code, problem["code"]) == (409, "separation_of_duty_violated")
        assert problem["detail"] == (
            "Ada would hold Clerk directly and Viewer directly, which the rule “Four eyes” keeps apart"
        )
        assert [path["chain"] for path in problem["violations"][0]["paths"]] == [["clerk"], ["viewer"]]

    def test_are_not_for_managers_to_change(self, owner, member, client_of):
        api = client_of(member("manager"))

        body = {"name": "x", "roles": ["viewer", "clerk"]}
        assert api.post("/api/v1/separation-of-duty-rules", body).status_code == 403


class TestPages:
    def test_show_the_matrix(self, browser):
        response = browser.get("/roles/")

        assert response.status_code == 200
        assert "roles.assign_owner" in response.content.decode()

    def test_make_a_role_after_a_preview(self, browser):
        form = {"label": "Shift lead", "code": "lead", "permission": ["orders.cancel"], "include": ["clerk"]}

        previewed = browser.post("/roles/new", {**form, "preview": "1"})
        assert "Nothing is saved yet" in previewed.content.decode()
        assert queries.content_of("lead") is None
        saved = browser.post("/roles/new", form)

        assert saved["Location"] == "/roles/lead/"
        page = browser.get("/roles/lead/").content.decode()
        assert "from a role that it includes" in page

    def test_change_remove_and_restore_a_role(self, browser, member):
        RoleFactory(code="lead", name="Lead", permissions=["users.view"])
        member("lead", name="Ada")

        previewed = browser.post("/roles/lead/", {"label": "Lead", "version": 1, "preview": "1"}).content.decode()
        assert "would lose it" in previewed
        assert "Ada" in previewed
        browser.post("/roles/lead/", {"label": "Boss", "version": 1, "permission": ["users.view"]})
        assert queries.role("lead").label == "Boss"
        browser.post("/roles/lead/deletion")
        assert "Removed" in browser.get("/roles/lead/").content.decode()
        assert "Removed roles" in browser.get("/roles/").content.decode()
        browser.post("/roles/lead/restoration")
        assert queries.role("lead").deleted_at is None

    def test_say_what_is_wrong_beside_the_field(self, browser):
        response = browser.post("/roles/new", {"label": "x", "code": "Not a code"})

        assert response.status_code == 422
        assert "small letters" in response.content.decode()

    def test_say_who_changed_it_first(self, browser):
        RoleFactory(code="lead", name="Lead")

        assert browser.post("/roles/lead/", {"label": "Boss", "version": 7}).status_code == 409

    def test_show_built_in_roles_without_a_form(self, browser):
        page = browser.get("/roles/clerk/").content.decode()

        assert "Save role" not in page
        assert "orders.place" in page

    def test_keep_roles_apart_and_let_them_go(self, browser, member):
        member("clerk", "viewer", name="Ada")
        rule = {"name": "Four eyes", "first": "viewer", "second": "clerk", "reason": "SOX"}

        made = browser.post("/roles/separation-rules", rule)
        told = [str(message) for message in get_messages(made.wsgi_request)]
        assert any("Ada holds Clerk directly and Viewer directly" in text for text in told)
        page = browser.get("/roles/")
        assert "Four eyes" in page.content.decode()
        again = browser.post("/roles/separation-rules", rule)
        assert again.status_code == 422
        browser.post(f"/roles/separation-rules/{page.context['rules'][0]['id']}/deletion")

        assert browser.get("/roles/").context["rules"] == []
