from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from apps.business.addresses import Address
from apps.business.money import price_of
from apps.business.rows import TenantPart, TenantRow
from apps.core.db.fields import TenantForeignKey
from apps.core.db.models import TenantScoped
from apps.core.history.tracking import tracked
from apps.core.tenancy import require_tenant_id


class LineKind(models.TextChoices):
    """What a line charges for. Only products have stock.

    `shipping` is what the chosen way costs, and is written by nobody; `postage` is what somebody wrote.
    """

    PRODUCT = "product"
    DISCOUNT = "discount"
    POSTAGE = "postage"
    MANUAL = "manual"
    SHIPPING = "shipping"


class PaymentStatus(models.TextChoices):
    """What has become of the money. `authorised`: held ready, or taken in part."""

    UNPAID = "unpaid"
    AUTHORISED = "authorised"
    PAID = "paid"
    PARTLY_REFUNDED = "partly_refunded"
    REFUNDED = "refunded"


class FulfilmentStatus(models.TextChoices):
    """What has become of the goods."""

    UNFULFILLED = "unfulfilled"
    PARTLY_SHIPPED = "partly_shipped"
    SHIPPED = "shipped"
    DELIVERED = "delivered"


@tracked()
class Order(TenantScoped):
    """A buyer's agreement to buy a list of things at the prices of that moment, as its events tell it.

    The events are the order; this row and its lines are kept with them, in the same transaction (`commands.changing`).
    What an order may become is said in `states`, not here. Without `customer` the buyer is unknown.

    `placed_at` is when it was agreed, which for imported orders lies long before `created_at`. The addresses are copies
    (`apps.business.addresses`), empty where none was said.
    """

    personal_columns = dict.fromkeys(("shipping_address", "billing_address", "note", "cancel_reason"), "customer_id")
    reasons_about = "customer_id"

    class Status(models.TextChoices):
        PENDING = "pending"
        HELD = "held"
        UNDER_REVIEW = "under_review"
        REFUSED = "refused"
        PLACED = "placed"
        PARTLY_RETURNED = "partly_returned"
        RETURNED = "returned"
        CANCELLED = "cancelled"

    class Source(models.TextChoices):
        CONSOLE = "console"
        API = "api"
        SHOP = "shop"
        IMPORT = "import"
        DEMO = "demo"

    number = models.CharField(max_length=32)
    customer = TenantForeignKey("orders.Customer", null=True, blank=True, related_name="orders", db_index=False)
    status = models.CharField(max_length=16, choices=Status, default=Status.PLACED)
    placed_at = models.DateTimeField()
    currency = models.CharField(max_length=3, help_text="ISO 4217.")
    total_minor = models.BigIntegerField(help_text="What the buyer owes, in minor units of `currency`.")
    discount_minor = models.BigIntegerField(default=0, db_default=0, help_text="What was taken off its lines.")
    tax_minor = models.BigIntegerField(default=0, db_default=0, help_text="Sum of its lines' taxes.")
    prices_include_tax = models.BooleanField(default=False, db_default=False)
    country = models.CharField(max_length=100, blank=True, default="", help_text="Where it went, as the order said.")
    shipping_address: Any = models.JSONField(
        default=dict, db_default={}, blank=True, help_text="Where the goods go, as of when it was placed."
    )
    billing_address: Any = models.JSONField(
        default=dict, db_default={}, blank=True, help_text="Where the invoice goes, as of when it was placed."
    )
    shipping_method_id = models.UUIDField(null=True, blank=True, help_text="The way that was chosen, if one was.")
    shipping_minor = models.BigIntegerField(default=0, db_default=0, help_text="What that way costs, as a line of it.")
    note = models.CharField(max_length=500, blank=True, default="")
    source = models.CharField(max_length=16, choices=Source, default=Source.CONSOLE)
    idempotency_key = models.CharField(
        max_length=64, blank=True, default="", editable=False, help_text="A second order with the same key is this one."
    )
    payment_status = models.CharField(
        max_length=16, choices=PaymentStatus, default=PaymentStatus.UNPAID, db_default=PaymentStatus.UNPAID
    )
    fulfilment_status = models.CharField(
        max_length=16,
        choices=FulfilmentStatus,
        default=FulfilmentStatus.UNFULFILLED,
        db_default=FulfilmentStatus.UNFULFILLED,
    )
    paid_minor = models.BigIntegerField(default=0, db_default=0, help_text="What came in.")
    refunded_minor = models.BigIntegerField(default=0, db_default=0, help_text="What of that went back.")
    payment_method = models.CharField(
        max_length=255, blank=True, default="", db_default="", help_text="The provider's token; empty: on account."
    )
    cancelled_at = models.DateTimeField(null=True, blank=True)
    cancel_reason = models.CharField(max_length=200, blank=True, default="")

    class Meta(TenantScoped.Meta):
        constraints = [
            models.UniqueConstraint(name="orders_order_number", fields=["tenant_id", "number"]),
            models.UniqueConstraint(
                name="orders_order_key", fields=["tenant_id", "idempotency_key"], condition=~Q(idempotency_key="")
            ),
            models.CheckConstraint(
                name="orders_cancelled_has_time",
                condition=Q(status="cancelled", cancelled_at__isnull=False)
                | (~Q(status="cancelled") & Q(cancelled_at__isnull=True)),
            ),
        ]
        indexes = [models.Index(name="orders_order_of_customer", fields=["tenant_id", "customer", "-placed_at"])]

    @property
    def ships_to(self) -> Address | None:
        return Address.of(self.shipping_address)

    @property
    def bills_to(self) -> Address | None:
        return Address.of(self.billing_address)

    @property
    def is_open_to_decide(self) -> bool:
        """Held, or held with its goods reserved: nobody has agreed to it yet."""
        return self.status in {self.Status.HELD, self.Status.UNDER_REVIEW}

    @property
    def is_cancelled(self) -> bool:
        return self.status == self.Status.CANCELLED

    @property
    def can_cancel(self) -> bool:
        """Nothing came back yet, and nothing is on its way."""
        return self.status == self.Status.PLACED and self.fulfilment_status == FulfilmentStatus.UNFULFILLED

    @property
    def can_return(self) -> bool:
        return self.status in {self.Status.PLACED, self.Status.PARTLY_RETURNED}


