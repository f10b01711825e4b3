from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateTimeRangeField, RangeOperators
from django.db import models
from django.db.models import F, Func, Q

from apps.business.money import price_of
from apps.core.db.fields import TenantForeignKey
from apps.core.db.models import TenantScoped
from apps.core.history.tracking import tracked

_SPAN = Func("valid_from", "valid_to", function="tstzrange", output_field=DateTimeRangeField())


@tracked()
class ProductPrice(TenantScoped):
    """What a product costs in a currency from `valid_from` until just before `valid_to`, or for good.

    At any moment there is at most one for a product and a currency; the database sees to it.
    """

    product = TenantForeignKey("catalog.Product", related_name="prices", db_index=False)
    currency = models.CharField(max_length=3, help_text="ISO 4217.")
    price_e4 = models.BigIntegerField(help_text="1/10,000 major units of `currency`.")
    valid_from = models.DateTimeField()
    valid_to = models.DateTimeField(null=True, blank=True, help_text="The first moment at which it is over.")

    class Meta(TenantScoped.Meta):
        constraints = [
            models.CheckConstraint(name="catalog_price_not_negative", condition=Q(price_e4__gte=0)),
            models.CheckConstraint(
                name="catalog_price_lasts", condition=Q(valid_to__isnull=True) | Q(valid_to__gt=F("valid_from"))
            ),
            # Leads with the tenant: a constraint looks past row-level security.
            ExclusionConstraint(
                name="catalog_price_no_overlap",
                expressions=[
                    ("tenant_id", RangeOperators.EQUAL),
                    ("product", RangeOperators.EQUAL),
                    ("currency", RangeOperators.EQUAL),
                    (_SPAN, RangeOperators.OVERLAPS),
                ],
            ),
        ]
        indexes = [
            models.Index(name="catalog_price_at", fields=["tenant_id", "product", "currency", "valid_from"]),
        ]

    @property
    def price(self) -> Decimal:
        """In major units."""
        return price_of(self.price_e4)

    def is_over(self, *, at: datetime) -> bool:
        return self.valid_to is not None and self.valid_to <= at

    def has_begun(self, *, at: datetime) -> bool:
        return self.valid_from < at
