"""The files of a service, in its own database: every database has the table; rows are reached by `.using(alias)`."""

from __future__ import annotations

from django.db import models

from apps.core.db.models import TenantScoped
from apps.core.files.purposes import IMAGES
from apps.core.history.tracking import tracked


@tracked()
class StoredFile(TenantScoped):
    """A file as it was when it was kept: it is never changed, only dropped with whatever it belongs to."""

    purpose = models.CharField(max_length=64)
    name = models.CharField(max_length=200, help_text="As its sender called it.")
    content_type = models.CharField(max_length=64, help_text="Read from its content.")
    size_bytes = models.BigIntegerField()
    sha256 = models.CharField(max_length=64)
    width = models.PositiveIntegerField(default=0, help_text="Of an image, in pixels.")
    height = models.PositiveIntegerField(default=0)

    class Meta(TenantScoped.Meta):
        pass

    def __str__(self) -> str:
        return self.name

    @property
    def is_image(self) -> bool:
        return self.content_type in IMAGES
