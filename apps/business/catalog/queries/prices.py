"""What products cost: when, and in which currency."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Q

from apps.business.catalog.errors import PriceNotFound
from apps.business.catalog.models import Product, ProductPrice


def price_at(product_ids: Collection[UUID], currency: str, at: datetime) -> dict[UUID, int]:
    """What the products cost at a moment, in 1/10,000 major units of the currency. Two statements.

    A price that was set for that moment comes before the product's own, which counts in its own currency only. What is
    not sold in the currency is left out.
    """
    wanted = list(product_ids)
    own = Product.with_deleted.in_tenant().filter(id__in=wanted, currency=currency)
    return {
        **dict(own.values_list("id", "unit_price_e4")),
        **dict(_valid(at).filter(product__in=wanted, currency=currency).values_list("product_id", "price_e4")),
    }


def product_ids_priced(currency: str, at: datetime) -> Any:
    """Ids of the products for which a price was set that holds at a moment, as a subquery."""
    return _valid(at).filter(currency=currency).values("product_id")


def prices_of(product_id: UUID, *, at: datetime) -> list[ProductPrice]:
    """The prices of a product that hold at a moment or will later, by currency and time."""
    found = ProductPrice.objects.in_tenant().filter(_not_over(at), product_id=product_id)
    return list(found.order_by("currency", "valid_from", "id"))


def prices_of_products(product_ids: Collection[UUID], *, at: datetime) -> dict[UUID, list[ProductPrice]]:
    """The same of many products; one without any is left out."""
    found: dict[UUID, list[ProductPrice]] = defaultdict(list)
    prices = ProductPrice.objects.in_tenant().filter(_not_over(at), product_id__in=list(product_ids))
    for price in prices.order_by("currency", "valid_from", "id"):
        found[price.product_id].append(price)
    return dict(found)


def all_prices_of(product_id: UUID) -> Any:
    """Every price that a product ever had or will have, the latest first."""
    return ProductPrice.objects.in_tenant().filter(product_id=product_id).order_by("-valid_from", "-id")


def price_in_the_way(wish: ProductPrice) -> ProductPrice | None:
    """The first price of the same product and currency that holds for part of the time of the wish."""
    others = ProductPrice.objects.in_tenant().filter(_not_over(wish.valid_from), product_id=wish.product_id)
    if wish.valid_to is not None:
        others = others.filter(valid_from__lt=wish.valid_to)
    found: ProductPrice | None = others.filter(currency=wish.currency).order_by("valid_from", "id").first()
    return found


def lock_price(price_id: UUID, *, product_id: UUID) -> ProductPrice:
    """A price of the product under a row lock. Raises PriceNotFound."""
    prices = ProductPrice.objects.in_tenant().filter(product_id=product_id)
    found: ProductPrice | None = prices.select_for_update().filter(id=price_id).first()
    if found is None:
        raise PriceNotFound(f"the product has no price {price_id}")
    return found


def lock_open_price(product_id: UUID, currency: str, *, before: datetime) -> ProductPrice | None:
    """The price without an end that begins before that moment, under a row lock."""
    open_ended = ProductPrice.objects.in_tenant().filter(product_id=product_id, currency=currency, valid_to=None)
    found: ProductPrice | None = open_ended.select_for_update().filter(valid_from__lt=before).first()
    return found


def _valid(at: datetime) -> Any:
    return ProductPrice.objects.in_tenant().filter(_not_over(at), valid_from__lte=at)


def _not_over(at: datetime) -> Q:
    return Q(valid_to__isnull=True) | Q(valid_to__gt=at)
