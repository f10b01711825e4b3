"""RFC 7644, System for Cross-domain Identity Management: Protocol. A directory that the test plays, by HTTP only."""

from __future__ import annotations

import pytest
from django.test import Client

from apps.iam.conftest import company
from apps.iam.scim.tests.conftest import PATCH, USER, connect, directory

compliance = pytest.mark.compliance
__all__ = ["company", "connect", "directory"]


class TestAuthentication:
    @compliance("RFC 7644", "2", "a request without a credential is refused with 401 and a challenge")
    def test_is_needed(self, db) -> None:
        answer = Client().get("/scim/v2/Users")

        assert answer.status_code == 401
        assert answer["WWW-Authenticate"].startswith("Bearer")


class TestResources:
    @compliance("RFC 7644", "3.3", "creation answers 201 with Location; read-only values are ignored")
    def test_are_created(self, directory) -> None:
        answer = directory.post("Users", {"schemas": [USER], "userName": "ada@mail.example", "id": "mine"})

        assert answer.status == 201
        assert answer.headers["Location"] == answer.body["meta"]["location"]
        assert answer.body["id"] != "mine"

    @compliance("RFC 7644", "3.3", "a duplicate is refused with 409 and scimType uniqueness")
    def test_are_unique(self, directory) -> None:
        directory.hire("ada@mail.example")

        answer = directory.post("Users", {"schemas": [USER], "userName": "Ada@mail.example"})

        assert (answer.status, answer.body["scimType"]) == (409, "uniqueness")

    @compliance("RFC 7644", "3.5.1", "PUT replaces, and clears what is left out")
    def test_are_replaced(self, directory) -> None:
        ada = directory.hire("ada@mail.example", title="Countess")

        answer = directory.put(f"Users/{ada['id']}", {"schemas": [USER], "userName": "ada@mail.example"})

        assert answer.status == 200
        assert "title" not in answer.body

    @compliance("RFC 7644", "3.5.2", "PATCH is atomic: an operation that fails undoes those before it")
    def test_are_patched_as_a_whole(self, directory) -> None:
        ada = directory.hire("ada@mail.example")

        refused = directory.patch(
            f"Users/{ada['id']}",
            {"op": "add", "path": "title", "value": "Countess"},
            {"op": "replace", "path": "id", "value": "mine"},
        )

        assert (refused.status, refused.body["scimType"]) == (400, "mutability")
        assert "title" not in directory.get(f"Users/{ada['id']}").body

    @compliance("RFC 7644", "3.5.2", "a new primary value takes the mark from the one before")
    def test_have_one_primary_value(self, directory) -> None:
        ada = directory.hire("ada@mail.example", emails=[{"value": "ada@mail.example", "primary": True}])

        answer = directory.patch(
            f"Users/{ada['id']}",
            {"op": "add", "path": "emails", "value": [{"value": "b@mail.example", "primary": True}]},
        )

        assert [one.get("primary", False) for one in answer.body["emails"]] == [False, True]

    @compliance("RFC 7644", "3.5.2.2", "a remove without a path is refused with noTarget")
    def test_are_not_removed_from_nowhere(self, directory) -> None:
        ada = directory.hire("ada@mail.example")

        refused = directory.send("PATCH", f"Users/{ada['id']}", {"schemas": [PATCH], "Operations": [{"op": "remove"}]})

        assert (refused.status, refused.body["scimType"]) == (400, "noTarget")

    @compliance("RFC 7644", "3.6", "a deleted resource is 404, and its unique values are free again")
    def test_are_deleted(self, directory) -> None:
        ada = directory.hire("ada@mail.example")

        assert directory.delete(f"Users/{ada['id']}").status == 204
        assert directory.get(f"Users/{ada['id']}").status == 404
        assert directory.filter("Users", 'userName eq "ada@mail.example"').body["totalResults"] == 0
        assert directory.hire("ada@mail.example")


