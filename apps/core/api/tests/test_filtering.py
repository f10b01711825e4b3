from __future__ import annotations

from typing import Any

import pytest
from django.db import connections
from django.test import Client
from hypothesis import example, given
from hypothesis import strategies as st

from apps.core.api.filtering import text_after
from apps.core.api.tests.callers import TENANT, bearer
from apps.core.api.tests.site import NoteFilter, NotePermission, notes, write_note
from apps.core.tenancy import tenant

# Without surrogates, which UTF-8 has no place for, and NUL, which PostgreSQL has none for.
texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), min_size=1, max_size=5)


def codes(text: str) -> list[int]:
    return [ord(character) for character in text]


class TestRangeOfAPrefix:
    @given(texts, texts)
    @example("\ud7ff", "a")
    @example("\U0010ffff", "a")
    def test_holds_exactly_what_begins_with_it(self, prefix: str, other: str) -> None:
        after = text_after(prefix)

        assert codes(prefix) <= codes(prefix + other)
        if after:
            assert codes(prefix + other) < codes(after)
            inside = codes(prefix) <= codes(other) < codes(after)
            assert inside == other.startswith(prefix)


@pytest.mark.django_db
class TestPrefixFilter:
    @pytest.mark.parametrize(
        ("asked", "found"), [("ab", ["ab", "abc"]), ("AB", ["ab", "abc"]), ("b", ["b%"]), ("%", [])]
    )
    def test_finds_texts_by_their_beginning(self, api: Client, asked: str, found: list[str]) -> None:
        with tenant(TENANT):
            for text in ("a", "ab", "abc", "ac", "b%"):
                write_note(text)

        response = api.get("/api/v1/notes", {"text": asked}, headers=bearer(NotePermission.VIEW))
        assert [row["text"] for row in response.json()["data"]] == found

    def test_can_use_an_index_below_the_policy(self, in_tenant: Any) -> None:
        """As LIKE alone could not: the range becomes a condition of the index itself."""
        rows = NoteFilter(
            {"text": "ab"}, queryset=notes().filter(tenant_id=in_tenant, subject=in_tenant).order_by("key")
        ).qs
        with connections["default"].cursor() as cursor:
            cursor.execute("set local enable_seqscan = off")
            cursor.execute("set local enable_bitmapscan = off")
            cursor.execute("set local enable_sort = off")
        plan = rows.explain()

        condition = next(line for line in plan.splitlines() if "Index Cond" in line)
        assert "key)::text >= 'ab'" in condition
        assert "key)::text < 'ac'" in condition
