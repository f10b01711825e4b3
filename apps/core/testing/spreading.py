"""How a parallel run spreads its tests over its processes: by file, the long ones first so that all end together."""

from __future__ import annotations

from typing import Any

import pytest
from xdist.scheduler import LoadFileScheduling

LONG = (
    *("tests/", "apps/core/embedded/", "apps/core/web/", "apps/core/events/tests/test_transports"),
    *(
        "apps/core/events/tests/test_kafka_groups",
        "apps/core/events/tests/test_worker",
        "apps/iam/scim/tests/test_tester",
    ),
    *("apps/business/orders/tests/test_sagas", "apps/business/orders/imports/tests/test_importing"),
)
# One process runs the journeys that share a platform and a browser.
SHARING = "tests/journeys/shared/"


class SpreadingPlugin:
    """For `-n`, in every process."""

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """In random order as before, but for what goes first."""
        session.items.sort(key=lambda item: _turn(item.nodeid))

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_make_scheduler(self, config: pytest.Config, log: Any) -> Any:
        return ByFile(config, log) if config.getoption("dist") == "loadfile" else None


class ByFile(LoadFileScheduling):
    """A file goes to one process; so do all files that share."""

    def _split_scope(self, nodeid: str) -> str:
        return scope_of(nodeid)


def scope_of(nodeid: str) -> str:
    """What goes to the same process has the same."""
    return SHARING if nodeid.startswith(SHARING) else nodeid.split("::", 1)[0]


def _turn(nodeid: str) -> int:
    """What shares is the longest, so it goes first."""
    return 0 if nodeid.startswith(SHARING) else 1 if nodeid.startswith(LONG) else 2