class TestLists:
    @compliance("RFC 7644", "3.4.2", "a list response tells totalResults; a query without results is 200")
    def test_tell_how_many_there_are(self, directory) -> None:
        answer = directory.filter("Users", 'userName eq "nobody"')

        assert answer.status == 200
        assert answer.body["totalResults"] == 0

    @compliance("RFC 7644", "3.4.2.2", "a filter that cannot be understood is refused with invalidFilter")
    def test_refuse_filters_that_make_no_sense(self, directory) -> None:
        answer = directory.filter("Users", "userName eq")

        assert (answer.status, answer.body["scimType"]) == (400, "invalidFilter")

    @compliance("RFC 7644", "3.4.2.4", "startIndex below 1 is 1; a negative count is 0")
    def test_have_bounds(self, directory) -> None:
        directory.hire("ada@mail.example")

        page = directory.get("Users", {"startIndex": -1, "count": -1}).body

        assert (page["startIndex"], page["itemsPerPage"], page["totalResults"]) == (1, 0, 1)

    @compliance("RFC 7644", "3.4.2.5", "attributes selects, but for those that are always returned")
    def test_show_what_is_asked_for(self, directory) -> None:
        directory.hire("ada@mail.example", title="Countess")

        found = directory.get("Users", {"attributes": "title"}).body["Resources"][0]

        assert set(found) == {"schemas", "id", "title"}

    @compliance("RFC 7644", "3.4.3", "POST …/.search finds what GET does")
    def test_are_searched_by_post(self, directory) -> None:
        directory.hire("ada@mail.example")

        assert directory.post("Users/.search", {"filter": 'userName sw "ada"'}).body["totalResults"] == 1


class TestBulk:
    @compliance("RFC 7644", "3.7.2", "a bulkId stands for the resource that the same request makes")
    def test_resolves_references(self, directory) -> None:
        hire = {"method": "POST", "path": "/Users", "bulkId": "ada", "data": {"userName": "ada@mail.example"}}
        data = {"displayName": "Engineers", "members": [{"value": "bulkId:ada"}]}
        gather = {"method": "POST", "path": "/Groups", "bulkId": "g", "data": data}

        answer = directory.post("Bulk", {"Operations": [gather, hire]})

        assert [one["status"] for one in answer.body["Operations"]] == ["201", "201"]

    @compliance("RFC 7644", "3.7.3", "failOnErrors ends the job; each result has the status of its operation")
    def test_stops_at_fail_on_errors(self, directory) -> None:
        gone = {"method": "DELETE", "path": "/Users/nobody"}

        answer = directory.post("Bulk", {"failOnErrors": 1, "Operations": [gone, gone]})

        assert [one["status"] for one in answer.body["Operations"]] == ["404"]

    @compliance("RFC 7644", "3.7.4", "more operations than maxOperations are refused with 413")
    def test_has_a_limit(self, directory) -> None:
        most = directory.get("ServiceProviderConfig").body["bulk"]["maxOperations"]

        answer = directory.post("Bulk", {"Operations": [{"method": "DELETE", "path": "/Users/x"}] * (most + 1)})

        assert answer.status == 413


class TestTheRest:
    @compliance("RFC 7644", "3.1", "answers are application/scim+json; application/json is taken too")
    def test_speaks_scim(self, directory) -> None:
        answer = directory.client.post(
            "/scim/v2/Users", {"userName": "a@mail.example"}, content_type="application/json"
        )

        assert answer.status_code == 201
        assert answer["Content-Type"].startswith("application/scim+json")

    @compliance("RFC 7644", "3.12", "errors carry schemas, status as a text, and detail")
    def test_tells_errors(self, directory) -> None:
        body = directory.get("Users/nobody").body

        assert body["schemas"] == ["urn:ietf:params:scim:api:messages:2.0:Error"]
        assert body["status"] == "404"
        assert body["detail"]

    @compliance("RFC 7644", "3.14", "If-Match with an old version is refused with 412")
    def test_knows_versions(self, directory) -> None:
        ada = directory.hire("ada@mail.example")
        title = {"op": "replace", "path": "title", "value": "Countess"}
        directory.patch(f"Users/{ada['id']}", title)

        assert directory.delete(f"Users/{ada['id']}", if_match=ada["meta"]["version"]).status == 412

    @compliance("RFC 7644", "4", "a filter at a discovery endpoint is refused with 403")
    def test_describes_itself_unfiltered(self, directory) -> None:
        assert directory.get("ResourceTypes").body["totalResults"] == 2
        assert directory.get("ResourceTypes", {"filter": 'name eq "User"'}).status == 403
