from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.journeys.installation import Installation, installed


@pytest.fixture(scope="package")
def platform(first_start: Path) -> Iterator[Installation]:
    """One platform for the files of this folder. They leave its companies and the demonstration's people as they were:
    what a file adds is its own, found by names that nobody else uses.
    """
    with installed(first_start) as installation:
        yield installation.start()
