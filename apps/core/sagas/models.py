"""The sagas of every database, and the journal of what became of their steps. Reached by `.using(alias)`."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db import models
from django.db.models import Q
from django.utils import timezone

from apps.core.db.fields import TenantForeignKey
from apps.core.db.grants import APPEND_ONLY
from apps.core.db.ids import uuid7
from apps.core.tenancy import require_tenant_id


class Instance(models.Model):
    """One saga under way, or over. `position` is the step that comes next: to be done, or with `backwards` undone.

    -1 is what the beginning command did, which comes last on the way back.
    """

    class State(models.TextChoices):
        RUNNING = "running"
        WAITING = "waiting"
        COMPENSATING = "compensating"
        NEEDS_ATTENTION = "needs_attention"
        COMPLETED = "completed"
        COMPENSATED = "compensated"
        RESOLVED = "resolved"

    CLOSED: ClassVar = (State.COMPLETED, State.COMPENSATED, State.RESOLVED)

    application_grants = ("SELECT", "INSERT", "UPDATE")
    left_out_of_exports = True
    # Enough to wake what is due and to count what is stuck, in all tenants; not what it is about.
    relay_grants = ("SELECT (id, tenant_id, name, state, due_at, updated_at, closed_at)",)

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    tenant_id = models.UUIDField(default=require_tenant_id, editable=False)
    name = models.CharField(max_length=100)
    definition_version = models.PositiveSmallIntegerField()
    fingerprint = models.CharField(max_length=16, help_text="Of the definition that it began with.")
    key = models.UUIDField(help_text="What it is about; a saga begins once for each.")
    state = models.CharField(max_length=16, choices=State, default=State.RUNNING)
    position = models.SmallIntegerField(default=0)
    backwards = models.BooleanField(default=False)
    attempts = models.PositiveSmallIntegerField(default=0, help_text="At the present step, in the present direction.")
    fence = models.PositiveIntegerField(default=0, help_text="Counts the attempts; only the latest may report.")
    # One clock for everything: at once, after a retry's pause, when a wait runs out, or when a runner counts as dead.
    due_at = models.DateTimeField(null=True, help_text="When a runner is to take it next; empty when it is over.")
    deadline_at = models.DateTimeField(null=True)
    context = models.JSONField()
    answers = models.JSONField(default=dict, help_text="By step, what it waited for.")
    failure_code = models.CharField(max_length=64, blank=True, default="")
    failure = models.TextField(blank=True, default="", help_text="Why it turned back, or needs attention.")
    correlation_id = models.CharField(max_length=32)
    traceparent = models.CharField(max_length=64, blank=True, default="")
    started_at = models.DateTimeField()
    started_by = models.UUIDField(null=True)
    started_by_name = models.CharField(max_length=200, blank=True, default="")
    updated_at = models.DateTimeField(default=timezone.now)
    closed_at = models.DateTimeField(null=True)

    objects: ClassVar[Any] = models.Manager()

    class Meta:
        db_table = "sagas_instance"
        constraints = [models.UniqueConstraint(fields=["tenant_id", "name", "key"], name="sagas_one_for_each_key")]
        indexes = [
            models.Index(fields=["due_at"], name="sagas_due", condition=Q(due_at__isnull=False)),
            models.Index(fields=["state"], name="sagas_open", condition=Q(closed_at__isnull=True)),
            models.Index(fields=["tenant_id", "state", "-id"], name="sagas_by_state"),
            models.Index(fields=["tenant_id", "-id"], name="sagas_newest"),
        ]

    @property
    def is_closed(self) -> bool:
        return self.state in self.CLOSED


class Entry(models.Model):
    """One thing that happened to a saga: a step's outcome, or what a person did to it. Never edited."""

    class Kind(models.TextChoices):
        BEGUN = "begun"
        DONE = "done"
        UNDONE = "undone"
        RETRYING = "retrying"
        FAILED = "failed"
        WAITING = "waiting"
        ANSWERED = "answered"
        TURNED_BACK = "turned_back"
        NEEDS_ATTENTION = "needs_attention"
        RETRIED = "retried"
        SKIPPED = "skipped"
        RESOLVED = "resolved"
        CANCELLED = "cancelled"
        COMPLETED = "completed"
        COMPENSATED = "compensated"

    application_grants = APPEND_ONLY
    left_out_of_exports = True

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    tenant_id = models.UUIDField(default=require_tenant_id, editable=False)
    instance = TenantForeignKey("sagas.Instance", related_name="entries", db_index=False)
    kind = models.CharField(max_length=16, choices=Kind)
    step = models.CharField(max_length=100, blank=True, default="", help_text="Empty for the saga as a whole.")
    attempt = models.PositiveSmallIntegerField(default=0)
    detail = models.TextField(blank=True, default="")
    added = models.JSONField(default=dict, help_text="What the step added to the context.")
    seconds = models.FloatField(null=True)
    actor_id = models.UUIDField(null=True)
    actor_name = models.CharField(max_length=200, blank=True, default="")
    at = models.DateTimeField()

    objects: ClassVar[Any] = models.Manager()

    class Meta:
        db_table = "sagas_entry"
        indexes = [models.Index(fields=["tenant_id", "instance", "id"], name="sagas_entries_of")]
