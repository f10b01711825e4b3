"""Made from the orders' events by `handlers`, written by nothing else, and so always possible to make again."""

from __future__ import annotations

from django.db import models
from django.utils import timezone

from apps.business.orders.models.order import FulfilmentStatus, Order, PaymentStatus
from apps.business.rows import TenantRow
from apps.core.db.fields import TenantForeignKey


class OrderSummary(TenantRow):
    """One row of the list of orders; `id` is the order's. It lags the order by the way of an event, milliseconds."""

    id = models.UUIDField(primary_key=True, editable=False)
    number = models.CharField(max_length=32)
    number_key = models.CharField(max_length=32, db_collation="C", editable=False)
    customer = TenantForeignKey("orders.Customer", null=True, related_name="+", db_index=False)
    status = models.CharField(max_length=16, choices=Order.Status)
    placed_at = models.DateTimeField()
    currency = models.CharField(max_length=3)
    line_count = models.PositiveIntegerField()
    item_count = models.BigIntegerField(help_text="Pieces of all products together.")
    total_minor = models.BigIntegerField()
    returned_minor = models.BigIntegerField(default=0)
    source = models.CharField(max_length=16)
    payment_status = models.CharField(
        max_length=16, choices=PaymentStatus, default=PaymentStatus.UNPAID, db_default=PaymentStatus.UNPAID
    )
    fulfilment_status = models.CharField(
        max_length=16,
        choices=FulfilmentStatus,
        default=FulfilmentStatus.UNFULFILLED,
        db_default=FulfilmentStatus.UNFULFILLED,
    )
    last_sequence = models.BigIntegerField(help_text="The place, in the order's stream, of the last event seen.")
    updated_at = models.DateTimeField(default=timezone.now)

    class Meta:
        indexes = [
            models.Index(name="orders_summary_newest", fields=["tenant_id", "-placed_at", "-id"]),
            models.Index(name="orders_summary_by_status", fields=["tenant_id", "status", "-placed_at", "-id"]),
            models.Index(name="orders_summary_of_customer", fields=["tenant_id", "customer", "-placed_at", "-id"]),
            models.Index(name="orders_summary_by_number", fields=["tenant_id", "number_key"]),
        ]

    @property
    def customer_name(self) -> str:
        """Empty where the buyer is unknown. Costs a statement unless the customer was selected too."""
        return self.customer.name if self.customer else ""


class DailyRevenue(TenantRow):
    """What a tenant sold on one day (UTC) in one currency.

    A cancelled order leaves the day on which it was placed; a return counts on the day on which it came.
    """

    id = models.BigAutoField(primary_key=True)
    day = models.DateField()
    currency = models.CharField(max_length=3)
    order_count = models.BigIntegerField(default=0)
    sold_minor = models.BigIntegerField(default=0)
    returned_minor = models.BigIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(name="orders_revenue_of_day", fields=["tenant_id", "day", "currency"]),
        ]
