"""SCIM Users: a tenant's members."""

from __future__ import annotations

from apps.core.tenancy import tenant
from apps.iam.scim.tests.conftest import ENTERPRISE, USER
from apps.iam.users import queries as users


class TestCreating:
    def test_makes_an_invited_member_with_the_default_role(self, directory):
        made = directory.hire("ada@mail.example", name={"givenName": "Ada", "familyName": "Byron"}, externalId="00u1")

        member = users.member_by_email("ada@mail.example")
        assert made["id"] == str(member.user_id)
        assert made["meta"]["resourceType"] == "User"
        assert made["meta"]["location"].endswith(f"/scim/v2/Users/{made['id']}")
        assert made["externalId"] == "00u1"
        assert made["active"] is True
        assert member.name == "Ada Byron"
        assert users.member(member.user_id).role_codes == ["viewer"]

    def test_answers_201_with_location_and_etag(self, directory):
        answer = directory.post("Users", {"schemas": [USER], "userName": "ada@mail.example"})

        assert answer.status == 201
        assert answer.headers["Location"] == answer.body["meta"]["location"]
        assert answer.headers["ETag"] == answer.body["meta"]["version"]

    def test_invites_at_the_work_address_when_the_user_name_is_none(self, directory):
        emails = [{"value": "home@mail.example", "type": "home"}, {"value": "ada@mail.example", "type": "work"}]

        made = directory.hire("abyron", emails=emails)

        assert made["userName"] == "abyron"
        assert users.member_by_email("ada@mail.example")

    def test_is_refused_without_any_address(self, directory):
        answer = directory.post("Users", {"schemas": [USER], "userName": "abyron"})

        assert (answer.status, answer.body["scimType"]) == (400, "invalidValue")

    def test_is_a_conflict_when_the_user_name_or_the_address_is_taken(self, directory):
        directory.hire("ada@mail.example")

        same = directory.post("Users", {"schemas": [USER], "userName": "ADA@mail.example"})
        address = {"schemas": [USER], "userName": "other", "emails": [{"value": "ada@mail.example"}]}

        assert (same.status, same.body["scimType"]) == (409, "uniqueness")
        assert (directory.post("Users", address).status) == 409

    def test_of_somebody_inactive_sends_no_invitation_and_suspends(self, directory, outbox):
        made = directory.hire("ada@mail.example", active=False)

        assert made["active"] is False
        assert outbox() == []

    def test_mails_an_invitation(self, directory, outbox):
        directory.hire("ada@mail.example")

        assert [(template, to) for template, to, _ in outbox()] == [("invitation", "ada@mail.example")]

    def test_brings_back_somebody_who_was_deleted_with_what_is_said_now(self, directory):
        made = directory.hire("ada@mail.example", title="Countess")
        directory.delete(f"Users/{made['id']}")

        again = directory.hire("ada@mail.example", title="Programmer")

        assert (again["id"], again["title"]) == (made["id"], "Programmer")

    def test_keeps_the_enterprise_extension(self, directory):
        chief = directory.hire("chief@mail.example", displayName="Charles")
        said = {"department": "Engines", "employeeNumber": "7", "manager": {"value": chief["id"]}}

        made = directory.hire("ada@mail.example", schemas=[USER, ENTERPRISE], **{ENTERPRISE: said})

        assert made[ENTERPRISE]["department"] == "Engines"
        assert made[ENTERPRISE]["manager"] == {"value": chief["id"], "$ref": chief["meta"]["location"]}

    def test_ignores_what_is_read_only_and_what_is_unknown(self, directory):
        said = {"id": "mine", "meta": {"resourceType": "User"}, "groups": [], "password": "s3cret", "shoeSize": 43}

        made = directory.hire("ada@mail.example", **said)

        assert made["id"] != "mine"
        assert "password" not in made
        assert "shoeSize" not in made


