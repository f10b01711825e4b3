from __future__ import annotations

from decimal import Decimal
from typing import ClassVar

from django.db import models
from django.db.models import Q

from apps.business.money import price_of
from apps.business.orders.models.order import LineKind
from apps.business.rows import TenantPart
from apps.core.db.fields import TenantForeignKey
from apps.core.db.models import TenantScoped


class OrderReturn(TenantScoped):
    """Goods or money that went back to a buyer, never edited.

    Without `order` it is a credit: what was bought is not known here, since it was before the records began or since
    the buyer is not named.
    """

    personal_columns: ClassVar = {"reason": "customer_id"}

    number = models.CharField(max_length=40, blank=True, default="", help_text="Of the credit note, if any.")
    order = TenantForeignKey("orders.Order", null=True, blank=True, related_name="returns", db_index=False)
    customer = TenantForeignKey("orders.Customer", null=True, blank=True, related_name="+", db_index=False)
    returned_at = models.DateTimeField()
    currency = models.CharField(max_length=3, help_text="ISO 4217.")
    total_minor = models.BigIntegerField(help_text="What the buyer gets back, in minor units of `currency`.")
    reason = models.CharField(max_length=200, blank=True, default="")

    class Meta(TenantScoped.Meta):
        constraints = [
            models.UniqueConstraint(
                name="orders_return_number", fields=["tenant_id", "number"], condition=~Q(number="")
            )
        ]
        indexes = [models.Index(name="orders_returns_of_order", fields=["tenant_id", "order", "returned_at"])]


class OrderReturnLine(TenantPart):
    """One thing given back. `total_minor` is rounded as an order line's is."""

    application_grants = ("SELECT", "INSERT")

    order_return = TenantForeignKey("orders.OrderReturn", related_name="lines", db_index=False)
    ordinal = models.PositiveIntegerField()
    order_line = TenantForeignKey("orders.OrderLine", null=True, blank=True, related_name="+", db_index=False)
    kind = models.CharField(max_length=16, choices=LineKind)
    product = TenantForeignKey("catalog.Product", null=True, blank=True, related_name="+", db_index=False)
    code = models.CharField(max_length=64, blank=True, default="")
    description = models.CharField(max_length=200)
    quantity = models.BigIntegerField()
    unit_price_e4 = models.BigIntegerField()
    total_minor = models.BigIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(name="orders_return_ordinal", fields=["tenant_id", "order_return", "ordinal"]),
            models.CheckConstraint(name="orders_return_quantity", condition=Q(quantity__gt=0)),
            models.CheckConstraint(
                name="orders_return_of_product",
                condition=Q(kind="product", product__isnull=False) | (~Q(kind="product") & Q(product__isnull=True)),
            ),
        ]

    @property
    def unit_price(self) -> Decimal:
        """In major units."""
        return price_of(self.unit_price_e4)
