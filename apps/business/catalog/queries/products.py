"""Products: found, listed, locked."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any
from uuid import UUID

from django.db.models import Q

from apps.business.catalog.errors import ProductNotFound
from apps.business.catalog.models import Product, ProductPrice
from apps.business.catalog.queries.categories import products_in
from apps.business.money import line_total_minor
from apps.business.search_keys import begins_with
from apps.core.history.changes import Change, ChangeFilter, changes_of

STATES = ("active", "deleted", "all")


def products(
    *,
    q: str = "",
    sku: str = "",
    variant_of: UUID | None = None,
    category: UUID | None = None,
    state: str = "active",
) -> Any:
    """Products whose sku or name begins with `q`, or whose sku is exactly `sku`, or the variants of one, or those in a
    category and below it; by sku.

    `state` is one of STATES. One statement, and one more for a category.
    """
    hidden_too = state in ("deleted", "all")
    found = Product.with_deleted.in_tenant() if hidden_too else Product.objects.in_tenant()
    if state == "deleted":
        found = found.deleted()
    if q.strip():
        found = found.filter(begins_with("sku_key", q) | begins_with("name_key", q))
    if sku:
        found = found.filter(sku=sku)
    if variant_of:
        found = found.filter(variant_of=variant_of)
    if category:
        found = found.filter(id__in=products_in(category))
    return found.order_by("sku_key", "id")


def product(product_id: UUID, *, with_deleted: bool = False) -> Product:
    """Raises ProductNotFound."""
    manager = Product.with_deleted if with_deleted else Product.objects
    return _found(manager.in_tenant().filter(id=product_id).first(), product_id)


def lock_product(product_id: UUID) -> Product:
    """The product under a row lock, deleted or not. Raises ProductNotFound."""
    return _found(Product.with_deleted.in_tenant().select_for_update().filter(id=product_id).first(), product_id)


def lock_products(product_ids: Collection[UUID]) -> dict[UUID, Product]:
    """Those that exist, deleted or not, under row locks taken in primary-key order."""
    found = Product.with_deleted.in_tenant().select_for_update().filter(id__in=list(product_ids))
    return {product.id: product for product in found.order_by("id")}


def variants_of(product_id: UUID, *, with_deleted: bool = False) -> Any:
    """The variants of a product, by sku."""
    manager = Product.with_deleted if with_deleted else Product.objects
    return manager.in_tenant().filter(variant_of=product_id).order_by("sku_key", "id")


def variants_of_products(product_ids: Collection[UUID]) -> list[Product]:
    """The variants of several products."""
    return list(Product.objects.in_tenant().filter(variant_of__in=list(product_ids)).order_by("id"))


def masters_among(product_ids: Collection[UUID]) -> set[UUID]:
    """Those of the products that have variants, and so are not for sale themselves."""
    variants = Product.objects.in_tenant().filter(variant_of__in=list(product_ids))
    return set(variants.values_list("variant_of", flat=True).distinct())


def products_for_sale(*, q: str) -> Any:
    """What can be ordered of all whose sku or name begins with `q`; of a product with variants those. By sku."""
    matching = begins_with("sku_key", q) | begins_with("name_key", q)
    active = Product.objects.in_tenant()
    variants = active.filter(variant_of__in=active.filter(matching).values("id"))
    masters = active.filter(variant_of__isnull=False).values("variant_of")
    return active.filter(matching | Q(id__in=variants.values("id"))).exclude(id__in=masters).order_by("sku_key", "id")


def titles_of(found: Iterable[Product]) -> dict[UUID, str]:
    """What to call each: a variant by its product and how it differs, `Shirt — M, red`. One statement at most."""
    named = list(found)
    master_ids = {product.variant_of_id for product in named if product.variant_of_id}
    masters = products_by_id(master_ids, with_deleted=True) if master_ids else {}
    return {
        product.id: f"{masters[product.variant_of_id].name} — {product.difference}"
        if product.variant_of_id in masters
        else product.name
        for product in named
    }


def products_by_id(product_ids: Collection[UUID], *, with_deleted: bool = False) -> dict[UUID, Product]:
    """Those that exist, by id."""
    manager = Product.with_deleted if with_deleted else Product.objects
    return {found.id: found for found in manager.in_tenant().filter(id__in=list(product_ids))}


def attributes(product_ids: Iterable[UUID]) -> dict[UUID, dict[str, Any]]:
    """What policies may ask of those of the given products that exist, as `resources.PRODUCT` says, deleted too."""
    return {
        product.id: {
            "amount": line_total_minor(1, product.unit_price_e4, product.currency),
            "currency": product.currency,
            "owner": str(product.created_by) if product.created_by else None,
        }
        for product in products_by_id(list(product_ids), with_deleted=True).values()
    }


def products_by_sku(skus: Collection[str]) -> dict[str, Product]:
    """Those that exist and are not deleted, by sku."""
    return {found.sku: found for found in Product.objects.in_tenant().filter(sku__in=list(skus))}


def _found(found: Product | None, product_id: UUID) -> Product:
    if found is None:
        raise ProductNotFound(f"there is no product {product_id}")
    return found


def changes_of_product(product_id: UUID, *, limit: int = 20) -> list[Change]:
    """Who changed a product and what, newest first. Three statements."""
    return changes_of(Product, where=ChangeFilter(entity_ids=(product_id,)), limit=limit)


def changes_with_prices(product_id: UUID, *, limit: int = 20) -> list[Change]:
    """Who changed a product or what it costs, newest first. Seven statements."""
    prices = ProductPrice.objects.in_tenant().filter(product_id=product_id).values_list("id", flat=True)
    return changes_of(Product, ProductPrice, where=ChangeFilter(entity_ids=(product_id, *prices)), limit=limit)


def changes(where: ChangeFilter, *, limit: int) -> list[Change]:
    """The latest wanted changes of products, newest first. Three statements."""
    return changes_of(Product, where=where, limit=limit)
