from __future__ import annotations

import re
from pathlib import Path

from apps.core.testing.spreading import SHARING, scope_of

JOURNEYS = Path(__file__).resolve().parents[4] / "tests" / "journeys"
ASKS_FOR_THE_PLATFORM = re.compile(r"def test_\w+\([^)]*\b(?:platform|visitor|signed_in|acme)\b")


def test_every_journey_that_shares_goes_to_one_process():
    asking = {file.name for file in JOURNEYS.glob("test_*.py") if _shares(file.read_text())}

    assert asking == {Path(name).name for name in SHARING}
    assert len({scope_of(f"tests/journeys/{name}::test_it") for name in asking}) == 1


def test_other_files_go_wherever_there_is_room():
    files = ["tests/journeys/test_running.py", "apps/iam/users/tests/test_api.py", "apps/iam/users/tests/test_pages.py"]

    assert [scope_of(f"{file}::TestIt::test_it[a::b]") for file in files] == files


def _shares(source: str) -> bool:
    return "installed(" not in source and ASKS_FOR_THE_PLATFORM.search(source) is not None
