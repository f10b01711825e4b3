from __future__ import annotations

from django.db import models

from apps.business.money import rounded_half_even
from apps.business.rows import TenantRow


class PurchaseHistory(TenantRow):
    """What one customer bought and brought back, in one currency. A read model: `handlers` write it and nothing else.

    A cancelled order counts no more; when they first and last ordered stays, whatever became of that order.
    """

    id = models.BigAutoField(primary_key=True)
    customer_id = models.UUIDField()
    currency = models.CharField(max_length=3)
    order_count = models.BigIntegerField(default=0)
    spent_minor = models.BigIntegerField(default=0)
    returned_minor = models.BigIntegerField(default=0)
    first_ordered_at = models.DateTimeField(null=True)
    last_ordered_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(name="orders_history_of_customer", fields=["tenant_id", "customer_id", "currency"]),
        ]

    @property
    def average_minor(self) -> int | None:
        """What an order of theirs costs, rounded half to even; None while none counts."""
        if self.order_count <= 0:
            return None
        return rounded_half_even(self.spent_minor, self.order_count)
