"""Which kind of test covered a line, when lines are measured (apps/core/testing/lines.py).

`unit`: a test beside its feature that calls code in its own process, below HTTP. `integration`: everything in the
top-level tests/, tests of APIs, pages and journeys, and whatever drives a browser or commits. Code that runs in a
process started by a test counts as integration; what runs at import time (no context) counts for both.
"""

from __future__ import annotations

import importlib
import os
import pkgutil
from collections.abc import Generator

import pytest

from apps.core.testing.lines import SETTINGS, Lines

UNIT, INTEGRATION = "unit", "integration"
# Set by a whole run: the file beside which each of its processes keeps what it has measured.
MEASURED = "COVERAGE_OF_RUN"
# pyproject.toml reads it: the context of a whole process.
PROCESS_CONTEXT = "COVERAGE_PROCESS_CONTEXT"
# Tells tests which module runs other modules measured.
RUNNER = "COVERAGE_RUNNER"
_APART = {"tests", "testing", "migrations", "management", "__main__"}
_INTEGRATION_FILES = ("test_api", "test_pages", "test_journey")


def context_of(item: pytest.Item) -> str:
    """`unit` or `integration`."""
    parts = item.path.relative_to(item.config.rootpath).parts
    above_http = parts[0] == "tests" or parts[-1].startswith(_INTEGRATION_FILES)
    whole = above_http or item.get_closest_marker("browser") is not None or commits(item)
    return INTEGRATION if whole else UNIT


def uses_database(item: pytest.Item) -> bool:
    """Whether the test asks for a database, by fixture or by mark."""
    names = set(getattr(item, "fixturenames", ()))
    return bool(names & {"db", "transactional_db"}) or item.get_closest_marker("django_db") is not None


def commits(item: pytest.Item) -> bool:
    """Whether the test's transactions are real ones."""
    marker = item.get_closest_marker("django_db")
    marked = marker is not None and bool(marker.kwargs.get("transaction") or marker.args[:1] == (True,))
    return marked or "transactional_db" in getattr(item, "fixturenames", ())


class ContextPlugin:
    """Tells the context of the test that runs. Registered only while lines are measured."""

    def __init__(self, lines: Lines) -> None:
        self._lines = lines

    def pytest_collection(self) -> None:
        """What runs at import time belongs to no test, whichever happens to import a module first."""
        import apps

        for module in pkgutil.walk_packages(apps.__path__, "apps."):
            if not _APART & set(module.name.split(".")):
                importlib.import_module(module.name)

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, object, object]:
        self._lines.enter(context_of(item))
        return (yield)

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self) -> None:
        """Beside the files of the other processes. Later a process may be ended any moment."""
        self._lines.save(os.environ["COVERAGE_FILE"])


def register(config: pytest.Config) -> None:
    """In a test process of a whole run, before it imports what is measured."""
    if MEASURED not in os.environ or "PYTEST_XDIST_WORKER" not in os.environ:
        return
    lines = Lines()
    lines.measure()
    config.pluginmanager.register(ContextPlugin(lines), "coverage-contexts")
    # What its children run counts as integration. It is traced by coverage, but for modules that are run by RUNNER.
    os.environ |= {"COVERAGE_FILE": os.environ[MEASURED], "COVERAGE_PROCESS_START": str(SETTINGS)}
    os.environ |= {PROCESS_CONTEXT: INTEGRATION, RUNNER: "apps.core.testing.measured"}
