"""Exports: what was asked for, how far it has come, and where the file lies."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import models
from django.db.models import Q

from apps.core.db.models import TenantScoped
from apps.core.history.tracking import tracked


@tracked(exclude=("job_id", "version", "updated_at", "updated_by"))
class Export(TenantScoped):
    """Everything of the company, or everything that is kept about one person in it, as a zip of JSON Lines.

    `is_own`: the person asked for it themselves, and then gets what is theirs in other tenants too. How far it has come
    is known by its job, which `queries` reads along.
    """

    class Kind(models.TextChoices):
        COMPANY = "company"
        PERSON = "person"

    class State(models.TextChoices):
        QUEUED = "queued"
        RUNNING = "running"
        READY = "ready"
        FAILED = "failed"
        EXPIRED = "expired"

    OPEN = (State.QUEUED, State.RUNNING)

    kind = models.CharField(max_length=16, choices=Kind)
    subject_id = models.UUIDField(help_text="The company, or the person.")
    subject_name = models.CharField(max_length=200, default="", blank=True)
    is_own = models.BooleanField(default=False)
    state = models.CharField(max_length=16, choices=State, default=State.QUEUED)
    requested_by = models.UUIDField(null=True)
    requested_by_name = models.CharField(max_length=200, default="", blank=True)
    requested_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)
    expires_at = models.DateTimeField(null=True, help_text="When the file will be deleted.")
    file = models.CharField(max_length=200, default="", blank=True, help_text="Its name in the storage `exports`.")
    size_bytes = models.BigIntegerField(null=True)
    sha256 = models.CharField(max_length=64, default="", blank=True)
    counts: Any = models.JSONField(default=dict, help_text="Rows by file.")
    failure = models.CharField(max_length=500, default="", blank=True)
    job_id = models.UUIDField(null=True, help_text="The job that makes it; the next sweep begins one where none does.")

    job_stage: str | None = None
    job_done: int | None = None
    job_total: int | None = None

    personal_columns = {"subject_name": "subject_id", "requested_by_name": "requested_by"}

    class Meta(TenantScoped.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["tenant_id", "kind", "subject_id", "is_own"],
                name="export_one_at_a_time",
                condition=Q(state__in=["queued", "running"]),
            )
        ]
        indexes = [models.Index(fields=["tenant_id", "-requested_at", "-id"], name="export_by_age")]

    def __str__(self) -> str:
        return f"{self.kind} {self.subject_id}"

    @property
    def progress(self) -> int:
        """Per cent."""
        if self.state == self.State.READY:
            return 100
        return (self.job_done or 0) * 100 // self.job_total if self.is_open and self.job_total else 0

    @property
    def stage(self) -> str:
        """What is being read now."""
        return (self.job_stage or "") if self.is_open else ""

    @property
    def rows_done(self) -> int:
        return sum(self.counts.values())

    @property
    def is_open(self) -> bool:
        return self.state in self.OPEN

    def begin(self) -> None:
        """Also what was given up: its job may be begun again by hand."""
        self.state, self.finished_at, self.failure = self.State.RUNNING, None, ""

    def finish(self, *, at: datetime, expires_at: datetime) -> None:
        self.state, self.finished_at, self.expires_at = self.State.READY, at, expires_at

    def fail(self, why: str, *, at: datetime) -> None:
        self.state, self.finished_at, self.failure = self.State.FAILED, at, why[:500]

    def expire(self) -> None:
        self.state, self.file = self.State.EXPIRED, ""