class TestReading:
    def test_gives_members_whom_no_directory_made(self, directory, member):
        ada = member("clerk", name="Ada Byron")

        found = directory.get(f"Users/{ada.user_id}").body

        assert (found["userName"], found["displayName"]) == (ada.user.email, "Ada Byron")
        assert found["emails"] == [{"value": ada.user.email, "type": "work", "primary": True}]

    def test_tells_the_groups(self, directory):
        ada = directory.hire("ada@mail.example")
        group = directory.gather("Engineers", ada)

        found = directory.get(f"Users/{ada['id']}").body

        assert [(one["value"], one["display"]) for one in found["groups"]] == [(group["id"], "Engineers")]

    def test_gives_only_the_attributes_that_are_wanted(self, directory):
        ada = directory.hire("ada@mail.example", title="Countess", nickName="A")

        wanted = directory.get(f"Users/{ada['id']}", {"attributes": "title"}).body
        without = directory.get(f"Users/{ada['id']}", {"excludedAttributes": "title"}).body

        assert set(wanted) == {"schemas", "id", "title"}
        assert "title" not in without
        assert without["nickName"] == "A"

    def test_answers_304_for_the_version_that_is_known(self, directory):
        ada = directory.hire("ada@mail.example")

        assert directory.get(f"Users/{ada['id']}", if_none_match=ada["meta"]["version"]).status == 304
        assert directory.get(f"Users/{ada['id']}", if_none_match='W/"else"').status == 200

    def test_of_nobody_is_404(self, directory):
        for id_ in ("00000000-0000-7000-8000-000000000000", "no-id", "%00", "a b"):
            assert directory.get(f"Users/{id_}").status == 404


class TestReplacing:
    def test_leaves_nothing_of_before(self, directory):
        ada = directory.hire("ada@mail.example", title="Countess", displayName="Ada")

        answer = directory.put(
            f"Users/{ada['id']}", {"schemas": [USER], "userName": "ada@mail.example", "nickName": "A"}
        )

        assert answer.status == 200
        assert "title" not in answer.body
        assert answer.body["nickName"] == "A"

    def test_suspends_and_reinstates(self, directory):
        ada = directory.hire("ada@mail.example")
        said = {"schemas": [USER], "userName": "ada@mail.example"}

        directory.put(f"Users/{ada['id']}", {**said, "active": False})
        suspended = users.member_by_email("ada@mail.example").status
        directory.put(f"Users/{ada['id']}", {**said, "active": True})

        assert suspended == "suspended"
        assert users.member_by_email("ada@mail.example").status == "invited"

    def test_without_active_lets_nobody_in_who_is_suspended(self, directory):
        ada = directory.hire("ada@mail.example", active=False)

        answer = directory.put(f"Users/{ada['id']}", {"schemas": [USER], "userName": "ada@mail.example"})

        assert answer.body["active"] is False

    def test_with_an_old_version_is_refused_and_changes_nothing(self, directory):
        ada = directory.hire("ada@mail.example")
        directory.patch(f"Users/{ada['id']}", {"op": "replace", "path": "title", "value": "Countess"})
        said = {"schemas": [USER], "userName": "ada@mail.example", "title": "Else"}

        refused = directory.put(f"Users/{ada['id']}", said, if_match=ada["meta"]["version"])

        assert refused.status == 412
        assert directory.get(f"Users/{ada['id']}").body["title"] == "Countess"

    def test_that_changes_nothing_publishes_nothing(self, directory, published):
        ada = directory.hire("ada@mail.example", title="Countess")
        before = len(published.events())

        answer = directory.put(f"Users/{ada['id']}", ada)

        assert answer.body["meta"] == ada["meta"]
        assert len(published.events()) == before


