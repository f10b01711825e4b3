"""How a run says how far it has come, and learns whether it is still wanted."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import DatabaseError, connections
from django.utils import timezone

from apps.core.jobs.errors import JobCancelled, LeaseLost
from apps.core.jobs.models import Job
from apps.core.observability import get_logger
from apps.core.tenancy import tenant

_MOST = 2**62  # a bigint holds more

logger = get_logger(__name__)


class Pulse:
    """One run's hold on its job: tells its progress, renews its lease, hears that it is to stop."""

    def __init__(self, job: Job) -> None:
        self.job_id: UUID = job.id
        self.tenant_id: UUID = job.tenant_id
        self.alias = str(job._state.db)
        self.fence = job.fence
        self.stage, self.done, self.total = job.stage, job.done, job.total
        self.cancelled = self.lost = False
        self._told = self.said()
        self._leased_at = job.started_at

    def said(self) -> dict[str, Any]:
        """What the run said last, as columns."""
        return {"stage": self.stage[:100], "done": min(self.done, _MOST), "total": min(self.total, _MOST)}

    def beat(self, now: datetime) -> None:
        """Write what is new, and ask whether the job is still this run's and still wanted. At most two statements."""
        said = self.said()
        if said != self._told or self._lease_is_old(now):
            self.mine().update(**said, due_at=now + timedelta(seconds=settings.JOBS_LEASE_S))
            self._told, self._leased_at = said, now
        asked = list(self.mine().values_list("cancel_requested_at", flat=True))
        self.lost = not asked
        self.cancelled = bool(asked and asked[0])

    def mine(self) -> Any:
        """The job's row, as long as this run may write it."""
        rows = Job.objects.using(self.alias).filter(tenant_id=self.tenant_id, id=self.job_id)
        return rows.filter(state=Job.State.RUNNING, fence=self.fence)

    def _lease_is_old(self, now: datetime) -> bool:
        return self._leased_at is None or now - self._leased_at > timedelta(seconds=settings.JOBS_LEASE_S / 4)


class Progress:
    """What a job's function is given. Saying something costs nothing: the pulse tells it, a second later at most.

    With `clock` each word is a beat of the pulse instead, in the run's own thread: for tests.
    """

    def __init__(self, job: Job, pulse: Pulse, *, clock: Callable[[], datetime] | None = None) -> None:
        self.job_id: UUID = job.id
        self.attempt = job.attempts
        self.checkpoint = job.checkpoint
        """What an earlier attempt kept with `keep`; None at the first."""
        self._pulse = pulse
        self._clock = clock

    def tell(self, done: int, total: int = 0, stage: str = "") -> None:
        """So much is done, of so much (0: nobody knows). Raises what `check` raises."""
        self._pulse.done, self._pulse.total, self._pulse.stage = done, total, stage
        self.check()

    def check(self) -> None:
        """Return if the run is to go on. Call it wherever the work may end without harm, outside transactions.

        Raises JobCancelled when somebody called the job off, LeaseLost when it was given to another runner.
        """
        if self._clock is not None:
            self._pulse.beat(self._clock())
        if self._pulse.lost:
            raise LeaseLost
        if self._pulse.cancelled:
            raise JobCancelled

    def keep(self, checkpoint: Any) -> None:
        """Keep what the next attempt needs in order to go on from here: small, and JSON.

        It joins a transaction on the job's database, so that the work and the note of it exist together or not at all;
        and a run that has lost its job cannot commit that. Raises LeaseLost.
        """
        noted = json.loads(json.dumps(checkpoint, allow_nan=False))
        if not self._pulse.mine().update(checkpoint=noted):
            raise LeaseLost
        self.checkpoint = noted


@contextmanager
def beating(pulse: Pulse) -> Iterator[None]:
    """Let the pulse beat while the block runs, in another thread and on a connection of its own.

    So a run that is busy for long, or has a transaction open, is alive all the same; one that was killed is not.
    """
    halt = threading.Event()
    thread = threading.Thread(target=_beat_until, args=(pulse, halt), name=f"pulse {pulse.job_id}", daemon=True)
    thread.start()
    try:
        yield
    finally:
        halt.set()
        thread.join()


def _beat_until(pulse: Pulse, halt: threading.Event) -> None:
    try:
        with tenant(pulse.tenant_id):
            while not (halt.wait(settings.JOBS_PULSE_S) or pulse.lost):
                _beat_once(pulse)
    finally:
        connections.close_all()


def _beat_once(pulse: Pulse) -> None:
    """A database that is away is no reason to end: the lease is longer than most outages."""
    try:
        pulse.beat(timezone.now())
    except DatabaseError as error:
        logger.warning("jobs.pulse_missed", job_id=str(pulse.job_id), error=repr(error))
        connections[pulse.alias].close()
