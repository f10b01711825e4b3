"""Many operations in one request (RFC 7644 §3.7)."""

from __future__ import annotations

from apps.iam.scim.resources import MAX_OPERATIONS, MAX_PAYLOAD
from apps.iam.scim.tests.conftest import GROUP, PATCH, USER

BULK = "urn:ietf:params:scim:api:messages:2.0:BulkRequest"


def hire(bulk_id: str, user_name: str, **attributes) -> dict:
    data = {"schemas": [USER], "userName": user_name, **attributes}
    return {"method": "POST", "path": "/Users", "bulkId": bulk_id, "data": data}


def gather(bulk_id: str, name: str, *references: str) -> dict:
    data = {"schemas": [GROUP], "displayName": name, "members": [{"value": f"bulkId:{one}"} for one in references]}
    return {"method": "POST", "path": "/Groups", "bulkId": bulk_id, "data": data}


def send(directory, *operations, **options):
    return directory.post("Bulk", {"schemas": [BULK], **options, "Operations": list(operations)})


class TestABulkRequest:
    def test_makes_changes_and_deletes(self, directory):
        ada, alan = directory.hire("ada@mail.example"), directory.hire("alan@mail.example")
        title = {"schemas": [PATCH], "Operations": [{"op": "add", "path": "title", "value": "Countess"}]}

        answer = send(
            directory,
            hire("eve", "eve@mail.example"),
            {"method": "PATCH", "path": f"/Users/{ada['id']}", "data": title},
            {"method": "DELETE", "path": f"/Users/{alan['id']}"},
        )

        assert answer.status == 200
        assert [one["status"] for one in answer.body["Operations"]] == ["201", "200", "204"]
        assert answer.body["Operations"][0]["bulkId"] == "eve"
        assert answer.body["Operations"][0]["location"].rpartition("/")[0].endswith("/scim/v2/Users")
        assert directory.get(f"Users/{ada['id']}").body["title"] == "Countess"

    def test_may_name_what_it_makes_later_in_the_same_request(self, directory):
        answer = send(directory, gather("g", "Engineers", "ada"), hire("ada", "ada@mail.example"))

        assert {one["bulkId"]: one["status"] for one in answer.body["Operations"]} == {"ada": "201", "g": "201"}
        group = directory.get("Groups").body["Resources"][0]
        assert directory.get(f"Users/{group['members'][0]['value']}").body["userName"] == "ada@mail.example"

    def test_tells_of_a_reference_to_nothing_and_of_a_circle(self, directory):
        nothing = send(directory, gather("g", "Engineers", "nobody")).body["Operations"]
        circle = send(directory, gather("a", "A", "b"), gather("b", "B", "a")).body["Operations"]

        assert [one["status"] for one in nothing + circle] == ["409", "409", "409"]
        assert directory.get("Groups").body["totalResults"] == 0

    def test_goes_on_after_an_error_but_not_beyond_fail_on_errors(self, directory):
        broken = {"method": "DELETE", "path": "/Users/nobody"}

        goes_on = send(directory, broken, broken, hire("a", "ada@mail.example")).body["Operations"]
        stops = send(directory, broken, broken, hire("b", "bob@mail.example"), failOnErrors=2).body["Operations"]

        assert [one["status"] for one in goes_on] == ["404", "404", "201"]
        assert [one["status"] for one in stops] == ["404", "404"]
        assert stops[0]["response"]["status"] == "404"

    def test_honours_versions(self, directory):
        ada = directory.hire("ada@mail.example")
        gone = {"method": "DELETE", "path": f"/Users/{ada['id']}"}

        refused = send(directory, {**gone, "version": 'W/"old"'}).body["Operations"]
        done = send(directory, {**gone, "version": ada["meta"]["version"]}).body["Operations"]

        assert [refused[0]["status"], done[0]["status"]] == ["412", "204"]

    def test_fails_each_operation_that_is_not_well_formed_alone(self, directory):
        answer = send(
            directory,
            "no operation",
            {"method": "GET", "path": "/Users"},
            {"method": "POST", "path": "/Users", "data": {}},
            {"method": "POST", "path": "/Shoes", "bulkId": "s", "data": {}},
            {"method": "PUT", "path": "/Users", "data": {}},
            {"method": "DELETE"},
            {"method": "POST", "path": "/Users", "bulkId": "x", "data": "text"},
            hire("ada", "ada@mail.example"),
        )

        assert [one["status"] for one in answer.body["Operations"]] == ["400"] * 7 + ["201"]

    def test_is_refused_as_a_whole_when_it_is_too_much_or_makes_no_sense(self, directory):
        many = send(directory, *[{"method": "DELETE", "path": "/Users/x"}] * (MAX_OPERATIONS + 1))
        large = directory.send("POST", "Bulk", '{"Operations": [], "x": "' + "x" * MAX_PAYLOAD + '"}')
        twice = send(directory, hire("a", "a@mail.example"), hire("a", "b@mail.example"))

        assert (many.status, large.status, twice.status) == (413, 413, 400)
        assert directory.post("Bulk", {"Operations": {}}).status == 400
        assert send(directory, failOnErrors=0).status == 400

    def test_reaches_no_other_tenant(self, directory, other_directory):
        ada = directory.hire("ada@mail.example")

        answer = send(other_directory, {"method": "DELETE", "path": f"/Users/{ada['id']}"}).body["Operations"]

        assert answer[0]["status"] == "404"
        assert directory.get(f"Users/{ada['id']}").status == 200