class OrderLine(TenantPart):
    """One thing bought, or charged. Only `shipped_quantity` and `returned_quantity` ever change.

    `total_minor` is quantity times price, rounded half to even to minor units, less discounts (`orders.totals`). The
    sum of the lines, and of their taxes where prices do not include them, is what the buyer owes.
    """

    order = TenantForeignKey("orders.Order", related_name="lines", db_index=False)
    ordinal = models.PositiveIntegerField(help_text="Its place in the order, from 1.")
    kind = models.CharField(max_length=16, choices=LineKind)
    product = TenantForeignKey("catalog.Product", null=True, blank=True, related_name="+", db_index=False)
    code = models.CharField(max_length=64, blank=True, default="", help_text="The stock code of that moment.")
    description = models.CharField(max_length=200)
    quantity = models.BigIntegerField()
    unit_price_e4 = models.BigIntegerField()
    total_minor = models.BigIntegerField()
    discount_minor = models.BigIntegerField(default=0, db_default=0, help_text="Its own, and its share of the order's.")
    tax_minor = models.BigIntegerField(default=0, db_default=0)
    tax_rate_e4 = models.PositiveIntegerField(default=0, db_default=0, help_text="In 1/10,000: 1900 is 19 %.")
    returned_quantity = models.BigIntegerField(default=0)
    shipped_quantity = models.BigIntegerField(default=0, db_default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(name="orders_line_ordinal", fields=["tenant_id", "order", "ordinal"]),
            models.CheckConstraint(
                name="orders_product_line",
                condition=Q(kind="product", product__isnull=False) | (~Q(kind="product") & Q(product__isnull=True)),
            ),
            models.CheckConstraint(
                name="orders_goods_cost", condition=~Q(kind="product") | Q(quantity__gt=0, unit_price_e4__gte=0)
            ),
            models.CheckConstraint(
                name="orders_returned_within_bought",
                condition=Q(returned_quantity=0)
                | Q(returned_quantity__gt=0, quantity__gt=0, returned_quantity__lte=F("quantity")),
            ),
            models.CheckConstraint(
                name="orders_shipped_within_bought",
                condition=Q(shipped_quantity=0)
                | Q(shipped_quantity__gt=0, kind="product", shipped_quantity__lte=F("quantity")),
            ),
        ]
        indexes = [models.Index(name="orders_line_of_product", fields=["tenant_id", "product"])]

    @property
    def unit_price(self) -> Decimal:
        """In major units."""
        return price_of(self.unit_price_e4)

    @property
    def returnable_quantity(self) -> int:
        return max(0, self.quantity - self.returned_quantity)


class OrderCounter(TenantRow):
    """The last order number that a tenant gave out. Its row lock keeps the numbers unique and without gaps."""

    tenant_id = models.UUIDField(primary_key=True, default=require_tenant_id, editable=False)
    last_number = models.BigIntegerField(default=0)
    updated_at = models.DateTimeField(default=timezone.now)
