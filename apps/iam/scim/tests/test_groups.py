"""SCIM Groups: a tenant's groups."""

from __future__ import annotations

from django.utils import timezone

from apps.core.history import SYSTEM
from apps.iam.groups import commands as groups
from apps.iam.groups import queries
from apps.iam.scim.tests.conftest import GROUP
from apps.iam.service_accounts.tests.factories import ServiceAccountFactory


class TestCreating:
    def test_makes_a_group_with_its_people(self, directory):
        ada = directory.hire("ada@mail.example")

        made = directory.gather("Engineers", ada, externalId="g1")

        assert [member["value"] for member in made["members"]] == [ada["id"]]
        assert made["members"][0]["$ref"] == ada["meta"]["location"]
        assert queries.group(made["id"]).external_id == "g1"

    def test_is_a_conflict_when_the_name_or_the_external_id_is_taken(self, directory):
        directory.gather("Engineers", externalId="g1")

        same_name = directory.post("Groups", {"schemas": [GROUP], "displayName": "ENGINEERS"})
        again = directory.post("Groups", {"schemas": [GROUP], "displayName": "Engineers", "externalId": "g1"})

        assert (same_name.status, same_name.body["scimType"]) == (409, "uniqueness")
        assert again.status == 409

    def test_needs_a_name(self, directory):
        assert directory.post("Groups", {"schemas": [GROUP]}).status == 400
        assert directory.post("Groups", {"schemas": [GROUP], "displayName": " "}).status == 400

    def test_is_refused_with_somebody_who_is_not_there(self, directory, other_directory):
        stranger = other_directory.hire("eve@mail.example")

        for value in (stranger["id"], "no-id", None):
            body = {"schemas": [GROUP], "displayName": "Engineers", "members": [{"value": value}]}
            refused = directory.post("Groups", body)
            assert (refused.status, refused.body["scimType"]) == (400, "invalidValue"), value


class TestChanging:
    def test_adds_and_removes_single_people(self, directory):
        ada, alan = directory.hire("ada@mail.example"), directory.hire("alan@mail.example")
        path = f"Groups/{directory.gather('Engineers', ada)['id']}"

        added = directory.patch(path, {"op": "add", "path": "members", "value": [{"value": alan["id"]}]}).body
        removed = directory.patch(path, {"op": "remove", "path": f'members[value eq "{ada["id"]}"]'}).body

        assert {one["value"] for one in added["members"]} == {ada["id"], alan["id"]}
        assert [one["value"] for one in removed["members"]] == [alan["id"]]

    def test_is_all_or_nothing(self, directory):
        ada = directory.hire("ada@mail.example")
        group = directory.gather("Engineers", ada)
        rename = {"op": "replace", "path": "displayName", "value": "Else"}

        refused = directory.patch(f"Groups/{group['id']}", rename, {"op": "replace", "path": "shoes[", "value": 1})
        absent = directory.patch(
            f"Groups/{group['id']}", rename, {"op": "add", "path": "members", "value": [{"value": "x"}]}
        )

        assert (refused.status, refused.body["scimType"]) == (400, "invalidPath")
        assert absent.status == 400
        assert directory.get(f"Groups/{group['id']}").body == group

    def test_by_put_leaves_exactly_who_is_named_and_the_service_accounts(self, directory):
        ada, alan = directory.hire("ada@mail.example"), directory.hire("alan@mail.example")
        group, robot = directory.gather("Engineers", ada), ServiceAccountFactory()
        groups.add_members(group_id=group["id"], service_ids=[robot.id], actor=SYSTEM, now=timezone.now())

        body = {"schemas": [GROUP], "displayName": "Engineers", "members": [{"value": alan["id"]}]}
        answer = directory.put(f"Groups/{group['id']}", body)

        assert [one["value"] for one in answer.body["members"]] == [alan["id"]]
        assert queries.belongs(group["id"], robot.id)

    def test_with_an_old_version_is_refused(self, directory):
        group = directory.gather("Engineers")
        path, name = f"Groups/{group['id']}", {"op": "replace", "path": "displayName"}

        first = directory.patch(path, {**name, "value": "One"}, if_match=group["meta"]["version"])
        second = directory.patch(path, {**name, "value": "Two"}, if_match=group["meta"]["version"])

        assert (first.status, second.status) == (200, 412)

    def test_that_changes_nothing_publishes_nothing(self, directory, published):
        group = directory.gather("Engineers", directory.hire("ada@mail.example"))
        before = len(published.events())

        directory.put(f"Groups/{group['id']}", group)

        assert len(published.events()) == before


class TestAGroupWithRoles:
    def test_is_beyond_a_directory_that_does_not_hold_them(self, directory, company):
        ada, group = directory.hire("ada@mail.example"), directory.gather("Managers")
        facts = {"actor": SYSTEM, "now": timezone.now()}
        groups.change_roles(group_id=group["id"], roles_held=["manager"], **facts)

        refused = directory.patch(
            f"Groups/{group['id']}", {"op": "add", "path": "members", "value": [{"value": ada["id"]}]}
        )

        assert refused.status == 403
        assert not queries.belongs(group["id"], ada["id"])

    def test_is_filled_by_one_that_does(self, company, connect):
        directory = connect("viewer", "clerk")
        ada, group = directory.hire("ada@mail.example"), directory.gather("Clerks")
        groups.change_roles(group_id=group["id"], roles_held=["clerk"], actor=SYSTEM, now=timezone.now())

        directory.patch(f"Groups/{group['id']}", {"op": "add", "path": "members", "value": [{"value": ada["id"]}]})

        assert queries.belongs(group["id"], ada["id"])


class TestReading:
    def test_without_members_reads_none(self, directory):
        group = directory.gather("Engineers", directory.hire("ada@mail.example"))

        without = directory.get(f"Groups/{group['id']}", {"excludedAttributes": "members"}).body
        listed = directory.get("Groups", {"attributes": "displayName"}).body["Resources"][0]

        assert "members" not in without
        assert set(listed) == {"schemas", "id", "displayName"}


class TestDeleting:
    def test_takes_it_out_of_use(self, directory):
        group = directory.gather("Engineers")

        assert directory.delete(f"Groups/{group['id']}").status == 204
        assert directory.get(f"Groups/{group['id']}").status == 404
        assert directory.delete(f"Groups/{group['id']}").status == 404
        assert queries.group(group["id"]).is_deleted


class TestAnotherTenant:
    def test_sees_and_changes_nothing(self, directory, other_directory):
        group = directory.gather("Engineers", externalId="g1")
        path, body = f"Groups/{group['id']}", {"schemas": [GROUP], "displayName": "Else"}

        assert other_directory.get(path).status == 404
        assert other_directory.put(path, body).status == 404
        assert other_directory.delete(path).status == 404
        assert other_directory.filter("Groups", 'externalId eq "g1"').body["totalResults"] == 0
        assert other_directory.gather("Engineers", externalId="g1")["id"] != group["id"]
