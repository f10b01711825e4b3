"""The matrix in the documentation is that of the tests."""

from __future__ import annotations

import ast

import pytest

from tests.conformance import matrix


class TestMatrix:
    def test_is_up_to_date(self):
        assert matrix.PAGE.read_text() == matrix.page(matrix.rows())

    @pytest.mark.parametrize("path", sorted(matrix.FOLDER.glob("test_*.py")), ids=lambda path: path.stem)
    def test_names_every_test_of_a_specification(self, path):
        if path.stem == "test_matrix":
            return
        marked = {row.test for row in matrix.rows()}

        tests = {
            f"{path.name}::{cls.name}::{test.name}"
            for cls in ast.parse(path.read_text()).body
            if isinstance(cls, ast.ClassDef)
            for test in cls.body
            if isinstance(test, ast.FunctionDef) and test.name.startswith("test_")
        }

        assert tests - marked == set()
