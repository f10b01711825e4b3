"""Why, who can, and assignments, over REST and in the console; and what a refused request leaves behind."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.messages import get_messages
from django.utils import timezone

from apps.core.auth.denials import PER_MINUTE
from apps.core.db.ids import uuid7
from apps.core.history import SYSTEM
from apps.core.tenancy import tenant
from apps.iam.groups.tests.factories import GroupFactory, GroupMemberFactory
from apps.iam.roles.tests.factories import RoleAssignmentFactory, RoleFactory
from apps.iam.service_accounts import commands as service_accounts
from apps.iam.users import commands as users
from apps.iam.users.tests.factories import UserFactory

pytestmark = pytest.mark.django_db

EXPLAIN = "/api/v1/access/explain"
WHO_CAN = "/api/v1/access/who-can"
ASSIGNMENTS = "/api/v1/role-assignments"


@pytest.fixture
def api(owner, client_of):
    return client_of(owner)


@pytest.fixture
def browser(owner, browser_of):
    return browser_of(owner)


@pytest.fixture
def ada(owner, member):
    return member("viewer", name="Ada King", user=UserFactory(email="ada@mail.example"))


class TestExplain:
    def test_tells_everybody_about_themselves(self, ada, client_of):
        data = client_of(ada).get(f"{EXPLAIN}?permission=orders.cancel").json()["data"]

        assert (data["allowed"], data["reason"]) == (False, "not_granted")
        assert data["headline"] == "Ada King may not: Cancel orders (orders.cancel)"
        assert [remedy["role"] for remedy in data["remedies"]] == ["manager", "owner"]
        assert data["grantors"] == [], "others' names are for those who may ask about others"

    def test_tells_of_others_by_address_and_id(self, ada, api):
        for subject in ("ada@mail.example", str(ada.user_id)):
            data = api.get(f"{EXPLAIN}?permission=orders.view&subject={subject}").json()["data"]
            assert (data["allowed"], data["paths"][0]["chain"]) == (True, ["viewer"])
        refused = api.get(f"{EXPLAIN}?permission=orders.cancel&subject={ada.user_id}").json()["data"]
        assert [person["name"] for person in refused["grantors"]] == ["Olive Hart"]

    def test_tells_of_one_object(self, ada, client_of):
        group = GroupFactory(name="Finance")
        RoleAssignmentFactory(holder_id=ada.user_id, role_code="manager", resource_type="group", resource_id=group.id)
        ask = client_of(ada).get

        here = ask(f"{EXPLAIN}?permission=groups.view&resource=group:{group.id}").json()["data"]
        everywhere = ask(f"{EXPLAIN}?permission=groups.view").json()["data"]

        assert (here["allowed"], here["resource"]) == (True, f"group:{group.id}")
        assert (everywhere["allowed"], everywhere["misses"][0]["why"]) == (False, "other_object")

    def test_tells_of_others_to_nobody_without_the_permission(self, ada, owner, client_of):
        response = client_of(ada).get(f"{EXPLAIN}?permission=orders.view&subject={owner.user_id}")

        assert (response.status_code, response.json()["permission"]) == (403, "access.explain")

    def test_tells_of_a_service_account(self, api, company):
        client_id, _ = service_accounts.register_api_client(
            tenant_id=company.id, name="Robot", roles=["clerk"], actor=SYSTEM, now=timezone.now()
        )

        data = api.get(f"{EXPLAIN}?permission=orders.place&subject={client_id}").json()["data"]

        assert (data["allowed"], data["subject"]["kind"], data["subject"]["name"]) == (True, "service", "Robot")

    @pytest.mark.parametrize(
        ("query", "status"),
        [
            ("", 422),
            ("permission=sky.fly", 422),
            ("permission=orders.view&resource=order", 422),
            ("permission=orders.view&subject=nobody@mail.example", 404),
        ],
    )
    def test_refuses_what_makes_no_sense(self, api, query, status):
        assert api.get(f"{EXPLAIN}?{query}").status_code == status

    def test_finds_nobody_of_another_company(self, api, other_company, member):
        with tenant(other_company.id):
            stranger = member()

        assert api.get(f"{EXPLAIN}?permission=orders.view&subject={stranger.user_id}").status_code == 404


class TestWhoCan:
    def test_lists_who_may_by_which_path(self, api, ada, member):
        RoleFactory(code="stand-in", name="Stand-in", permissions=["orders.cancel"])
        RoleFactory(code="lead", name="Lead", permissions=[], includes=["stand-in"])
        group = GroupFactory(name="Night shift")
        GroupMemberFactory(group=group, member_id=ada.user_id)
        RoleAssignmentFactory(holder_id=group.id, holder_kind="group", role_code="lead")
        member("clerk", name="Ben")
        suspended = member("manager", name="Sue")
        users.update_member(user_id=suspended.user_id, suspended=True, actor=SYSTEM)
        late = member("viewer", name="Lea")
        RoleAssignmentFactory(holder_id=late.user_id, role_code="manager", expires_at=timezone.now())

        rows = api.get(f"{WHO_CAN}?permission=orders.cancel").json()["data"]

        assert [(row["subject"]["name"], [path["chain"] for path in row["paths"]]) for row in rows] == [
            ("Ada King", [["lead", "stand-in"]]),
            ("Olive Hart", [["owner"]]),
        ]
        assert rows[0]["paths"][0]["sentence"] == "as Lead, which includes Stand-in, through the group Night shift"

    def test_counts_what_is_held_for_one_object_there_alone(self, api, ada):
        order = uuid7()
        RoleAssignmentFactory(holder_id=ada.user_id, role_code="manager", resource_type="order", resource_id=order)

        def names(query):
            return [row["subject"]["name"] for row in api.get(f"{WHO_CAN}?{query}").json()["data"]]

        assert names(f"permission=orders.cancel&resource=order:{order}") == ["Ada King", "Olive Hart"]
        assert names(f"permission=orders.cancel&resource=order:{uuid7()}") == ["Olive Hart"]
        assert names("permission=orders.cancel") == ["Olive Hart"]

    def test_comes_page_by_page(self, api, member):
        for name in ("Ann", "Bob", "Cy"):
            member("manager", name=name)

        first = api.get(f"{WHO_CAN}?permission=users.view&limit=2").json()
        second = api.get(first["meta"]["links"]["next"]).json()

        names = [row["subject"]["name"] for row in [*first["data"], *second["data"]]]
        assert names == ["Ann", "Bob", "Cy", "Olive Hart"]

    def test_lists_service_accounts(self, api, company):
        service_accounts.register_api_client(
            tenant_id=company.id, name="Robot", roles=["clerk"], actor=SYSTEM, now=timezone.now()
        )

        rows = api.get(f"{WHO_CAN}?permission=orders.place&kind=service").json()["data"]

        assert [row["subject"]["name"] for row in rows] == ["Robot"]

    def test_costs_the_same_however_many_there_are(self, api, member, django_assert_max_num_queries):
        for _ in range(8):
            member("manager")

        with django_assert_max_num_queries(11):
            api.get(f"{WHO_CAN}?permission=users.view")

    def test_refuses(self, api, ada, client_of):
        assert api.get(f"{WHO_CAN}?permission=sky.fly").status_code == 422
        assert api.get(WHO_CAN).status_code == 422
        assert client_of(ada).get(f"{WHO_CAN}?permission=orders.view").status_code == 403

    def test_lists_nobody_of_another_company(self, api, other_company, member):
        with tenant(other_company.id):
            member("owner", name="Stranger")

        rows = api.get(f"{WHO_CAN}?permission=orders.view").json()["data"]

        assert [row["subject"]["name"] for row in rows] == ["Olive Hart"]


class TestAssignments:
    def test_are_given_listed_read_and_ended(self, api, ada):
        until = (timezone.now() + timedelta(days=1)).isoformat()
        body = {"holder_kind": "user", "holder_id": str(ada.user_id), "role": "manager", "expires_at": until}

        given = api.post(ASSIGNMENTS, body)

        assert (given.status_code, given.json()["data"]["state"]) == (201, "active")
        listed = api.get(f"{ASSIGNMENTS}?holder_id={ada.user_id}&role=manager").json()["data"]
        assert [row["id"] for row in listed] == [given.json()["data"]["id"]]
        assert api.get(given["Location"]).json()["data"]["role"] == "manager"
        assert api.delete(given["Location"]).status_code == 204
        assert api.get(given["Location"]).json()["data"]["state"] == "ended"
        assert api.get(f"{ASSIGNMENTS}?state=asleep").status_code == 422

    def test_are_previewed(self, api, ada):
        body = {"holder_id": str(ada.user_id), "role": "manager"}
        outlook = api.post(f"{ASSIGNMENTS}/preview", body).json()["data"]
        assert outlook["gains"]["orders.cancel"] == 1
        assert [effect["name"] for effect in outlook["affected"]] == ["Ada King"]

        given = api.get(f"{ASSIGNMENTS}?holder_id={ada.user_id}").json()["data"][0]["id"]
        ending = api.post(f"{ASSIGNMENTS}/preview", {"assignment_id": given}).json()["data"]
        assert ending["loses"]["orders.view"] == 1
        assert api.post(f"{ASSIGNMENTS}/preview", {}).status_code == 422

    def test_of_a_group_are_previewed_for_its_members(self, api, ada):
        group = GroupFactory()
        GroupMemberFactory(group=group, member_id=ada.user_id)

        body = {"holder_kind": "group", "holder_id": str(group.id), "role": "manager"}
        outlook = api.post(f"{ASSIGNMENTS}/preview", body).json()["data"]

        assert (outlook["affected_count"], outlook["affected"][0]["name"]) == (1, "Ada King")

    def test_refuse_what_makes_no_sense(self, api, ada):
        holder = {"holder_id": str(ada.user_id)}
        for body, field in (
            ({**holder, "role": "emperor"}, "roles"),
            ({**holder, "role": "owner"}, "role"),
            ({**holder, "role": "clerk", "resource_type": "planet"}, "resource_type"),
            ({**holder, "role": "clerk", "holder_kind": "robot"}, "holder_kind"),
            ({**holder, "role": "clerk", "expires_at": "2020-01-01T00:00:00Z"}, "expires_at"),
        ):
            response = api.post(ASSIGNMENTS, body)
            assert (response.status_code, list(response.json()["errors"])) == (422, [field])
        assert api.post(ASSIGNMENTS, {"holder_id": str(uuid7()), "role": "clerk"}).status_code == 404

    def test_of_another_company_are_not_found(self, api, other_company):
        with tenant(other_company.id):
            foreign = RoleAssignmentFactory()

        assert api.get(f"{ASSIGNMENTS}/{foreign.id}").status_code == 404
        assert api.delete(f"{ASSIGNMENTS}/{foreign.id}").status_code == 404

    def test_are_not_for_clerks(self, ada, client_of):
        assert client_of(ada).get(ASSIGNMENTS).status_code == 403


class TestPages:
    def test_explain(self, browser, ada):
        assert "Explain" in browser.get("/access/").content.decode()
        page = browser.get("/access/?permission=orders.cancel&subject=ada@mail.example").content.decode()
        assert "Ada King may not: Cancel orders" in page
        assert "give the role Manager" in page
        assert "Olive Hart" in page
        assert browser.get("/access/?permission=orders.cancel&subject=nobody@mail.example").status_code == 422
        assert browser.get("/access/?permission=orders.cancel&resource_type=order").status_code == 422

    def test_say_who_can(self, browser, ada):
        page = browser.get("/access/who-can?permission=orders.view").content.decode()

        assert "Ada King" in page
        assert "ada@mail.example" in page
        nobody = browser.get("/access/who-can?permission=orders.view&kind=service").content.decode()
        assert "Nobody can" in nobody

    def test_give_and_take_roles(self, browser, ada):
        mine = f"/access/assignments?holder_kind=user&holder_id={ada.user_id}"
        assert "Give a role to Ada King" in browser.get(mine).content.decode()
        form = {
            "holder_kind": "user",
            "holder_id": str(ada.user_id),
            "role": "manager",
            "expires_at": "2099-01-01T00:00",
        }

        previewed = browser.post("/access/assignments", {**form, "preview": "1"}).content.decode()
        assert "would gain it" in previewed
        given = browser.post("/access/assignments", form)
        assert given["Location"] == mine
        rows = browser.get(mine).context["assignments"]
        assert [(row["role"], row["state"]) for row in rows] == [("Manager", "active"), ("Viewer", "active")]
        ended = browser.post(f"/access/assignments/{rows[0]['id']}/end")
        assert [str(m) for m in get_messages(ended.wsgi_request)] == ["Took the role away."]
        wrong = browser.post("/access/assignments", {**form, "resource_type": "order", "resource_id": str(uuid7())})
        assert wrong.status_code == 422
        assert "there is no such order" in wrong.content.decode()

    def test_of_a_refusal_lead_to_the_explanation(self, ada, browser_of):
        browser = browser_of(ada)

        page = browser.get("/people/").content.decode()

        assert "/access/?permission=users.view" in page
        explained = browser.get("/access/?permission=users.view").content.decode()
        assert "Ada King may not: See people" in explained
        assert browser.get("/access/who-can").status_code == 403


class TestRefusals:
    def test_lead_to_the_explanation(self, ada, client_of):
        problem = client_of(ada).get("/api/v1/users").json()

        assert problem["explanation"] == "/api/v1/access/explain?permission=users.view"
        assert client_of(ada).get(problem["explanation"]).json()["data"]["allowed"] is False

    def test_are_recorded_once_each(self, ada, client_of, browser_of, published):
        client_of(ada).get("/api/v1/users")
        browser_of(ada).get("/roles/")
        client_of(ada).get("/api/v1/orders")

        records = [(e.kind, e.outcome, e.subject_id, e.details["permission"]) for e in published]
        assert records == [
            ("access.denied", "denied", ada.user_id, "users.view"),
            ("access.denied", "denied", ada.user_id, "roles.view"),
        ]

    def test_of_a_flood_are_bounded(self, ada, client_of, published):
        api = client_of(ada)
        for _ in range(2 * PER_MINUTE + 2):
            assert api.get("/api/v1/users").status_code == 403

        assert PER_MINUTE <= len(published) <= 2 * PER_MINUTE  # the minute may turn in between

    def test_of_giving_more_than_one_holds_are_recorded_too(self, member, owner, client_of, published):
        RoleFactory(code="treasurer", permissions=["roles.assign_owner"])
        manager = member("manager")
        body = {"holder_id": str(manager.user_id), "role": "treasurer"}

        assert client_of(manager).post(ASSIGNMENTS, body).status_code == 403

        assert [(e.kind, e.details["code"]) for e in published] == [("access.denied", "beyond_own_permissions")]


class TestSeparation:
    def test_is_told_to_who_gives_a_role(self, api, ada):
        api.post("/api/v1/separation-of-duty-rules", {"name": "Four eyes", "roles": ["viewer", "manager"]})

        response = api.post(ASSIGNMENTS, {"holder_id": str(ada.user_id), "role": "manager"})

        assert (response.status_code, response.json()["violations"][0]["holder"]) == (409, "Ada King")
