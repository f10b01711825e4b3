"""Work for the tests of this part. `at[3]` is called when the count comes to 3: to fail, to cancel, to look."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from apps.core.errors import Invalid
from apps.core.jobs import Progress, job

at: dict[int, Callable[[], Any]] = {}
counted: list[int] = []


class Sick(Exception):
    """What broken work raises."""


class Nonsense(Invalid):
    """These parameters make no sense, and never will."""

    code = "nonsense"


@job(name="jobs.count", title="Count", attempts=3, link="/counts/{job_id}/{to}")
def count(progress: Progress, *, to: int) -> dict[str, int]:
    """Count, keeping each number; goes on where an earlier attempt stopped."""
    for number in range((progress.checkpoint or 0) + 1, to + 1):
        at.get(number, lambda: None)()
        progress.tell(number, to, "counting")
        counted.append(number)
        progress.keep(number)
    return {"counted": to}


@job(name="jobs.hum", title="Hum")
def hum(progress: Progress) -> str:
    """Say nothing and ask nothing until it is done."""
    at[0]()
    return "hummed"


@job(name="jobs.note", title="Note", queue="bulk")
def note(progress: Progress, *, path: str) -> int:
    """Append a line to a file for each number to 3, and wait to be killed after the second at the first attempt."""
    file = Path(path)
    for number in range((progress.checkpoint or 0) + 1, 4):
        progress.tell(number, 3, "writing")
        file.write_text(f"{file.read_text()}{number} ")
        progress.keep(number)
        while number == 2 and progress.attempt == 1:
            time.sleep(0.05)
    return 3
