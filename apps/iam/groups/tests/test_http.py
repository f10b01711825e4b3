"""Groups over REST and in the console."""

from __future__ import annotations

import pytest
from django.utils import timezone

from apps.core.db.ids import uuid7
from apps.core.history import SYSTEM
from apps.core.tenancy import tenant
from apps.iam.groups import queries
from apps.iam.groups.tests.factories import GroupFactory, GroupMemberFactory
from apps.iam.roles import commands as roles
from apps.iam.users.tests.factories import UserFactory

pytestmark = pytest.mark.django_db

JSON = {"content_type": "application/json"}


@pytest.fixture
def api(owner, client_of):
    return client_of(owner)


@pytest.fixture
def browser(owner, browser_of):
    return browser_of(owner)


class TestApi:
    def test_makes_lists_and_reads_groups(self, api):
        made = api.post("/api/v1/groups", {"name": "Finance", "external_id": "x-1"})

        group = made.json()["data"]
        assert (made.status_code, made["Location"]) == (201, f"/api/v1/groups/{group['id']}")
        assert [g["name"] for g in api.get("/api/v1/groups?q=fin").json()["data"]] == ["Finance"]
        assert api.get("/api/v1/groups?external_id=x-2").json()["data"] == []
        assert api.get("/api/v1/groups?colour=red").status_code == 422
        assert api.get(made["Location"]).json()["data"]["external_id"] == "x-1"

    def test_changes_deletes_and_restores_one(self, api):
        path = api.post("/api/v1/groups", {"name": "Finance"})["Location"]

        changed = api.patch(path, {"name": "Money"}, **JSON, headers={"If-Match": '"v1"'})
        assert (changed.json()["data"]["name"], changed["ETag"]) == ("Money", '"v2"')
        assert api.patch(path, {"name": "X"}, **JSON, headers={"If-Match": '"v1"'}).status_code == 412
        assert api.delete(path).status_code == 204
        assert api.get(path).json()["data"]["deleted_at"]
        assert api.post(f"{path}/restoration").json()["data"]["deleted_at"] is None

    def test_keeps_its_members(self, api, member):
        path = api.post("/api/v1/groups", {"name": "Finance"})["Location"]
        ada, ben = member(name="Ada"), member(name="Ben")

        added = api.post(f"{path}/members", {"user_ids": [str(ada.user_id)]})
        assert added.json()["data"]["member_count"] == 1
        listed = api.get(f"{path}/members").json()["data"]
        assert [(m["id"], m["kind"], m["name"]) for m in listed] == [(str(ada.user_id), "user", "Ada")]
        api.put(f"{path}/members", {"user_ids": [str(ben.user_id)]}, **JSON)
        assert [m["name"] for m in api.get(f"{path}/members").json()["data"]] == ["Ben"]
        assert api.delete(f"{path}/members/{ben.user_id}").status_code == 204
        assert api.delete(f"{path}/members/{ben.user_id}").json()["code"] == "not_in_group"
        nobody = api.post(f"{path}/members", {"user_ids": [str(uuid7())]})
        assert (nobody.status_code, list(nobody.json()["errors"])) == (422, ["user_ids"])

    def test_gives_it_roles(self, api):
        path = api.post("/api/v1/groups", {"name": "Finance"})["Location"]

        changed = api.put(f"{path}/roles", {"roles": ["clerk"]}, **JSON, headers={"If-Match": '"v1"'})

        assert changed.json()["data"]["roles"] == ["clerk"]

    def test_finds_nothing_of_another_company(self, api, other_company):
        with tenant(other_company.id):
            group = GroupFactory()

        assert api.get("/api/v1/groups").json()["data"] == []
        assert api.get(f"/api/v1/groups/{group.id}").status_code == 404

    def test_is_refused_to_clerks(self, owner, member, client_of):
        assert client_of(member("clerk")).get("/api/v1/groups").status_code == 403

    def test_lets_the_manager_of_one_group_keep_that_one_alone(self, owner, member, client_of):
        mine, other, ada = GroupFactory(), GroupFactory(), member()
        keeper = member("viewer")
        roles.grant_role(
            holder_id=keeper.user_id,
            holder_kind="user",
            role="manager",
            resource_type="group",
            resource_id=mine.id,
            actor=SYSTEM,
            now=timezone.now(),
        )
        api, body = client_of(keeper), {"user_ids": [str(ada.user_id)]}

        assert api.post(f"/api/v1/groups/{mine.id}/members", body).status_code == 200
        assert api.post(f"/api/v1/groups/{other.id}/members", body).status_code == 403
        assert api.get("/api/v1/groups").status_code == 403


class TestPages:
    def test_list_groups_with_roles(self, browser):
        group = GroupFactory(name="Finance")
        roles.assign_roles(holder_id=group.id, holder_kind="group", roles=["clerk"], actor=SYSTEM, now=timezone.now())

        page = browser.get("/groups/?q=&state=").content.decode()

        assert "Finance" in page
        assert "Clerk" in page

    def test_make_and_change_a_group(self, browser):
        assert "New group" in browser.get("/groups/new").content.decode()
        made = browser.post("/groups/new", {"name": "Finance"})
        assert browser.post("/groups/new", {"name": "finance"}).status_code == 422

        browser.post(made["Location"], {"name": "Money", "version": 1})
        assert browser.get(made["Location"]).context["group"].name == "Money"
        assert browser.post(made["Location"], {"name": "X", "version": 1}).status_code == 422

    def test_add_and_remove_people(self, browser, member):
        group = GroupFactory()
        member(name="Ada", user=UserFactory(email="ada@mail.example"))
        path = f"/groups/{group.id}/"

        browser.post(f"{path}members", {"email": "ADA@mail.example"})
        (joined,) = browser.get(path).context["members"]
        assert joined.name == "Ada"
        assert browser.post(f"{path}members", {"email": "nobody@mail.example"}).status_code == 422
        assert browser.post(f"{path}members", {"email": "?"}).status_code == 422
        browser.post(f"{path}members/{joined.member_id}/removal")

        assert browser.get(path).context["members"] == []

    def test_give_roles_remove_and_restore(self, browser):
        group = GroupFactory()
        path = f"/groups/{group.id}/"

        browser.post(f"{path}roles", {"role": ["clerk"]})
        assert queries.group(group.id).role_codes == ["clerk"]
        assert browser.post(f"{path}roles", {"role": ["emperor"]}).status_code == 422
        browser.post(f"{path}deletion")
        assert "Restore" in browser.get(path).content.decode()
        browser.post(f"{path}restoration")

        assert queries.group(group.id).deleted_at is None

    def test_of_a_person_name_the_groups(self, browser, member):
        ada = member()
        GroupMemberFactory(member_id=ada.user_id, group=GroupFactory(name="Night shift"))

        assert "Night shift" in browser.get(f"/people/{ada.user_id}/").content.decode()
