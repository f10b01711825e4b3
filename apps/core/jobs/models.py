"""The jobs of a service, in its own database: every database has the table; rows are reached by `.using(alias)`."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, ClassVar

from django.db import models
from django.db.models import Q

from apps.core.db.models import TenantScoped
from apps.core.history.tracking import tracked

_PROGRESS = ("stage", "done", "total", "checkpoint", "due_at", "fence")
_CONTENT = ("parameters", "actor", "traceparent", "result", "traceback")
_STAMPS = ("version", "updated_at", "updated_by")


@tracked(exclude=(*_PROGRESS, *_CONTENT, *_STAMPS))
class Job(TenantScoped):
    """Work that was asked for, and what became of it.

    `due_at` is when the sweep looks after it: to begin it at its time, to hand it over once more, or, while it runs, to
    find its runner dead. `fence` counts the runs: whoever holds an older number may write nothing any more.
    """

    class State(models.TextChoices):
        SCHEDULED = "scheduled"
        QUEUED = "queued"
        RUNNING = "running"
        RETRYING = "retrying"
        SUCCEEDED = "succeeded"
        DEAD = "dead"
        CANCELLED = "cancelled"

    WAITING: ClassVar = (State.SCHEDULED, State.QUEUED, State.RETRYING)
    OPEN: ClassVar = (*WAITING, State.RUNNING)

    left_out_of_exports = True
    # Enough to find what is due in any tenant, and to count; not what it is about.
    relay_grants = ("SELECT (id, tenant_id, name, queue, state, due_at, run_at)",)

    name = models.CharField(max_length=100)
    about = models.CharField(max_length=200, default="", blank=True, help_text="What in particular, such as a file.")
    queue = models.CharField(max_length=16)
    parameters: Any = models.JSONField(default=dict)
    idempotency_key = models.CharField(max_length=200, default="", blank=True)
    requested_by = models.UUIDField(null=True)
    requested_by_name = models.CharField(max_length=200, default="", blank=True)
    actor: Any = models.JSONField(help_text="In whose name it runs.")
    traceparent = models.CharField(max_length=64, default="", blank=True)

    state = models.CharField(max_length=16, choices=State, default=State.QUEUED)
    run_at = models.DateTimeField(help_text="Not to be begun before.")
    due_at = models.DateTimeField()
    started_at = models.DateTimeField(null=True, help_text="When the latest run began.")
    finished_at = models.DateTimeField(null=True)
    attempts = models.PositiveIntegerField(default=0, help_text="Runs since it was asked for, or begun again by hand.")
    attempts_allowed = models.PositiveIntegerField()
    fence = models.PositiveIntegerField(default=0)
    cancel_requested_at = models.DateTimeField(null=True)

    stage = models.CharField(max_length=100, default="", blank=True)
    done = models.BigIntegerField(default=0)
    total = models.BigIntegerField(default=0, help_text="0: not known.")
    checkpoint: Any = models.JSONField(null=True)
    result: Any = models.JSONField(null=True)
    reason = models.CharField(max_length=500, default="", blank=True, help_text="Why the latest run failed.")
    traceback = models.TextField(default="", blank=True)

    class Meta(TenantScoped.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["tenant_id", "name", "idempotency_key"],
                name="job_once_per_key",
                condition=~Q(idempotency_key=""),
            )
        ]
        indexes = [
            models.Index(fields=["tenant_id", "-created_at", "-id"], name="job_by_age"),
            models.Index(fields=["tenant_id", "requested_by", "-created_at", "-id"], name="job_of_person"),
            models.Index(fields=["tenant_id", "state", "-created_at", "-id"], name="job_by_state"),
            models.Index(
                fields=["due_at"],
                name="job_due",
                condition=Q(state__in=["scheduled", "queued", "running", "retrying"]),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} {self.id}"

    @property
    def progress(self) -> int | None:
        """Per cent; None where nobody knows how much there is."""
        if self.state == self.State.SUCCEEDED:
            return 100
        return min(self.done * 100 // self.total, 100) if self.total > 0 else None

    @property
    def is_open(self) -> bool:
        return self.state in self.OPEN

    def call_up(self, *, at: datetime, heard_by: datetime) -> None:
        """It waits for a runner; if none has begun it by `heard_by`, it is handed over once more."""
        self.state, self.due_at = self.State.QUEUED, max(at, heard_by)

    def begin(self, *, at: datetime, lease_until: datetime) -> None:
        self.state, self.started_at, self.due_at = self.State.RUNNING, at, lease_until
        self.attempts, self.fence = self.attempts + 1, self.fence + 1
        self.stage, self.done, self.total = "", 0, 0

    def succeed(self, result: Any, *, at: datetime) -> None:
        self.result = result
        self._end(self.State.SUCCEEDED, at)
        self.reason = self.traceback = ""

    def fail(self, reason: str, traceback: str, *, at: datetime, again_in: timedelta | None) -> None:
        """`again_in`: what to wait before the next attempt, if there is one left; None where another cannot help."""
        self.reason, self.traceback = reason[:500], traceback
        if again_in is None or self.attempts >= self.attempts_allowed:
            self._end(self.State.DEAD, at)
        else:
            self.state, self.run_at, self.due_at = self.State.RETRYING, at + again_in, at + again_in

    def cancel(self, *, at: datetime) -> None:
        self._end(self.State.CANCELLED, at)

    def revive(self, *, at: datetime, heard_by: datetime) -> None:
        self.attempts, self.run_at, self.finished_at, self.cancel_requested_at = 0, at, None, None
        self.call_up(at=at, heard_by=heard_by)

    def _end(self, state: str, at: datetime) -> None:
        self.state, self.finished_at = state, at
