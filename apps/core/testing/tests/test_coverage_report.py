from __future__ import annotations

import importlib
import io
import sys
from pathlib import Path

import pytest
from coverage import Coverage, CoverageData

from apps.core import events
from apps.core.events import retry
from apps.core.testing import coverage_report, whole_run
from apps.core.testing.contexts import INTEGRATION, MEASURED, UNIT

FILE = coverage_report.ROOT / "apps" / "iam" / "roles" / "queries.py"


@pytest.fixture
def lines() -> list[int]:
    """The lines of FILE that can run."""
    return Coverage(data_file=None).analysis2(str(FILE))[1]


@pytest.fixture
def report(tmp_path: Path):
    """`report({"unit": [1, 2]})`: the report on FILE when just these lines ran, and what falls short."""

    def made(covered: dict[str, list[int]]) -> tuple[str, list[str]]:
        path = tmp_path / "data"
        data = CoverageData(basename=str(path))
        for context, numbers in covered.items():
            data.set_context(context)
            data.add_lines({str(FILE): numbers})
        data.write()
        measured = Coverage(data_file=str(path), config_file=False)
        measured.load()
        out = io.StringIO()
        short = coverage_report.write(measured, out)
        return out.getvalue(), short

    return made


class TestTheReport:
    def test_is_content_when_every_line_ran_in_both_ways(self, report, lines):
        text, short = report({UNIT: lines, INTEGRATION: lines})

        assert short == []
        assert text.count("100.0 %") == 6  # the service and the whole, together and each way

    def test_says_which_gate_is_missed(self, report, lines):
        half = lines[: len(lines) // 2]

        _, short = report({UNIT: half, INTEGRATION: lines})

        assert [one.partition(":")[0] for one in short] == ["unit"]

    def test_counts_what_runs_at_import_time_for_both(self, report, lines):
        assert report({"": lines})[1] == []

    def test_adds_up_what_either_way_covers(self, report, lines):
        middle = len(lines) // 2

        _, short = report({UNIT: lines[:middle], INTEGRATION: lines[middle:]})

        assert "together" not in " ".join(short)

    def test_misses_every_gate_when_nothing_was_measured(self, report):
        _, short = report({})

        assert [one.partition(":")[0] for one in short] == ["together", "unit", "integration"]


class TestAMeasuredRun:
    def test_finds_what_its_processes_measured(self, tmp_path, monkeypatch):
        """In files named like the one that they are combined into."""

        def imported_anew():
            monkeypatch.setattr(events, "retry", retry)  # which stays the one that counts
            monkeypatch.delitem(sys.modules, retry.__name__)
            return importlib.import_module(retry.__name__)

        monkeypatch.setattr(whole_run, "DATA", tmp_path / ".coverage")
        monkeypatch.setattr(whole_run.pytest, "main", lambda *_, **__: bool(imported_anew()) and 0)
        monkeypatch.setattr(sys, "meta_path", list(sys.meta_path))
        monkeypatch.setenv(MEASURED, "")
        folder = tmp_path / "parts"
        folder.mkdir()

        _, _, measured = whole_run._measured_run(folder)

        assert retry.__file__ in measured.get_data().measured_files()
