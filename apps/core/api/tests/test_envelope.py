from __future__ import annotations

import re
from typing import Any

import pytest
from django.test import Client

from apps.core.api.tests.callers import bearer
from apps.core.api.tests.site import NotePermission

pytestmark = pytest.mark.django_db
TRACE = "0af7651916cd43dd8448eb211c80319c"


class TestEnvelope:
    def test_wraps_every_success(self, api: Client) -> None:
        response = api.get("/api/v1/open")

        body = response.json()
        assert list(body) == ["success", "data", "meta", "traceId", "timestamp"]
        assert (body["success"], body["data"], body["meta"]) == (True, {"hello": "world"}, {})
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", body["timestamp"])
        assert response["Content-Type"] == "application/json"

    def test_carries_the_trace_of_the_caller(self, api: Client) -> None:
        response = api.get("/api/v1/open", headers={"traceparent": f"00-{TRACE}-b7ad6b7169203331-01"})

        assert response.json()["traceId"] == response["X-Trace-Id"] == TRACE

    @pytest.mark.parametrize(
        "header", ["", "nonsense", f"00-{'0' * 32}-b7ad6b7169203331-01", f"ff-{TRACE}-b7ad6b7169203331-01"]
    )
    def test_or_a_fresh_one(self, api: Client, header: str) -> None:
        traces = {api.get("/api/v1/open", headers={"traceparent": header})["X-Trace-Id"] for _ in range(2)}

        assert len(traces) == 2
        assert not traces & {TRACE, "0" * 32}

    def test_is_left_out_where_there_is_no_body(self, api: Client) -> None:
        response = api.post("/api/v1/open", {}, "application/json")

        assert (response.status_code, response.content) == (204, b"")

    def test_is_not_kept_by_shared_caches(self, api: Client) -> None:
        response = api.get("/api/v1/open")

        assert response["Cache-Control"] == "private, no-cache"
        assert {"Authorization", "Cookie"} <= {name.strip() for name in response["Vary"].split(",")}

    def test_head_answers_like_get(self, api: Client) -> None:
        assert api.head("/api/v1/open").status_code == 200
        assert api.head("/api/v1/notes", headers=bearer(NotePermission.VIEW)).status_code == 200


class TestConditionalRequests:
    def call(self, api: Client, method: str = "get", **headers: str) -> Any:
        headers = {name.replace("_", "-"): value for name, value in headers.items()}
        extra = {} if method == "get" else {"data": {"version": 1}, "content_type": "application/json"}
        return getattr(api, method)("/api/v1/notes/versioned", headers={**bearer(), **headers}, **extra)

    def test_get_sends_a_strong_tag(self, api: Client) -> None:
        assert self.call(api)["ETag"] == '"v3"'

    @pytest.mark.parametrize("tags", ['"v3"', 'W/"v3"', '"v1", "v3"', "*"])
    def test_get_of_a_known_version_is_304(self, api: Client, tags: str) -> None:
        response = self.call(api, If_None_Match=tags)

        assert (response.status_code, response.content, response["ETag"]) == (304, b"", '"v3"')

    @pytest.mark.parametrize("tags", ['"v2"', "v3", ""])
    def test_get_of_another_version_is_200(self, api: Client, tags: str) -> None:
        assert self.call(api, If_None_Match=tags).status_code == 200

    @pytest.mark.parametrize(
        ("tags", "status"), [('"v3"', 200), ('"v9", "v3"', 200), ("*", 200), ('"v2"', 412), ("v3", 412)]
    )
    def test_write_asks_for_the_version_it_was_based_on(self, api: Client, tags: str, status: int) -> None:
        assert self.call(api, "patch", If_Match=tags).status_code == status

    def test_weak_tags_never_match_a_write(self, api: Client) -> None:
        response = self.call(api, "patch", If_Match='W/"v3"')

        assert (response.status_code, response.json()["code"]) == (412, "precondition_failed")
        assert response.json()["etag"] == '"v3"'

    def test_a_write_without_condition_passes(self, api: Client) -> None:
        assert self.call(api, "patch").status_code == 200

    @pytest.mark.parametrize(
        ("tags", "status", "version"),
        [
            ('"v12"', 200, 12),
            ("*", 200, None),
            (None, 200, None),
            ('"x"', 412, 0),
            ('"v1", "v2"', 422, 0),
            ("", 412, 0),
        ],
    )
    def test_commands_get_the_expected_version(
        self, api: Client, tags: str | None, status: int, version: int | None
    ) -> None:
        response = self.call(api, "put", **({"If_Match": tags} if tags is not None else {}))

        assert response.status_code == status
        if status == 200:
            assert response.json()["data"] == {"expected": version}
