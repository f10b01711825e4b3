"""Discovery, credentials, and answers to whatever may be sent."""

from __future__ import annotations

import pytest
from django.test import Client

from apps.iam.scim.tests.conftest import MEDIA_TYPE, USER


class TestDiscovery:
    def test_tells_what_is_supported(self, directory):
        config = directory.get("ServiceProviderConfig").body

        assert all(config[name]["supported"] for name in ("patch", "bulk", "filter", "sort", "etag"))
        assert config["changePassword"]["supported"] is False
        assert config["authenticationSchemes"][0]["type"] == "oauthbearertoken"

    def test_lists_types_and_schemas_and_gives_each(self, directory):
        for path in ("ResourceTypes", "Schemas"):
            listed = directory.get(path).body
            assert listed["totalResults"] == len(listed["Resources"])
            for one in listed["Resources"]:
                assert directory.get(f"{path}/{one['id']}").body == one
            assert directory.get(f"{path}/nothing").status == 404

    def test_refuses_filters(self, directory):
        assert directory.get("Schemas", {"filter": 'name eq "User"'}).status == 403


class TestACredential:
    def test_is_needed(self, db):
        answer = Client().get("/scim/v2/Users")

        assert answer.status_code == 401
        assert answer["Content-Type"].startswith(MEDIA_TYPE)
        assert answer["WWW-Authenticate"].startswith("Bearer")

    def test_that_is_wrong_is_told_as_a_scim_error(self, db):
        answer = Client(headers={"authorization": "Bearer pfk_nonsense"}).get("/scim/v2/Users")

        assert answer.status_code == 401
        assert answer.json()["status"] == "401"

    def test_of_an_owner_is_taken_too(self, company, owner, client_of):
        assert client_of(owner).get("/scim/v2/Users").status_code == 200  # people may try it out


class TestNothingThatIsSent:
    @pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE"])
    @pytest.mark.parametrize("path", ["", "Shoes", "Users/x/y", "Me", "Users/"])
    def test_to_an_address_without_anything_is_more_than_404(self, directory, method, path):
        assert directory.send(method, path, {} if method != "GET" else None).status in (404, 405)

    @pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE"])
    def test_by_a_method_that_is_not_there_is_more_than_405(self, directory, method):
        assert directory.send(method, "Users", {}).status == 405

    @pytest.mark.parametrize(
        "body",
        [
            "",
            "{",
            "[]",
            "null",
            '"text"',
            "{}",
            '{"schemas": [], "userName": "x@mail.example", "emails": "none"}',
            '{"userName": "\\ud800@mail.example"}',
            '{"userName": "\\u0000@mail.example"}',
            '{"userName": {"a": 1}}',
            '{"userName": "x@mail.example", "name": []}',
            '{"userName": "x@mail.example", "active": "perhaps"}',
            '{"userName": "x@mail.example", "displayName": "' + "x" * 300 + '"}',
            '{"userName": "' + "x" * 300 + '@mail.example"}',
            '{"userName": "x@mail.example", "externalId": "' + "x" * 300 + '"}',
            '{"userName": "x@mail.example", "title": "' + "x" * 3000 + '"}',
            '{"userName": "x@mail.example", "emails": [' + ",".join(['{"value": "a"}'] * 60) + "]}",
            '{"userName": "x@b.example", "emails": [{"value": "a", "primary": true}, {"value": "b", "primary": true}]}',
            '{"userName": "no address"}',
            "[" * 100_000,
        ],
    )
    def test_as_a_user_is_a_traceback(self, directory, body):
        assert directory.send("POST", "Users", body).status == 400

    @pytest.mark.parametrize(
        "operation",
        [
            None,
            "replace",
            {},
            {"op": "jump", "path": "title", "value": "x"},
            {"op": "add", "path": "title"},
            {"op": "remove"},
            {"op": "remove", "path": "userName"},
            {"op": "replace", "path": "userName", "value": ""},
            {"op": "replace", "path": "userName", "value": None},
            {"op": "replace", "path": "id", "value": "x"},
            {"op": "replace", "path": "emails[", "value": "x"},
            {"op": "replace", "path": "emails[type eq", "value": "x"},
            {"op": "replace", "path": 'emails[type co "w"].value', "value": {"x": 1}},
            {"op": "replace", "path": "active", "value": "perhaps"},
            {"op": "replace", "path": "name", "value": "text"},
            {"op": "replace", "value": "text"},
            {"op": "add", "path": "groups", "value": [{"value": "x"}]},
        ],
    )
    def test_as_a_patch_is_a_traceback(self, directory, operation):
        ada = directory.hire("ada@mail.example", emails=[{"value": "ada@mail.example", "type": "work"}])

        answer = directory.patch(f"Users/{ada['id']}", operation)

        assert answer.status == 400
        assert directory.get(f"Users/{ada['id']}").body == ada

    def test_in_another_media_type_is_more_than_415(self, directory):
        answer = directory.client.post("/scim/v2/Users", "a=b", content_type="application/x-www-form-urlencoded")

        assert answer.status_code == 415
        assert answer.json()["status"] == "415"

    def test_as_plain_json_is_refused(self, directory):
        body = {"schemas": [USER], "userName": "ada@mail.example"}

        answer = directory.client.post("/scim/v2/Users", body, content_type="application/json")

        assert answer.status_code == 201
        assert answer["Content-Type"].startswith(MEDIA_TYPE)
