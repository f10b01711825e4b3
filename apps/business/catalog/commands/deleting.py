"""Taking products out of the catalogue, and putting them back."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from apps.business.catalog import queries
from apps.business.catalog.commands.products import require_version, unique_means
from apps.business.catalog.errors import NoMaster
from apps.business.catalog.events import ProductDeleted, ProductRestored
from apps.business.catalog.models import Product
from apps.business.units import work_of
from apps.core.history import Actor


def delete_product(*, product_id: UUID, expected_version: int | None = None, actor: Actor, now: datetime) -> Product:
    """Take a product and its variants out of the catalogue; `restore_product` brings them back. Earlier orders keep it.

    Safe to repeat. Raises ProductNotFound, PreconditionFailed.
    """
    with work_of(actor, Product) as work:
        product = queries.lock_product(product_id)
        if product.is_deleted:
            return product
        require_version(product, expected_version)
        deletion_id = product.soft_delete(at=now, by=actor.id)
        product.save()
        work.publish(ProductDeleted(product_id=product.id))
        for variant in queries.variants_of(product.id).select_for_update():
            variant.soft_delete(at=now, by=actor.id, deletion_id=deletion_id)
            variant.save()
            work.publish(ProductDeleted(product_id=variant.id))
    return product


def restore_product(*, product_id: UUID, actor: Actor, now: datetime) -> Product:
    """Undo the deletion of a product, and of the variants that went with it. Safe to repeat.

    Raises ProductNotFound; SkuTaken, VariantTaken when another product has taken its place since; NoMaster when it is a
    variant of a product that is deleted.
    """
    with unique_means(["of this product or of a variant"]), work_of(actor, Product) as work:
        product = queries.lock_product(product_id)
        if not product.is_deleted:
            return product
        _require_master(product)
        for restored in [product, *_gone_with(product)]:
            restored.restore()
            restored.save()
            work.publish(ProductRestored(product_id=restored.id))
    return product


def _gone_with(product: Product) -> list[Product]:
    variants = queries.variants_of(product.id, with_deleted=True)
    return list(variants.filter(deletion_id=product.deletion_id).select_for_update())


def _require_master(product: Product) -> None:
    if product.variant_of_id is None:
        return
    master = queries.lock_product(product.variant_of_id)
    if master.is_deleted or master.is_variant:
        raise NoMaster(f"{product.name} is a variant of {master.name}, which is deleted: restore that first")