class TestAnotherUserName:
    def test_is_this_tenants_alone_and_leaves_the_address(self, directory):
        ada = directory.hire("ada@mail.example")

        renamed = directory.patch(
            f"Users/{ada['id']}", {"op": "replace", "path": "userName", "value": "ada.king@mail.example"}
        )

        assert renamed.body["userName"] == "ada.king@mail.example"
        assert users.member_by_email("ada@mail.example").user.email == "ada@mail.example"
        assert directory.filter("Users", 'userName eq "ada.king@mail.example"').body["totalResults"] == 1
        assert directory.filter("Users", 'userName eq "ada@mail.example"').body["totalResults"] == 0

    def test_may_not_be_somebody_elses(self, directory, member):
        other = member("clerk")
        ada = directory.hire("ada@mail.example")

        taken = directory.patch(f"Users/{ada['id']}", {"op": "replace", "path": "userName", "value": other.user.email})

        assert (taken.status, taken.body["scimType"]) == (409, "uniqueness")


class TestDeleting:
    def test_ends_the_membership_and_keeps_the_person(self, directory):
        ada = directory.hire("ada@mail.example")

        gone = directory.delete(f"Users/{ada['id']}")

        assert gone.status == 204
        assert directory.get(f"Users/{ada['id']}").status == 404
        assert directory.delete(f"Users/{ada['id']}").status == 404
        assert users.user_by_email("ada@mail.example") is not None

    def test_frees_the_user_name(self, directory):
        ada = directory.hire("abyron", emails=[{"value": "ada@mail.example"}])
        directory.delete(f"Users/{ada['id']}")

        other = directory.hire("abyron", emails=[{"value": "alan@mail.example"}])

        assert other["id"] != ada["id"]


class TestWhatADirectoryMayNot:
    def test_is_to_suspend_somebody_who_may_do_more_than_itself(self, directory, member):
        boss = member("manager")

        refused = directory.patch(f"Users/{boss.user_id}", {"op": "replace", "path": "active", "value": False})

        assert refused.status == 403
        assert users.member(boss.user_id).status == "active"

    def test_is_to_delete_the_last_owner(self, company, connect, member):
        owner = member("owner")

        refused = connect("owner").delete(f"Users/{owner.user_id}")

        assert refused.status == 409
        assert not users.member(owner.user_id).is_deleted

    def test_is_anything_at_all_without_the_permission(self, company, client_of, member):
        answer = client_of(member("manager")).get("/scim/v2/Users")

        assert answer.status_code == 403
        assert answer.json()["status"] == "403"


class TestAnotherTenant:
    def test_sees_and_changes_nothing(self, directory, other_directory):
        ada = directory.hire("ada@mail.example", title="Countess")
        path, change = f"Users/{ada['id']}", {"op": "replace", "path": "title", "value": "x"}

        assert other_directory.get(path).status == 404
        assert other_directory.patch(path, change).status == 404
        assert other_directory.put(path, {"schemas": [USER], "userName": "x@mail.example"}).status == 404
        assert other_directory.delete(path).status == 404
        assert other_directory.get("Users").body["totalResults"] == 0
        assert directory.get(path).body["title"] == "Countess"

    def test_says_what_it_likes_of_the_same_person_and_changes_nobody_elses_view(
        self, directory, other_directory, company, other_company
    ):
        here = directory.hire("ada@mail.example", displayName="Ada", title="Countess")
        there = other_directory.hire("ada@mail.example", displayName="A. Byron", title="Trainee", active=False)

        assert here["id"] == there["id"]
        found = directory.get(f"Users/{here['id']}").body
        assert (found["displayName"], found["title"], found["active"]) == ("Ada", "Countess", True)
        assert users.user_by_email("ada@mail.example").name == "Ada"
        with tenant(other_company.id):
            assert users.member_by_email("ada@mail.example").name == "A. Byron"

    def test_gives_no_manager(self, directory, other_directory):
        chief = directory.hire("chief@mail.example")

        said = {"schemas": [USER, ENTERPRISE], "userName": "ada@mail.example"}
        refused = other_directory.post("Users", {**said, ENTERPRISE: {"manager": {"value": chief["id"]}}})

        assert (refused.status, refused.body["scimType"]) == (400, "invalidValue")
