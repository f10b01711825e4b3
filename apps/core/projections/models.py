"""What became of each attempt to make a projection again. Every database has such a table about its own ones."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar

from django.db import models
from django.db.models import Q
from django.utils import timezone

from apps.core.db.ids import uuid7
from apps.core.history import Actor


class Rebuild(models.Model):
    """One build of a projection beside the one that is read, up to its place in the log.

    `position` moves in the transaction of what was built, so that a killed build goes on where it was.
    """

    class State(models.TextChoices):
        BUILDING = "building"
        READY = "ready"  # the shadow is whole, and waits to be put in place
        FAILED = "failed"  # an event could not be replayed; goes on once that is mended
        IN_PLACE = "in_place"  # the shadow is what is read now; what was read before is kept
        ROLLED_BACK = "rolled_back"
        DISCARDED = "discarded"
        OVER = "over"  # in place, and what was before is gone

    OPEN: ClassVar = (State.BUILDING, State.READY, State.FAILED)

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    projection = models.TextField()
    state = models.CharField(max_length=16, choices=State, default=State.BUILDING)
    position = models.BigIntegerField(default=0, help_text="Of the last event that the shadow holds.")
    target = models.BigIntegerField(default=0, help_text="Where the log ended when that was last asked.")
    events_done = models.BigIntegerField(default=0)
    lacking: Any = models.JSONField(
        default=list, help_text="Positions up to `position` that the kept tables do not hold."
    )
    differences: Any = models.JSONField(null=True, help_text="Between the shadow and what is read, by table.")
    failure = models.TextField(default="")
    started_at = models.DateTimeField(default=timezone.now)
    started_by = models.UUIDField(null=True)
    started_by_name = models.CharField(max_length=200, default="")
    heard_at = models.DateTimeField(default=timezone.now)
    ready_at = models.DateTimeField(null=True)
    placed_at = models.DateTimeField(null=True)
    placed_by = models.UUIDField(null=True)
    placed_by_name = models.CharField(max_length=200, default="")
    ended_at = models.DateTimeField(null=True)
    ended_by = models.UUIDField(null=True)
    ended_by_name = models.CharField(max_length=200, default="")

    objects: ClassVar[Any] = models.Manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["projection"],
                name="projections_one_open_rebuild",
                condition=Q(state__in=["building", "ready", "failed"]),
            )
        ]

    def __str__(self) -> str:
        return f"{self.projection} {self.state}"

    def place(self, *, actor: Actor, at: datetime) -> None:
        self.state, self.placed_at = self.State.IN_PLACE, at
        self.placed_by, self.placed_by_name = actor.id, actor.name

    def end(self, state: str, *, actor: Actor, at: datetime) -> None:
        self.state, self.ended_at = state, at
        self.ended_by, self.ended_by_name = actor.id, actor.name

    @property
    def progress(self) -> int:
        """Per cent of the log."""
        if self.state not in (self.State.BUILDING, self.State.FAILED):
            return 100
        return min(99, self.position * 100 // self.target) if self.target else 0
