"""The ledger claims nothing that a check does not hold. Whether each check ran and passed is seen at the session's
end, by `apps.core.testing.ledger`.
"""

from __future__ import annotations

import ast
from collections import Counter

import pytest

from tests.architecture.requirement_ledger import PAGE, ROOT, STATES, Requirement, page, requirements

ROWS = requirements()


def names_in(path: str) -> set[str]:
    """`Class`, `Class::test` and `test` of a test file."""
    found: set[str] = set()
    for node in ast.parse((ROOT / path).read_text()).body:
        if isinstance(node, ast.ClassDef):
            methods = [item.name for item in node.body if isinstance(item, ast.FunctionDef | ast.AsyncFunctionDef)]
            found |= {node.name, *(f"{node.name}::{method}" for method in methods)}
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            found.add(node.name)
    return found


def exists(check: str) -> bool:
    path, _, name = check.partition("::")
    return (ROOT / path).is_file() and (not name or name in names_in(path))


class TestTheLedger:
    def test_lists_each_requirement_once(self):
        assert [i for i, times in Counter(row.id for row in ROWS).items() if times > 1] == []

    def test_knows_only_its_three_states(self):
        assert {row.state for row in ROWS} <= set(STATES)

    def test_is_written_out_as_the_page_that_people_read(self):
        assert PAGE.read_text() == page(ROWS), "run `make ledger`"

    @pytest.mark.parametrize("row", [row for row in ROWS if row.checks], ids=lambda row: row.id)
    def test_names_only_checks_that_exist(self, row: Requirement):
        assert [check for check in row.checks if not exists(check)] == []

    @pytest.mark.parametrize("row", [row for row in ROWS if row.state == "proven"], ids=lambda row: row.id)
    def test_calls_nothing_proven_without_a_check(self, row: Requirement):
        assert row.checks

    @pytest.mark.parametrize("row", [row for row in ROWS if row.state == "built"], ids=lambda row: row.id)
    def test_says_what_is_open_where_something_is_only_built(self, row: Requirement):
        assert row.note
