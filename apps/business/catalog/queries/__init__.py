"""Every read of the catalogue. Each costs one statement unless it says otherwise."""

from apps.business.catalog.queries.categories import (
    Shelf,
    categories_of,
    category,
    category_tree,
    known_categories,
    lock_tree,
)
from apps.business.catalog.queries.media import Picture, media, media_of, pictures_of
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
    "Picture",
    "Shelf",
    "all_prices_of",
    "attributes",
    "categories_of",
    "category",
    "category_tree",
    "changes",
    "changes_of_product",
    "known_categories",
    "lock_open_price",
    "lock_price",
    "lock_product",
    "lock_products",
    "lock_tree",
    "masters_among",
    "media",
    "media_of",
    "pictures_of",
    "price_at",
    "prices_of",
    "product",
    "products",
    "products_by_id",
    "products_by_sku",
    "variants_of",
]
