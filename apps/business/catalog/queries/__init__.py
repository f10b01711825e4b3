"""Every read of the catalogue. Each costs one statement unless it says otherwise."""

from apps.business.catalog.queries.prices import all_prices_of, lock_open_price, lock_price, price_at, prices_of
from apps.business.catalog.queries.products import (
    STATES,
    attributes,
    changes,
    changes_of_product,
    lock_product,
    lock_products,
    masters_among,
    product,
    products,
    products_by_id,
    products_by_sku,
    variants_of,
)

__all__ = [
    "STATES",
    "all_prices_of",
    "attributes",
    "changes",
    "changes_of_product",
    "lock_open_price",
    "lock_price",
    "lock_product",
    "lock_products",
    "masters_among",
    "price_at",
    "prices_of",
    "product",
    "products",
    "products_by_id",
    "products_by_sku",
    "variants_of",
]
