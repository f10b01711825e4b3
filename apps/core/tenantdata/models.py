"""Who may be erased. One such table in every database."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db import models
from django.utils import timezone

from apps.core.db.grants import APPEND_ONLY
from apps.core.db.ids import uuid7


class PersonWarrant(models.Model):
    """Somebody ordered that a person be erased here: without one, what a history says of them cannot be changed."""

    application_grants = APPEND_ONLY

    person_id = models.UUIDField(primary_key=True)
    ordered_at = models.DateTimeField(default=timezone.now)

    objects: ClassVar[Any] = models.Manager()

    class Meta:
        db_table = "tenantdata_person_warrant"

    def __str__(self) -> str:
        return f"erasure of person {self.person_id}"


class ErasureWarrant(models.Model):
    """Somebody ordered that everything of a tenant be erased here. Without one nothing can be, and none can be taken
    back: what is erased was ordered, and the order stays when all else is gone.
    """

    application_grants = APPEND_ONLY

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    company_id = models.UUIDField(unique=True, help_text="The tenant that goes.")
    reason = models.CharField(max_length=500)
    ordered_by = models.UUIDField(null=True)
    ordered_at = models.DateTimeField(default=timezone.now)

    objects: ClassVar[Any] = models.Manager()

    class Meta:
        db_table = "tenantdata_erasure_warrant"

    def __str__(self) -> str:
        return f"erasure of {self.company_id}"
