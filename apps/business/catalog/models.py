from __future__ import annotations

from decimal import Decimal

from django.db import models
from django.db.models import Q

from apps.business.money import price_of
from apps.business.search_keys import KEY_LENGTH, search_key
from apps.core.db.models import SoftDeletable, TenantScoped
from apps.core.history.tracking import tracked


@tracked()
class Product(TenantScoped, SoftDeletable):
    """Something that can be sold, at one price in one currency.

    `sku` is case-sensitive: suppliers do tell `15056bl` from `15056BL`. A deleted product frees its sku.
    """

    sku = models.CharField(max_length=64)
    sku_key = models.CharField(max_length=KEY_LENGTH, db_collation="C", editable=False)
    name = models.CharField(max_length=200)
    name_key = models.CharField(max_length=KEY_LENGTH, db_collation="C", editable=False)
    description = models.TextField(blank=True, default="", max_length=4000)
    unit_price_e4 = models.BigIntegerField(help_text="1/10,000 major units of `currency`.")
    currency = models.CharField(max_length=3, help_text="ISO 4217.")
    reorder_level = models.PositiveIntegerField(null=True, blank=True, help_text="At or below this, stock is low.")

    class Meta(TenantScoped.Meta):
        constraints = [
            models.UniqueConstraint(
                name="catalog_product_sku", fields=["tenant_id", "sku"], condition=Q(deleted_at__isnull=True)
            ),
            models.CheckConstraint(name="catalog_product_price", condition=Q(unit_price_e4__gte=0)),
        ]
        indexes = [
            models.Index(name="catalog_product_by_sku", fields=["tenant_id", "sku_key", "id"]),
            models.Index(name="catalog_product_by_name", fields=["tenant_id", "name_key", "id"]),
        ]

    @property
    def unit_price(self) -> Decimal:
        """In major units."""
        return price_of(self.unit_price_e4)

    def describe(self, *, sku: str, name: str) -> None:
        """Set what it is called, and the keys it is found by."""
        self.sku, self.sku_key = sku, search_key(sku)
        self.name, self.name_key = name, search_key(name)
