from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.journeys.installation import first_start_in


@pytest.fixture(scope="session")
def first_start(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Path:
    """The state folder that a first start leaves: made once for all processes of a test run, copied by each journey
    that wants an installation of its own.
    """
    shared = tmp_path_factory.getbasetemp()
    shared = shared if worker_id == "master" else shared.parent
    return first_start_in(Path(os.environ.get("FIRST_START", shared)))
