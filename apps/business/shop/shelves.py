"""What a shop's pages show of its products."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from apps.business.carts import queries as carts
from apps.business.catalog import queries as catalog
from apps.business.money import price_of


@dataclass(frozen=True, slots=True)
class Choice:
    """One thing that can be put into the cart: the product itself, or one of its variants."""

    id: UUID
    label: str
    sku: str
    price: Any
    available: int


def with_prices(products: Sequence[Any], *, currency: str, at: datetime) -> list[Any]:
    """The products with `from_price` (major units), `has_choices` and `picture`. Seven statements at most."""
    ids = [product.id for product in products]
    variants, pictures = _variants(ids), catalog.first_pictures(ids)
    wanted = [one.id for product in products for one in (variants.get(product.id) or [product])]
    prices = catalog.price_at(wanted, currency, at)
    for product in products:
        sold = variants.get(product.id) or [product]
        known = [prices[one.id] for one in sold if one.id in prices]
        product.from_price = price_of(min(known)) if known else None
        product.has_choices = len(set(known)) > 1
        product.picture = pictures.get(product.id)
    return list(products)


def choices_of(product: Any, *, currency: str, at: datetime) -> list[Choice]:
    """What can be bought of a product: itself, or its variants that have a price."""
    sold = _variants([product.id]).get(product.id) or [product]
    ids = [one.id for one in sold]
    prices, most = carts.prices_of(ids, currency=currency, now=at), carts.can_be_had(ids)
    return [
        Choice(one.id, _label(one.options.items()), one.sku, price_of(prices[one.id]), most[one.id])
        for one in sold
        if one.id in prices
    ]


def _variants(product_ids: Sequence[UUID]) -> dict[UUID, list[Any]]:
    found: dict[UUID, list[Any]] = defaultdict(list)
    for variant in catalog.variants_of_products(product_ids):
        found[variant.variant_of_id].append(variant)
    return dict(found)


def _label(options: Iterable[tuple[str, str]]) -> str:
    return ", ".join(f"{name} {value}" for name, value in options)
