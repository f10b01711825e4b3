from __future__ import annotations

import re
from typing import Any

import pytest
from django.test import Client

from apps.core.api.tests.callers import bearer, token
from apps.core.api.tests.site import NotePermission

pytestmark = pytest.mark.django_db


def problem(response: Any, status: int, code: str) -> dict[str, Any]:
    assert response.status_code == status, response.content
    assert response["Content-Type"] == "application/problem+json"
    document: dict[str, Any] = response.json()
    assert (document["status"], document["code"]) == (status, code)
    assert {"type", "title", "status", "detail", "instance", "code", "traceId", "timestamp"} <= set(document)
    assert re.fullmatch("[0-9a-f]{32}", document["traceId"])
    assert document["traceId"] == response["X-Trace-Id"]
    assert response["Cache-Control"] == "no-store"
    return document


class TestProblemDocuments:
    @pytest.mark.parametrize(
        ("how", "status", "code"),
        [
            ("not_found", 404, "note_not_found"),
            ("invalid", 422, "invalid"),
            ("conflict", 409, "conflict"),
            ("overtaken", 409, "overtaken"),
            ("precondition", 412, "precondition_failed"),
            ("limit", 429, "too_many_requests"),
            ("away", 503, "unavailable"),
            ("http404", 404, "not_found"),
            ("denied", 403, "forbidden"),
            ("suspicious", 400, "bad_request"),
            ("unknown", 500, "internal_error"),
            ("redis", 503, "store_away"),
            ("bad_sql", 500, "internal_error"),
            ("too_large", 422, "out_of_range"),
        ],
    )
    def test_have_the_status_and_code_of_their_kind_and_no_internals(
        self, api: Client, how: str, status: int, code: str
    ) -> None:
        response = api.get(f"/api/v1/fail/{how}")

        document = problem(response, status, code)
        assert document["instance"] == f"/api/v1/fail/{how}"
        assert "secret" not in response.content.decode()
        assert "no_such_table" not in response.content.decode()

    def test_carry_field_errors(self, api: Client) -> None:
        assert api.get("/api/v1/fail/invalid").json()["errors"] == {"text": ["too short"]}

    def test_let_no_extension_member_replace_a_standard_one(self, api: Client) -> None:
        document = api.get("/api/v1/fail/conflict").json()

        assert (document["type"], document["why"]) == ("urn:problem:conflict", "because")

    @pytest.mark.parametrize(("how", "seconds"), [("limit", "7"), ("away", "3"), ("redis", "2")])
    def test_say_when_to_come_back(self, api: Client, how: str, seconds: str) -> None:
        assert api.get(f"/api/v1/fail/{how}")["Retry-After"] == seconds

    def test_of_a_slow_statement_is_503(self, api: Client) -> None:
        from django.db import connections

        with connections["default"].cursor() as cursor:
            cursor.execute("set local statement_timeout = '30ms'")
        document = problem(api.get("/api/v1/fail/sleep"), 503, "database_busy")

        assert "try again" in document["detail"]

    def test_of_a_path_without_a_route(self, api: Client) -> None:
        problem(api.get("/api/v1/nowhere"), 404, "not_found")

    def test_of_a_bad_host(self, api: Client) -> None:
        problem(api.get("/api/v1/open", headers={"Host": "evil.example"}), 400, "bad_request")


class TestRestFramework:
    def test_malformed_json(self, api: Client) -> None:
        response = api.post("/api/v1/open", "{", content_type="application/json")

        problem(response, 400, "malformed")

    def test_unsupported_media_type(self, api: Client) -> None:
        problem(api.post("/api/v1/open", "<a/>", content_type="text/xml"), 415, "unsupported_media_type")

    def test_method_not_allowed_comes_before_any_permission(self, api: Client) -> None:
        response = api.delete("/api/v1/notes")

        problem(response, 405, "method_not_allowed")
        assert response["Allow"] == "GET, POST, HEAD"

    def test_only_json_is_answered(self, api: Client) -> None:
        problem(api.get("/api/v1/open", headers={"Accept": "text/csv"}), 406, "not_acceptable")

    def test_nested_field_errors_are_named_by_path(self, api: Client) -> None:
        body = {"text": "x" * 21, "lines": [{"sku": "a", "quantity": 1}, {"sku": "b", "quantity": 0}]}
        response = api.post("/api/v1/notes", body, "application/json", headers=bearer(NotePermission.WRITE))

        errors = problem(response, 422, "invalid")["errors"]
        assert set(errors) == {"text", "lines.1.quantity"}

    def test_a_body_that_is_no_object(self, api: Client) -> None:
        response = api.post("/api/v1/notes", "[1]", "application/json", headers=bearer(NotePermission.WRITE))

        assert "non_field_errors" in problem(response, 422, "invalid")["errors"]


