"""Every write to the catalogue, one transaction each."""

from apps.business.catalog.commands.content import NewProduct
from apps.business.catalog.commands.deleting import delete_product, restore_product
from apps.business.catalog.commands.pricing import end_price, set_price
from apps.business.catalog.commands.products import create_product, create_products, update_product

__all__ = [
    "NewProduct",
    "create_product",
    "create_products",
    "delete_product",
    "end_price",
    "restore_product",
    "set_price",
    "update_product",
]
