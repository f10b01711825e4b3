from __future__ import annotations

from django.db import models

from apps.business.rows import TenantPart
from apps.core.db.fields import TenantForeignKey


class ProductMedia(TenantPart):
    """A picture of a product: the file, what it shows in words, and its place among the others.

    One that was removed is kept with its file for a while, so that it can be put back.
    """

    product = TenantForeignKey("catalog.Product", related_name="media", db_index=False)
    file_id = models.UUIDField(help_text="A file of `apps.core.files`, dropped together with this.")
    alt = models.CharField(max_length=200, blank=True, default="", help_text="What it shows, for who cannot see it.")
    place = models.PositiveIntegerField(default=0, db_default=0, help_text="Smaller ones come first, then older ones.")
    created_at = models.DateTimeField()
    removed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [models.Index(name="catalog_media_of_product", fields=["tenant_id", "product", "created_at", "id"])]
