from __future__ import annotations

from django.db import models
from django.db.models import Q

from apps.core.db.models import TenantScoped
from apps.core.history.tracking import tracked


@tracked()
class ReviewLimit(TenantScoped):
    """Orders in a currency that are worth more than this wait until somebody agrees to them."""

    currency = models.CharField(max_length=3, help_text="ISO 4217.")
    above_minor = models.BigIntegerField(help_text="In minor units of `currency`.")
    decide_within_days = models.PositiveSmallIntegerField(help_text="Then the order is refused and its goods released.")

    class Meta(TenantScoped.Meta):
        constraints = [
            models.UniqueConstraint(name="orders_one_limit_per_currency", fields=["tenant_id", "currency"]),
            models.CheckConstraint(name="orders_limit_not_negative", condition=Q(above_minor__gte=0)),
            models.CheckConstraint(
                name="orders_decided_within_a_quarter",
                condition=Q(decide_within_days__gte=1, decide_within_days__lte=90),
            ),
        ]
