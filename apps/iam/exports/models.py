"""Exports: what was asked for, how far it has come, and where the file lies."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.db import models
from django.db.models import Q

from apps.core.db.models import TenantScoped
from apps.core.history.tracking import tracked

# A job that says nothing for so long has died: another one begins anew.
SILENCE = timedelta(minutes=10)
_PROGRESS = ("stage", "parts_done", "parts_total", "rows_done", "heard_at")


@tracked(exclude=(*_PROGRESS, "version", "updated_at", "updated_by"))
class Export(TenantScoped):
    """Everything of the company, or everything that is kept about one person in it, as a zip of JSON Lines.

    `is_own`: the person asked for it themselves, and then gets what is theirs in other tenants too.
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
    stage = models.CharField(max_length=100, default="", blank=True)
    parts_done = models.PositiveIntegerField(default=0)
    parts_total = models.PositiveIntegerField(default=0)
    rows_done = models.BigIntegerField(default=0)
    heard_at = models.DateTimeField(null=True, help_text="When the job last said how far it is.")

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
        return self.parts_done * 100 // self.parts_total if self.parts_total else 0

    def may_begin(self, at: datetime) -> bool:
        """True unless it is over, or a job is at work on it that was heard of lately."""
        if self.state == self.State.QUEUED:
            return True
        return self.state == self.State.RUNNING and (self.heard_at is None or self.heard_at + SILENCE <= at)

    def begin(self, *, at: datetime) -> None:
        self.state, self.heard_at = self.State.RUNNING, at
        self.stage, self.parts_done, self.rows_done = "", 0, 0

    def finish(self, *, at: datetime, expires_at: datetime) -> None:
        self.state, self.finished_at, self.expires_at, self.stage = self.State.READY, at, expires_at, ""

    def fail(self, why: str, *, at: datetime) -> None:
        self.state, self.finished_at, self.failure, self.stage = self.State.FAILED, at, why[:500], ""

    def expire(self) -> None:
        self.state, self.file = self.State.EXPIRED, ""
