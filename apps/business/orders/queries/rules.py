"""What the company decided for its orders: limits of review, taxes, ways of sending."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from apps.business.orders.errors import ShippingMethodNotFound
from apps.business.orders.models import ReviewLimit, ShippingMethod, TaxRate, TaxSettings


def review_limits() -> Any:
    """Which orders are reviewed, by currency."""
    return ReviewLimit.objects.in_tenant().order_by("currency", "id")


def review_limit(currency: str) -> ReviewLimit | None:
    """The limit for a currency, if there is one. One statement."""
    found: ReviewLimit | None = ReviewLimit.objects.in_tenant().filter(currency=currency).first()
    return found


def tax_rates() -> Any:
    """Every tax rate, by country, class and time."""
    return TaxRate.objects.in_tenant().order_by("country", "tax_class", "valid_from", "id")


def tax_rates_at(country: str, at: datetime) -> dict[str, int]:
    """What is taken of each class of goods that go to a country (ISO 3166-1 alpha-2) on the day (UTC) of a moment.

    In 1/10,000. A class for which nothing is said is left out. One statement.
    """
    day = at.astimezone(UTC).date()
    valid = tax_rates().filter(country__in=["", country[:2] if len(country) == 2 else ""], valid_from__lte=day)
    return dict(valid.values_list("tax_class", "rate_e4"))  # the last one counts: the country's own, the latest


def tax_settings() -> TaxSettings | None:
    """How the company names its prices, if it has said so. One statement."""
    found: TaxSettings | None = TaxSettings.objects.in_tenant().first()
    return found


def prices_include_tax() -> bool:
    """Whether the company's prices are gross. One statement."""
    known = tax_settings()
    return known is not None and known.prices_include_tax


def shipping_methods() -> Any:
    """Every way in which the company sends goods, by name. One statement."""
    return ShippingMethod.objects.in_tenant().order_by("name", "id")


def shipping_methods_for(*, country: str, currency: str) -> list[ShippingMethod]:
    """Those that go there and have a price in that currency, by name. One statement."""
    return [way for way in shipping_methods() if way.serves(country) and way.price_in(currency)]


def shipping_method(method_id: UUID) -> ShippingMethod:
    """Also one that is no longer offered. One statement. Raises ShippingMethodNotFound."""
    return _way(ShippingMethod.with_deleted.in_tenant().filter(id=method_id).first(), method_id)


def lock_shipping_method(method_id: UUID, *, with_deleted: bool = False) -> ShippingMethod:
    """Under a row lock. Raises ShippingMethodNotFound."""
    manager = ShippingMethod.with_deleted if with_deleted else ShippingMethod.objects
    return _way(manager.in_tenant().select_for_update().filter(id=method_id).first(), method_id)


def _way(method: ShippingMethod | None, method_id: UUID) -> ShippingMethod:
    if method is None:
        raise ShippingMethodNotFound(f"there is no shipping method {method_id}")
    return method
