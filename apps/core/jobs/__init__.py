"""Long work that somebody waits for, or the clock asks for: begun once, carried on after a crash, seen while it runs.

A feature declares its work with `job`, a command hands it over with `enqueue` inside its unit of work, and the row in
`Job` says how far it has come. Celery only carries the word that something is to be done; what is to be done, by whom,
and whether it was done is in the database.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from apps.core.jobs.definition import BULK, DEFAULT, SCHEDULED, Definition, job
from apps.core.jobs.errors import JobCancelled, LeaseLost

if TYPE_CHECKING:
    from apps.core.jobs.enqueueing import enqueue
    from apps.core.jobs.progress import Progress

__all__ = ["BULK", "DEFAULT", "SCHEDULED", "Definition", "JobCancelled", "LeaseLost", "Progress", "enqueue", "job"]


def __getattr__(name: str) -> Any:
    """Late: Django imports this package to find its app, before any model may be imported."""
    if name == "enqueue":
        from apps.core.jobs.enqueueing import enqueue

        return enqueue
    if name == "Progress":
        from apps.core.jobs.progress import Progress

        return Progress
    raise AttributeError(name)
