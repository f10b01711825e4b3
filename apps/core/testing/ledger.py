"""At the end of a whole run: every check that the requirement ledger names must have run and passed."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest

SOURCE = Path(__file__).resolve().parents[3] / "docs" / "requirements.toml"


class LedgerPlugin:
    """Remembers which tests passed; a claim without a passed test fails the session."""

    def __init__(self, config: pytest.Config) -> None:
        self.config = config
        self.passed: set[str] = set()
        self.missing: list[str] = []

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.when == "call" and report.passed:
            self.passed.add(report.nodeid)

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        if is_whole_run(self.config):
            self.missing = [f"{row['id']}: {check}" for row, check in claims() if not self._ran(check)]
            if self.missing and session.exitstatus == 0:
                session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def unmet(self) -> list[str]:
        return [f"requirement ledger: claimed, but did not run and pass: {claim}" for claim in self.missing]

    def _ran(self, check: str) -> bool:
        return any(node == check or node.startswith((f"{check}::", f"{check}[")) for node in self.passed)


def is_whole_run(config: pytest.Config) -> bool:
    """Whether every test of the suite was asked for."""
    option = config.option
    part = option.keyword or option.markexpr or getattr(option, "deselect", None) or option.collectonly
    return not part and config.args == config.getini("testpaths")


def claims() -> list[tuple[dict[str, Any], str]]:
    """(row, check) for every check that the ledger names."""
    rows = tomllib.loads(SOURCE.read_text())["requirement"]
    return [(row, check) for row in rows for check in row.get("checks", ())]
