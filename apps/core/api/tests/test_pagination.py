from __future__ import annotations

import base64
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.db import connections
from django.test import Client
from django.test.utils import CaptureQueriesContext
from hypothesis import given
from hypothesis import strategies as st

from apps.core.api.cursors import Cursor
from apps.core.api.pagination import CursorPage
from apps.core.api.tests.callers import TENANT, bearer
from apps.core.api.tests.site import NotePermission, notes, write_note
from apps.core.errors import Invalid
from apps.core.idempotency.models import IdempotencyKey
from apps.core.tenancy import tenant

pytestmark = pytest.mark.django_db

START = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture
def eleven_notes() -> list[UUID]:
    """Pairs of notes share a moment, so that only the unique key tells them apart; microseconds matter."""
    with tenant(TENANT):
        made = [
            write_note(f"n{i:02}", id=UUID(int=1000 - i), created_at=START + timedelta(microseconds=i // 2))
            for i in range(11)
        ]
        return [note.id for note in sorted(made, key=lambda n: (n.created_at, n.id))]


def walk(api: Client, path: str, direction: str = "next") -> list[dict[str, Any]]:
    pages = []
    url: str | None = path
    while url:
        body = api.get(url, headers=bearer(NotePermission.VIEW)).json()
        pages.append(body)
        url = body["meta"]["links"][direction]
        assert len(pages) < 20
    return pages


class TestPages:
    def test_show_every_row_once_in_order(self, api: Client, eleven_notes: list[UUID]) -> None:
        pages = walk(api, "/api/v1/notes?limit=3")

        assert [len(page["data"]) for page in pages] == [3, 3, 3, 2]
        assert [row["id"] for page in pages for row in page["data"]] == [str(i) for i in eleven_notes]

    def test_go_back_the_same_way(self, api: Client, eleven_notes: list[UUID]) -> None:
        forward = walk(api, "/api/v1/notes?limit=3")
        last = forward[-1]["meta"]["links"]["previous"]

        backward = walk(api, last, "previous")
        assert [page["data"] for page in backward] == [page["data"] for page in reversed(forward[:-1])]

    @pytest.mark.parametrize("ordering", ["key", "-key", "created_at", "-created_at"])
    def test_in_any_order_offered(self, api: Client, eleven_notes: list[UUID], ordering: str) -> None:
        pages = walk(api, f"/api/v1/notes?limit=4&ordering={ordering}")

        seen = Counter(row["id"] for page in pages for row in page["data"])
        assert seen == Counter(str(i) for i in eleven_notes)
        texts = [row["text"] for page in pages for row in page["data"]]
        if "key" in ordering:
            assert texts == sorted(texts, reverse=ordering.startswith("-"))

    def test_neither_repeat_nor_skip_while_rows_arrive(self, api: Client, eleven_notes: list[UUID]) -> None:
        first = api.get("/api/v1/notes?limit=5", headers=bearer(NotePermission.VIEW)).json()
        with tenant(TENANT):
            write_note("early", created_at=START - timedelta(days=1))

        rest = walk(api, first["meta"]["links"]["next"])
        seen = [row["id"] for page in [first, *rest] for row in page["data"]]
        assert seen == [str(i) for i in eleven_notes]

    def test_keep_the_filters_in_their_links(self, api: Client, eleven_notes: list[UUID]) -> None:
        pages = walk(api, "/api/v1/notes?limit=2&text=n0")

        assert sum(len(page["data"]) for page in pages) == 10
        assert all("text=n0" in page["meta"]["links"]["next"] for page in pages[:-1])

    def test_hold_no_row_of_another_tenant(self, api: Client, eleven_notes: list[UUID]) -> None:
        from apps.core.api.tests.callers import OTHER_TENANT

        response = api.get("/api/v1/notes", headers=bearer(NotePermission.VIEW, tenant=OTHER_TENANT))
        assert response.json()["data"] == []

    def test_cost_one_statement(self, eleven_notes: list[UUID]) -> None:
        with tenant(TENANT), CaptureQueriesContext(connections["default"]) as statements:
            CursorPage(notes()).page({"limit": "3"})

        assert len(statements) == 1

    def test_of_mixed_directions(self, eleven_notes: list[UUID]) -> None:
        with tenant(TENANT):
            rows = IdempotencyKey.objects.order_by("-created_at", "id")
            expected, got, cursor = list(rows), [], None
            for _ in range(6):
                page = CursorPage(rows).page({"limit": "2", "cursor": cursor})
                got += page.rows
                cursor = page.next
            assert [row.id for row in got] == [row.id for row in expected]
            assert cursor is None
            back = CursorPage(rows).page({"limit": "2", "cursor": page.previous})
            assert [row.id for row in back.rows] == [row.id for row in expected[8:10]]


class TestRefusals:
    @pytest.mark.parametrize("limit", ["0", "201", "-1", "x", "1.5", "٣", "99999999999999999999"])
    def test_of_limits(self, api: Client, limit: str) -> None:
        response = api.get(f"/api/v1/notes?limit={limit}", headers=bearer(NotePermission.VIEW))

        assert (response.status_code, list(response.json()["errors"])) == (422, ["limit"])

    @pytest.mark.parametrize("query", ["ordering=body", "ordering=--key", "ordering=tenant_id", "stauts=1", "made=1"])
    def test_of_unknown_names(self, api: Client, query: str) -> None:
        assert api.get(f"/api/v1/notes?{query}", headers=bearer(NotePermission.VIEW)).status_code == 422

    @pytest.mark.parametrize("query", ["status=3", "made_after=yesterday"])
    def test_of_wrong_values(self, api: Client, query: str) -> None:
        response = api.get(f"/api/v1/notes?{query}", headers=bearer(NotePermission.VIEW))

        assert response.status_code == 422
        assert response.json()["errors"]

    def test_of_a_cursor_of_another_order(self, api: Client, eleven_notes: list[UUID]) -> None:
        cursor = walk(api, "/api/v1/notes?limit=6")[0]["meta"]["next"]

        response = api.get(f"/api/v1/notes?ordering=key&cursor={cursor}", headers=bearer(NotePermission.VIEW))
        assert (response.status_code, list(response.json()["errors"])) == (422, ["cursor"])

    @given(st.one_of(st.text(max_size=80), st.binary(max_size=60).map(lambda b: base64.urlsafe_b64encode(b).decode())))
    def test_of_any_text_that_is_no_cursor(self, text: str) -> None:
        fields = [IdempotencyKey._meta.get_field(name) for name in ("created_at", "id")]

        with pytest.raises(Invalid):
            Cursor.decoded(text, ("created_at", "id"), fields)

    @given(
        st.lists(
            st.one_of(st.none(), st.text(), st.integers(), st.floats(), st.booleans(), st.lists(st.integers())),
            max_size=3,
        )
    )
    def test_of_values_that_no_column_has(self, values: list[Any]) -> None:
        fields = [IdempotencyKey._meta.get_field(name) for name in ("created_at", "id")]
        text = Cursor(tuple(values)).encoded(("created_at", "id"))

        with pytest.raises(Invalid):
            Cursor.decoded(text, ("created_at", "id"), fields)

    def test_of_orderings_that_could_skip_rows(self) -> None:
        with tenant(TENANT):
            for ordering in [("created_at",), ("status", "id"), ()]:
                with pytest.raises(ImproperlyConfigured):
                    CursorPage(IdempotencyKey.objects.order_by(*ordering)).page({})
