from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from apps.business.rows import TenantPart
from apps.core.db.fields import TenantForeignKey
from apps.core.db.models import SoftDeletable, TenantScoped
from apps.core.history.tracking import tracked


@tracked()
class Category(TenantScoped, SoftDeletable):
    """A shelf of the catalogue, in a tree of them. A product may stand on several.

    What stood in a deleted one stands there again when it is restored.
    """

    name = models.CharField(max_length=100)
    parent = TenantForeignKey("self", null=True, blank=True, related_name="children", db_index=False)

    class Meta(TenantScoped.Meta):
        constraints = [
            models.UniqueConstraint(
                name="catalog_category_name",
                fields=["tenant_id", "parent", "name"],
                condition=Q(deleted_at__isnull=True),
                nulls_distinct=False,
            ),
            models.CheckConstraint(
                name="catalog_category_not_in_itself", condition=Q(parent__isnull=True) | ~Q(parent=F("id"))
            ),
        ]

    def __str__(self) -> str:
        return self.name


class ProductCategory(TenantPart):
    """That a product stands in a category."""

    application_grants = ("SELECT", "INSERT", "DELETE")

    product = TenantForeignKey("catalog.Product", related_name="+", db_index=False)
    category = TenantForeignKey(Category, related_name="+", db_index=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                name="catalog_product_once_in_category", fields=["tenant_id", "product", "category"]
            )
        ]
        indexes = [models.Index(name="catalog_products_in_category", fields=["tenant_id", "category", "product"])]
