from __future__ import annotations

from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import models
from django.db.models import F, Q

from apps.business.money import price_of
from apps.business.search_keys import KEY_LENGTH, search_key
from apps.core.db.fields import TenantForeignKey
from apps.core.db.models import SoftDeletable, TenantScoped
from apps.core.history.tracking import tracked


class TaxClass(models.TextChoices):
    """Which of a country's rates a product is taxed at. The rates themselves are the orders' concern."""

    STANDARD = "standard"
    REDUCED = "reduced"
    ZERO = "zero"
    EXEMPT = "exempt"


@tracked()
class Product(TenantScoped, SoftDeletable):
    """Something that can be sold. Its own price is the one in `currency`; `ProductPrice` knows others.

    `sku` is case-sensitive: suppliers do tell `15056bl` from `15056BL`. A deleted product frees its sku. A variant is
    a product of its own, with stock and price, that says in `options` how it differs from its siblings; what it is a
    variant of cannot be bought itself.
    """

    sku = models.CharField(max_length=64)
    sku_key = models.CharField(max_length=KEY_LENGTH, db_collation="C", editable=False)
    name = models.CharField(max_length=200)
    name_key = models.CharField(max_length=KEY_LENGTH, db_collation="C", editable=False)
    description = models.TextField(blank=True, default="", max_length=4000)
    unit_price_e4 = models.BigIntegerField(help_text="1/10,000 major units of `currency`.")
    currency = models.CharField(max_length=3, help_text="ISO 4217.")
    tax_class = models.CharField(max_length=16, choices=TaxClass, default=TaxClass.STANDARD, db_default="standard")
    reorder_level = models.PositiveIntegerField(null=True, blank=True, help_text="At or below this, stock is low.")
    variant_of = TenantForeignKey("self", null=True, blank=True, related_name="variants", db_index=False)
    options: Any = models.JSONField(
        default=dict, db_default={}, blank=True, help_text='How a variant differs, such as {"size": "M"}.'
    )

    class Meta(TenantScoped.Meta):
        constraints = [
            models.UniqueConstraint(
                name="catalog_product_sku", fields=["tenant_id", "sku"], condition=Q(deleted_at__isnull=True)
            ),
            models.UniqueConstraint(
                name="catalog_product_variant",
                fields=["tenant_id", "variant_of", "options"],
                condition=Q(deleted_at__isnull=True, variant_of__isnull=False),
            ),
            models.CheckConstraint(name="catalog_product_price", condition=Q(unit_price_e4__gte=0)),
            models.CheckConstraint(
                name="catalog_product_not_its_own_variant",
                condition=Q(variant_of__isnull=True) | ~Q(variant_of=F("id")),
            ),
        ]
        indexes = [
            models.Index(name="catalog_product_by_sku", fields=["tenant_id", "sku_key", "id"]),
            models.Index(name="catalog_product_by_name", fields=["tenant_id", "name_key", "id"]),
        ]

    @property
    def unit_price(self) -> Decimal:
        """In major units."""
        return price_of(self.unit_price_e4)

    @property
    def is_variant(self) -> bool:
        return self.variant_of_id is not None

    @property
    def difference(self) -> str:
        """How a variant differs, in words: `M, red`."""
        return ", ".join(self.options.values())

    def describe(self, *, sku: str, name: str) -> None:
        """Set what it is called, and the keys it is found by."""
        self.sku, self.sku_key = sku, search_key(sku)
        self.name, self.name_key = name, search_key(name)

    def differ(self, *, variant_of: UUID | None, options: dict[str, str]) -> None:
        """Make it a variant that differs by its options, or a product of its own."""
        self.variant_of_id, self.options = variant_of, options
