from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from drf_spectacular.drainage import GENERATOR_STATS
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.validation import validate_schema

from apps.core.api.tests import site


@pytest.fixture(scope="module")
def schema() -> Any:
    GENERATOR_STATS.reset()
    return SchemaGenerator(patterns=site.urlpatterns).get_schema(request=None, public=True)  # type: ignore[no-untyped-call]


@pytest.fixture
def notes(schema: Any) -> Any:
    return schema["paths"]["/api/v1/notes"]


@pytest.fixture
def versioned(schema: Any) -> Any:
    return schema["paths"]["/api/v1/notes/versioned"]


def names(operation: Any) -> dict[str, Any]:
    return {parameter["name"]: parameter for parameter in operation.get("parameters", [])}


def answer(operation: Any, status: str) -> Any:
    return operation["responses"][status]["content"]["application/json"]["schema"]["properties"]


class TestDocument:
    def test_is_valid_and_made_without_a_warning(self, schema: Any) -> None:
        validate_schema(schema)

        assert not GENERATOR_STATS._warn_cache
        assert not GENERATOR_STATS._error_cache

    def test_wraps_one_in_the_envelope(self, notes: Any) -> None:
        properties = answer(notes["post"], "201")

        assert set(properties) == {"success", "data", "meta", "traceId", "timestamp"}
        assert properties["data"] == {"$ref": "#/components/schemas/NoteOutput"}

    def test_wraps_a_list_with_its_cursors(self, notes: Any) -> None:
        properties = answer(notes["get"], "200")

        assert properties["data"]["type"] == "array"
        assert properties["meta"] == {"$ref": "#/components/schemas/PageMeta"}

    def test_names_paging_filters_and_orderings(self, notes: Any) -> None:
        parameters = names(notes["get"])

        assert set(parameters) == {"text", "made_after", "made_before", "status", "cursor", "limit", "ordering"}
        assert parameters["made_after"]["schema"]["format"] == "date-time"
        assert parameters["status"]["schema"]["enum"] == ["1", "2"]
        assert parameters["ordering"]["schema"]["enum"] == ["created_at", "-created_at", "key", "-key"]
        assert parameters["limit"]["schema"]["maximum"] == 200

    def test_names_the_headers_that_a_method_obeys(self, notes: Any, versioned: Any) -> None:
        assert "Idempotency-Key" in names(notes["post"])
        assert "Idempotency-Key" not in names(notes["get"])
        assert "If-Match" in names(versioned["patch"])
        assert "If-None-Match" in names(versioned["get"])
        assert "ETag" in versioned["get"]["responses"]["200"]["headers"]

    def test_names_the_problems_that_apply(self, notes: Any, versioned: Any) -> None:
        assert {"401", "403", "409", "415", "422", "429", "503"} <= set(notes["post"]["responses"])
        assert not {"404", "409", "412", "415"} & set(notes["get"]["responses"])
        assert "412" in versioned["patch"]["responses"]
        assert "304" in versioned["get"]["responses"]
        problem = notes["get"]["responses"]["403"]["content"]["application/problem+json"]["schema"]
        assert problem == {"$ref": "#/components/schemas/Problem"}

    def test_names_the_ways_to_prove_who_calls(self, schema: Any, notes: Any) -> None:
        assert set(schema["components"]["securitySchemes"]) == {
            "apiKey",
            "bearer",
            "clientCredentials",
            "csrf",
            "session",
        }
        assert notes["get"]["security"] == [
            {"bearer": []},
            {"clientCredentials": []},
            {"apiKey": []},
            {"session": []},
        ]
        assert notes["post"]["security"][-1] == {"session": [], "csrf": []}

    def test_asks_nothing_of_the_public(self, schema: Any) -> None:
        operation = schema["paths"]["/api/v1/open"]["get"]

        assert not operation.get("security")
        assert not {"401", "403"} & set(operation["responses"])

    def test_says_which_permission_is_needed(self, notes: Any) -> None:
        assert "`testnotes.write` (Write notes)" in notes["post"]["description"]

    def test_has_stable_operation_ids(self, schema: Any, notes: Any) -> None:
        assert notes["get"]["operationId"] == "get_notes"
        assert schema["paths"]["/api/v1/fail/{how}"]["get"]["operationId"] == "get_fail_by_how"


@pytest.mark.django_db
class TestViews:
    def test_serve_json_and_yaml_to_anybody(self, api: Client) -> None:
        as_json = api.get("/api/schema", headers={"Accept": "application/json", "Authorization": "Bearer stale"})

        assert as_json.json()["openapi"].startswith("3.")
        assert b"openapi: 3." in api.get("/api/schema").content

    def test_serve_swagger_ui_without_inline_code(self, api: Client) -> None:
        response = api.get("/api/docs")

        text = response.content.decode()
        assert 'src="/static/drf_spectacular_sidecar/' in text
        assert "<style" not in text
        assert "style=" not in text
        assert "<script>" not in text
        assert response.cookies["csrf"].value
