from __future__ import annotations

import ast
import importlib
import re
import subprocess
import sys
from pathlib import Path

import pytest
from coverage import Coverage, CoverageData

from apps.core.events import relay_process, retry
from apps.core.testing import measured as runner
from apps.core.testing.contexts import INTEGRATION, MEASURED, UNIT
from apps.core.testing.lines import ROOT, Lines, marked

SOURCE = '''"""Begins with words."""
from __future__ import annotations
import functools


@functools.cache
def graded(points):
    """In words."""
    if points < 0:
        raise ValueError(
            points
        )
    elif points == 0:
        return "none"
    try:
        return ["few", "some"][points]
    except KeyError:
        return "no"
    except IndexError:
        match points:
            case 3:
                return "three"
            case _:
                return "many"
    finally:
        points += 1
'''


class Measured:
    """A module of SOURCE, and what ran of it."""

    def __init__(self, folder: Path) -> None:
        self.path, self.lines = str(folder / "grades.py"), Lines()
        names: dict = {"__name__": "grades"}
        self.lines.expect(self.path, names, SOURCE.count("\n"))
        exec(compile(marked(ast.parse(SOURCE)), self.path, "exec", dont_inherit=True), names)
        self.graded, self.documentation = names["graded"].__wrapped__, names["__doc__"]

    def in_context(self, context: str, *points: int) -> None:
        self.lines.enter(context)
        for one in points:
            try:
                self.graded(one)
            except ValueError:
                continue

    def saved(self) -> dict[str, list[int]]:
        """Context -> lines, read from what is left for coverage."""
        folder = Path(self.path).parent
        self.lines.save(str(folder / "data"))
        [file] = folder.glob("data.*")
        data = CoverageData(basename=str(file))
        data.read()
        found: dict[str, list[int]] = {}
        for line, contexts in sorted(data.contexts_by_lineno(self.path).items()):
            for context in contexts:
                found.setdefault(context, []).append(line)
        return found


@pytest.fixture
def measured(tmp_path) -> Measured:
    return Measured(tmp_path)


class TestWhatRan:
    def test_at_import_time_has_no_context(self, measured):
        assert measured.saved() == {"": [2, 3, 6, 7]}

    @pytest.mark.parametrize(
        ("points", "ran"),
        [
            (-1, [9, 10]),
            (0, [9, 13, 14]),
            (1, [9, 13, 15, 16, 26]),
            (2, [9, 13, 15, 16, 19, 20, 23, 24, 26]),
            (3, [9, 13, 15, 16, 19, 20, 21, 22, 26]),
        ],
    )
    def test_is_every_statement_and_no_other(self, measured, points, ran):
        measured.in_context(UNIT, points)

        assert measured.saved()[UNIT] == ran

    def test_is_kept_apart_by_context_however_often_that_changes(self, measured):
        measured.in_context(UNIT, -1)
        measured.in_context(INTEGRATION, 0)
        measured.in_context(UNIT, 0)
        measured.in_context(INTEGRATION, 0)

        saved = measured.saved()

        assert (saved[UNIT], saved[INTEGRATION]) == ([9, 10, 13, 14], [9, 13, 14])

    def test_is_described_as_before(self, measured):
        assert (measured.documentation, measured.graded.__doc__) == ("Begins with words.", "In words.")


class TestMarks:
    @pytest.mark.parametrize(
        "file", sorted((ROOT / "apps" / "core" / "events").glob("*.py")), ids=lambda file: file.name
    )
    def test_are_on_each_line_that_coverage_counts(self, file):
        counted = Coverage(data_file=None, config_file=False).analysis2(str(file))[1]
        written = ast.unparse(marked(ast.parse(file.read_text())))

        assert set(counted) <= {int(line) for line in re.findall(r"__lines__\[(\d+)\] = 1", written)}


class TestImporting:
    @pytest.fixture
    def imported_anew(self, monkeypatch):
        """Imports a module that this process has imported before, which stays the one that counts."""
        monkeypatch.setattr(sys, "meta_path", list(sys.meta_path))

        def imported(name: str):
            parent, _, last = name.rpartition(".")
            monkeypatch.setattr(sys.modules[parent], last, sys.modules[name])
            monkeypatch.delitem(sys.modules, name)
            return importlib.import_module(name)

        return imported

    def test_marks_what_is_measured(self, imported_anew):
        Lines().measure()

        assert 1 in imported_anew(retry.__name__).__lines__

    def test_leaves_out_what_the_settings_omit(self, imported_anew):
        Lines().measure()

        assert not hasattr(imported_anew("apps.core.testing.ledger"), "__lines__")

    def test_keeps_what_it_compiles_beside_what_others_run(self, imported_anew):
        Lines().measure()

        kept = Path(imported_anew(retry.__name__).__cached__)

        assert kept.with_suffix(".marked.pyc").exists()
        assert b"__lines__" not in kept.read_bytes()


class TestAProcess:
    def test_that_a_test_starts_is_measured_in_the_same_way(self, tmp_path, monkeypatch):
        monkeypatch.setenv(MEASURED, str(tmp_path / "data"))
        monkeypatch.delenv("COVERAGE_PROCESS_START", raising=False)

        done = subprocess.run(
            [sys.executable, "-m", runner.__name__, relay_process.__name__, "no-such-database"],
            cwd=ROOT, capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip

        assert done.returncode != 0
        [file] = tmp_path.glob("data.*")
        data = CoverageData(basename=str(file))
        data.read()
        assert data.measured_contexts() == {INTEGRATION}
        assert relay_process.__file__ in data.measured_files()
