"""What jobs measure. Labels are names of kinds of work, queues and states: as many as the code declares."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from prometheus_client import Gauge, Histogram

_BUCKETS = (0.05, 0.25, 1, 5, 15, 60, 300, 900, 3600, 4 * 3600)

_runs = Histogram(
    "job_run_seconds", "How long runs of jobs took, by how they ended.", ["name", "state"], buckets=_BUCKETS
)
_jobs = Gauge(
    "jobs",
    "Jobs that are not over, and dead ones.",
    ["service", "state"],
    multiprocess_mode="mostrecent",
)
_age = Gauge(
    "job_queue_age_seconds",
    "How long the oldest job of a queue has waited since it might have begun.",
    ["service", "queue"],
    multiprocess_mode="mostrecent",
)


@dataclass(slots=True)
class Outcome:
    """How a run ended; filled in by whoever is timed."""

    state: str = "lost"


@contextmanager
def timed(name: str) -> Iterator[Outcome]:
    """Measure a run."""
    outcome, began = Outcome(), time.monotonic()
    try:
        yield outcome
    finally:
        _runs.labels(name, outcome.state).observe(time.monotonic() - began)


def show_states(service: str, counts: dict[str, int]) -> None:
    """How many jobs of a service are in each state."""
    for state, count in counts.items():
        _jobs.labels(service, state).set(count)


def show_ages(service: str, ages_s: dict[str, float]) -> None:
    """How long the oldest job of each queue has waited; 0 where none waits."""
    for queue, age_s in ages_s.items():
        _age.labels(service, queue).set(age_s)
