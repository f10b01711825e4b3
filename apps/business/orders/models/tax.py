from __future__ import annotations

from decimal import Decimal

from django.db import models
from django.db.models import Q

from apps.core.db.models import TenantScoped
from apps.core.history.tracking import tracked


class TaxedClass(models.TextChoices):
    """The classes of goods that there are rates for. What is `zero` or `exempt` is not taxed."""

    STANDARD = "standard"
    REDUCED = "reduced"


@tracked()
class TaxRate(TenantScoped):
    """What a country takes of a class of goods, from a day on (UTC), until the next rate of both begins.

    Without a country it holds wherever no country's own rate does.
    """

    country = models.CharField(max_length=2, blank=True, default="", help_text="ISO 3166-1 alpha-2; empty: elsewhere.")
    tax_class = models.CharField(max_length=16, choices=TaxedClass)
    rate_e4 = models.PositiveIntegerField(help_text="In 1/10,000: 1900 is 19 %.")
    valid_from = models.DateField()

    class Meta(TenantScoped.Meta):
        constraints = [
            models.UniqueConstraint(
                name="orders_one_tax_rate_a_day", fields=["tenant_id", "country", "tax_class", "valid_from"]
            ),
            models.CheckConstraint(name="orders_tax_rate_below_whole", condition=Q(rate_e4__lte=10_000)),
        ]

    @property
    def percent(self) -> Decimal:
        """19.00, say."""
        return Decimal(self.rate_e4).scaleb(-2)


@tracked()
class TaxSettings(TenantScoped):
    """How a company names its prices. Without a row they are net."""

    prices_include_tax = models.BooleanField(default=False)

    class Meta(TenantScoped.Meta):
        constraints = [models.UniqueConstraint(name="orders_one_tax_settings", fields=["tenant_id"])]
