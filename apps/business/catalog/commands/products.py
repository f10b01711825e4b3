"""Products and their variants: made and described."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

from apps.business.catalog import queries
from apps.business.catalog.commands.content import NewProduct, announced, content_of, fill
from apps.business.catalog.errors import InvalidProduct, NoMaster, SkuTaken, VariantTaken
from apps.business.catalog.errors import ProductDeleted as ProductIsDeleted
from apps.business.catalog.events import ProductCreated, ProductUpdated
from apps.business.catalog.models import Product
from apps.business.constraints import violation_means
from apps.business.units import work_of
from apps.core.errors import PreconditionFailed
from apps.core.history import Actor

_BATCH = 500
_UNIQUE_SKU, _UNIQUE_VARIANT = "catalog_product_sku", "catalog_product_variant"


def create_product(*, product: NewProduct, actor: Actor, now: datetime) -> Product:
    """Put a product into the catalogue. Raises InvalidProduct, SkuTaken; NoMaster, VariantTaken for a variant."""
    return create_products(products=[product], actor=actor, now=now)[0]


def create_products(*, products: Sequence[NewProduct], actor: Actor, now: datetime) -> list[Product]:
    """Put many products into the catalogue: all or none. Raises as `create_product`."""
    created = [_made(product, now=now) for product in products]
    with unique_means(p.sku for p in created), work_of(actor, Product) as work:
        _require_masters({p.variant_of for p in products if p.variant_of})
        # bulk_create does not call save(), which would say who made the rows.
        for product in created:
            product.created_by = product.updated_by = actor.id
        Product.objects.bulk_create(created, batch_size=_BATCH)
        for product in created:
            work.publish(ProductCreated(product_id=product.id, **announced(product)))
    return created


def update_product(
    *, product_id: UUID, changes: Mapping[str, Any], expected_version: int | None = None, actor: Actor, now: datetime
) -> Product:
    """Describe or price a product anew. `changes` names fields of `NewProduct`.

    Safe to repeat: what changes nothing is not announced. `expected_version` is the version that the caller decided on.
    Raises ProductNotFound, ProductIsDeleted, PreconditionFailed, InvalidProduct, SkuTaken, NoMaster, VariantTaken.
    """
    master_id = changes.get("variant_of")
    with unique_means([str(changes.get("sku"))]), work_of(actor, Product) as work:
        if master_id:  # both at once, in the order of their keys, so that two commands never wait for each other
            queries.lock_products([product_id, master_id])
        product = queries.lock_product(product_id)
        if product.is_deleted:
            raise ProductIsDeleted(f"{product.name} is deleted: restore it before you change it")
        require_version(product, expected_version)
        before = content_of(product)
        after = replace(before, **changes)
        if after != before:
            _require_place(product, after)
            fill(product, after)
            product.save()
            work.publish(ProductUpdated(product_id=product.id, **announced(product)))
    return product


def require_version(product: Product, expected: int | None) -> None:
    """Raises PreconditionFailed."""
    if expected is not None and product.version != expected:
        raise PreconditionFailed(
            f"{product.name} is at version {product.version}, not {expected}: somebody else changed it first",
            version=product.version,
        )


@contextmanager
def unique_means(skus: Iterable[str]) -> Iterator[None]:
    """Raise SkuTaken or VariantTaken where the database refuses a second one."""
    taken = SkuTaken(f"a product with the stock code {', '.join(sorted(skus)[:5])} exists already")
    double = VariantTaken("the product has a variant with these options already")
    with violation_means(_UNIQUE_SKU, lambda: taken), violation_means(_UNIQUE_VARIANT, lambda: double):
        yield


def _made(content: NewProduct, *, now: datetime) -> Product:
    product = Product(created_at=now, updated_at=now)
    fill(product, content)
    return product


def _require_place(product: Product, after: NewProduct) -> None:
    """Raises InvalidProduct, NoMaster where it cannot be the variant that it is to be."""
    if after.variant_of is None or after.variant_of == product.variant_of_id:
        return
    if after.variant_of == product.id or queries.variants_of(product.id).exists():
        text = "a product that has variants cannot be a variant itself"
        raise InvalidProduct(text, errors={"variant_of": [text]})
    _require_masters({after.variant_of})


def _require_masters(master_ids: set[UUID]) -> None:
    """Lock what is to have variants, so that nobody makes it a variant meanwhile. Raises NoMaster."""
    masters = queries.lock_products(master_ids) if master_ids else {}
    for master_id in master_ids:
        master = masters.get(master_id)
        if master is None or master.is_deleted or master.is_variant:
            raise NoMaster(f"{master.name if master else master_id} cannot have variants")
