"""What operators have done to the machinery."""

from __future__ import annotations

from django.db import models

from apps.core.db.grants import APPEND_ONLY
from apps.core.db.ids import uuid7


class DependencyChange(models.Model):
    """How the circuits of a dependency are to be: the latest row of its says so, the others tell its story. No row: as
    the breakers find right. A dependency serves all tenants, so this belongs to the platform.
    """

    class State(models.TextChoices):
        AUTOMATIC = "automatic"
        OPEN = "open"  # it is not asked
        CLOSED = "closed"  # it is asked, whatever comes of it

    application_grants = APPEND_ONLY

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    dependency = models.TextField()
    state = models.TextField(choices=State)
    at = models.DateTimeField()
    by = models.UUIDField(null=True)
    by_name = models.TextField()
    because = models.TextField()

    class Meta:
        db_table = "operations_dependency_change"
        indexes = [models.Index(fields=["dependency", "-id"], name="operations_change_latest")]
