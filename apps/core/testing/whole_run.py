"""`bin/test`: the whole suite in parallel, measured; then the coverage, its gates, and the counts as the last line.

With arguments it is a plain pytest run of just that: no gates, no ledger.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from coverage import Coverage

from apps.core.testing import coverage_report
from apps.core.testing.contexts import INTEGRATION, MEASURED
from apps.core.testing.ledger import LedgerPlugin
from apps.core.testing.lines import SETTINGS, Lines, compile_all
from apps.core.testing.operations import OperationPlugin

ROOT = Path(__file__).resolve().parents[3]
DATA = ROOT / ".coverage"  # left for `coverage html`
PROCESSES = "3"  # on two cores: some drive a browser, a platform or a broker, and wait
# --create-db: a whole run migrates anew, since migrations are a part of what it tests.
_OPTIONS = ["-n", PROCESSES, "--dist", "loadfile", "--no-loadscope-reorder", "--create-db", "--durations=12"]


class Counts:
    """How many tests passed, failed and were skipped, as pytest counts them; what could not be run has failed.

    `unmet`: what else a whole run asks for and did not get, in words. It is said last, where nobody overlooks it.
    """

    def __init__(self) -> None:
        self.passed = self.failed = self.skipped = 0
        self.unmet: list[str] = []

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
        number = {kind: len(reports) for kind, reports in terminalreporter.stats.items()}
        self.passed = number.get("passed", 0) + number.get("xpassed", 0)
        self.failed = number.get("failed", 0) + number.get("error", 0)
        self.skipped = number.get("skipped", 0) + number.get("xfailed", 0)
        plugins = config.pluginmanager.get_plugins()
        gates = [plugin for plugin in plugins if isinstance(plugin, LedgerPlugin | OperationPlugin)]
        self.unmet = [sentence for gate in gates for sentence in gate.unmet()]

    def __str__(self) -> str:
        return f"{self.passed} passed, {self.failed} failed, {self.skipped} skipped"


def main(arguments: list[str]) -> int:
    """Returns the exit status: 0 only when tests, ledger and gates are green."""
    if arguments:
        return pytest.main(arguments)
    with tempfile.TemporaryDirectory(prefix="coverage-") as folder, _first_start():
        counts, status, measured = _measured_run(Path(folder))
        short = coverage_report.write(measured, sys.stdout)
    if short and status == 0:
        status = 1
    sys.stdout.write("".join(f"{sentence}\n" for sentence in [*counts.unmet, str(counts)]))
    return status


@contextmanager
def _first_start() -> Iterator[None]:
    """What each journey copies is made while the processes of the run start: later all of them would wait for it."""
    with tempfile.TemporaryDirectory(prefix="first-start-") as folder:
        os.environ["FIRST_START"] = folder
        making = subprocess.Popen([sys.executable, "-m", "tests.journeys.installation", folder], cwd=ROOT)
        try:
            yield
        finally:
            making.terminate()
            making.wait()


def _measured_run(folder: Path) -> tuple[Counts, int, Coverage]:
    """Everything is measured from the first import on: here, in the test processes and in all that tests start."""
    # What pytest and Python compile is kept: each process of the run would compile it again.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    # Files that are to be combined must bear the name of the file that they are combined into.
    os.environ[MEASURED] = str(folder / DATA.name)
    compile_all()
    counts, here = Counts(), Lines()
    here.measure()
    here.enter(INTEGRATION)
    status = int(pytest.main(_OPTIONS, plugins=[counts]))
    here.save(os.environ[MEASURED])
    measured = Coverage(config_file=str(SETTINGS), data_file=str(DATA))
    measured.combine([str(folder)])
    measured.save()
    return counts, status, measured


if __name__ == "__main__":
    os.chdir(ROOT)
    sys.exit(main(sys.argv[1:]))
