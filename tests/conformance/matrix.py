"""Which requirement of which specification is checked by which test: docs/conformance.md, written from the marks.

python -m tests.conformance.matrix [--check]
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

FOLDER = Path(__file__).resolve().parent
PAGE = FOLDER.parents[1] / "docs" / "conformance.md"
MARK = "compliance"


@dataclass(frozen=True, slots=True)
class Row:
    """One `@pytest.mark.compliance(spec, section, requirement)`, and the test that carries it."""

    spec: str
    section: str
    requirement: str
    test: str

    @property
    def place(self) -> tuple[object, ...]:
        """Orders specifications by name, and section 4.10 behind 4.9."""
        numbers = (int(part) if part.isdigit() else part for part in self.section.split("."))
        return (self.spec, *map(str, (f"{n:05}" if isinstance(n, int) else n for n in numbers)))


def rows() -> list[Row]:
    """Every mark in this folder, in the order of the specifications."""
    found = [row for path in sorted(FOLDER.glob("test_*.py")) for row in _rows_of(path)]
    return sorted(found, key=lambda row: (*row.place, row.requirement))


def page(marked: list[Row]) -> str:
    """The matrix as Markdown."""
    specs = [(spec, list(group)) for spec, group in groupby(marked, key=lambda row: row.spec)]
    lines = [
        "# Conformance of the identity provider and the gateway",
        "",
        "Generated from the marks in `tests/conformance/`, a black-box suite that speaks HTTP only. Requirements are",
        f"in our own words, by section of the specification. {len(marked)} checks of {len(specs)} specifications.",
    ]
    for spec, group in specs:
        lines += ["", f"## {spec}", "", "| section | requirement | test |", "|---|---|---|"]
        lines += [f"| {row.section} | {row.requirement.replace('|', '/')} | `{row.test}` |" for row in group]
    return "\n".join(lines) + "\n"


def _rows_of(path: Path) -> Iterator[Row]:
    tree = ast.parse(path.read_text())
    for cls in (node for node in tree.body if isinstance(node, ast.ClassDef)):
        for test in (node for node in cls.body if isinstance(node, ast.FunctionDef)):
            yield from _marks_of(test, f"{path.name}::{cls.name}::{test.name}")


def _marks_of(test: ast.FunctionDef, name: str) -> Iterator[Row]:
    for mark in test.decorator_list:
        if isinstance(mark, ast.Call) and ast.unparse(mark.func).endswith(MARK):
            spec, section, requirement = (ast.literal_eval(argument) for argument in mark.args)
            yield Row(spec, section, requirement, name)


def main(arguments: list[str]) -> int:
    text = page(rows())
    if "--check" in arguments:
        if PAGE.read_text() == text:
            return 0
        sys.stderr.write("docs/conformance.md is not up to date: make ledger\n")
        return 1
    PAGE.write_text(text)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
