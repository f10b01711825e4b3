from __future__ import annotations

import sys

import pytest

from tests.drills.killing import VICTIMS, drill
from tests.journeys.conftest import first_start  # noqa: F401  (a fixture)
from tests.journeys.installation import installed


@pytest.mark.slow
def test_nothing_is_lost_or_doubled_when_processes_are_killed_under_load(first_start):  # noqa: F811
    """A short form of `make drill`: each kind of process is killed, in an order of chance."""
    with installed(first_start) as installation:
        installation.start()
        report = drill(installation, seconds=25, seed=len(VICTIMS), pause_s=(1.5, 3.0))

    sys.stdout.write(f"{report}\n")
    assert report.faults == []
    assert report.placed