class TestPermission:
    def test_without_a_token_is_401_with_a_bare_challenge(self, api: Client) -> None:
        response = api.get("/api/v1/notes")

        problem(response, 401, "unauthenticated")
        assert response["WWW-Authenticate"] == 'Bearer realm="api"'

    @pytest.mark.parametrize("bad", ["nonsense", "a.b.c", "eyJhbGciOiJub25lIn0.e30."])
    def test_a_bad_token_is_named_in_the_challenge(self, api: Client, bad: str) -> None:
        response = api.get("/api/v1/open", headers={"Authorization": f"Bearer {bad}"})

        problem(response, 401, "invalid_token")
        assert 'error="invalid_token"' in response["WWW-Authenticate"]

    def test_an_expired_token(self, api: Client) -> None:
        response = api.get("/api/v1/notes", headers=bearer(NotePermission.VIEW, lives_s=-30))

        assert "expired" in problem(response, 401, "invalid_token")["detail"]

    def test_a_missing_permission_is_named_with_those_who_hold_it(self, api: Client) -> None:
        response = api.post("/api/v1/notes", {}, "application/json", headers=bearer(NotePermission.VIEW))

        document = problem(response, 403, "missing_permission")
        assert document["permission"] == "testnotes.write"
        assert document["grantors"] == ["owner", "manager", "clerk"]

    def test_nothing_declared_means_nobody(self, api: Client) -> None:
        problem(api.get("/api/v1/undeclared", headers=bearer(NotePermission.VIEW)), 403, "nothing_declared")
        problem(api.get("/api/v1/undeclared"), 401, "unauthenticated")

    def test_public_and_authenticated(self, api: Client) -> None:
        assert api.get("/api/v1/open").status_code == 200
        assert api.get("/api/v1/notes/versioned").status_code == 401
        assert api.get("/api/v1/notes/versioned", headers=bearer()).status_code == 200


class TestCookie:
    def test_reads_need_no_csrf_token(self, api: Client) -> None:
        api.handler.enforce_csrf_checks = True
        api.cookies["session_token"] = token(NotePermission.VIEW)

        assert api.get("/api/v1/notes").status_code == 200

    def test_writes_do(self, api: Client) -> None:
        api.handler.enforce_csrf_checks = True
        api.cookies["session_token"] = token(NotePermission.WRITE)

        problem(api.post("/api/v1/notes", {"text": "a"}, "application/json"), 403, "csrf_failed")

    def test_and_pass_with_one(self, api: Client, settings: Any) -> None:
        api.handler.enforce_csrf_checks = True
        api.cookies["session_token"] = token(NotePermission.WRITE)
        api.cookies[settings.CSRF_COOKIE_NAME] = secret = "a" * 32

        response = api.post("/api/v1/notes", {"text": "a"}, "application/json", headers={"X-CSRFToken": secret})
        assert response.status_code == 201

    def test_another_sites_page_writes_nothing_though_it_had_one(self, api: Client, settings: Any) -> None:
        api.handler.enforce_csrf_checks = True
        api.cookies["session_token"] = token(NotePermission.WRITE)
        api.cookies[settings.CSRF_COOKIE_NAME] = secret = "a" * 32
        foreign: list[dict[str, str]] = [
            {"Sec-Fetch-Site": "cross-site"},
            {"Sec-Fetch-Site": "same-site"},
            {"Origin": "https://evil.example"},
            {"Origin": "null"},
        ]

        for headers in foreign:
            sent = {"X-CSRFToken": secret, **headers}
            problem(api.post("/api/v1/notes", {"text": "a"}, "application/json", headers=sent), 403, "csrf_failed")
        ours = {"X-CSRFToken": secret, "Sec-Fetch-Site": "same-origin", "Origin": "http://testserver"}
        assert api.post("/api/v1/notes", {"text": "a"}, "application/json", headers=ours).status_code == 201

    def test_a_bearer_token_needs_none(self, api: Client) -> None:
        api.handler.enforce_csrf_checks = True

        response = api.post("/api/v1/notes", {"text": "a"}, "application/json", headers=bearer(NotePermission.WRITE))
        assert response.status_code == 201
