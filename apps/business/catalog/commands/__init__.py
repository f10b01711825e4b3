"""Every write to the catalogue, one transaction each."""

from apps.business.catalog.commands.categories import (
    categorise,
    create_category,
    delete_category,
    place_category,
    restore_category,
)
from apps.business.catalog.commands.content import NewProduct
from apps.business.catalog.commands.deleting import delete_product, restore_product
from apps.business.catalog.commands.media import (
    MOST_MEDIA,
    add_media,
    arrange_media,
    describe_media,
    drop_removed_media,
    remove_media,
    restore_media,
)
from apps.business.catalog.commands.pricing import end_price, set_price
from apps.business.catalog.commands.products import create_product, create_products, update_product

__all__ = [
    "MOST_MEDIA",
    "NewProduct",
    "add_media",
    "arrange_media",
    "categorise",
    "create_category",
    "create_product",
    "create_products",
    "delete_category",
    "delete_product",
    "describe_media",
    "drop_removed_media",
    "end_price",
    "place_category",
    "remove_media",
    "restore_category",
    "restore_media",
    "restore_product",
    "set_price",
    "update_product",
]
