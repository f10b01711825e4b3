from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db import models
from django.db.models import Q

from apps.core.db.models import SoftDeletable, TenantScoped
from apps.core.history.tracking import tracked


@dataclass(frozen=True, slots=True)
class ShippingPrice:
    """What a way costs in one currency, in its minor units; nothing from a worth of the goods on, if that is said."""

    price_minor: int
    free_from_minor: int | None = None

    def charge_minor(self, worth_minor: int) -> int:
        """For goods of that worth, after discounts."""
        return 0 if self.free_from_minor is not None and worth_minor >= self.free_from_minor else self.price_minor


@tracked()
class ShippingMethod(TenantScoped, SoftDeletable):
    """A way in which a company sends its goods, and what it takes for it: net or gross, as its prices are.

    One row says all of it, so that its history tells who changed which price.
    """

    class TaxClass(models.TextChoices):
        STANDARD = "standard"
        REDUCED = "reduced"
        ZERO = "zero"
        EXEMPT = "exempt"

    name = models.CharField(max_length=100)
    countries: Any = models.JSONField(default=list, help_text="ISO 3166-1 alpha-2; none: everywhere.")
    prices: Any = models.JSONField(help_text='{"GBP": {"price_minor": 495, "free_from_minor": 5000}}')
    tax_class = models.CharField(max_length=16, choices=TaxClass, default=TaxClass.STANDARD)

    class Meta(TenantScoped.Meta):
        constraints = [
            models.UniqueConstraint(
                name="orders_shipping_method_name", fields=["tenant_id", "name"], condition=Q(deleted_at__isnull=True)
            )
        ]

    def price_in(self, currency: str) -> ShippingPrice | None:
        """None where it is not offered in that currency."""
        said = self.prices.get(currency)
        return ShippingPrice(said["price_minor"], said.get("free_from_minor")) if said else None

    def serves(self, country: str) -> bool:
        """Whether goods go there; where nobody says where to, only if it goes everywhere."""
        return not self.countries or country in self.countries
