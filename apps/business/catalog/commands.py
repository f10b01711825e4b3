"""Every write to the catalogue, one transaction each."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from apps.business.catalog import queries
from apps.business.catalog.errors import InvalidProduct, SkuTaken
from apps.business.catalog.errors import ProductDeleted as ProductIsDeleted
from apps.business.catalog.events import ProductCreated, ProductDeleted, ProductRestored, ProductUpdated
from apps.business.catalog.models import Product
from apps.business.constraints import violation_means
from apps.business.currencies import is_currency
from apps.business.money import price_e4
from apps.business.units import work_of
from apps.core.errors import PreconditionFailed
from apps.core.history import Actor

_BATCH = 500
_UNIQUE_SKU = "catalog_product_sku"
_SKU_LENGTH, _NAME_LENGTH, _LARGEST_LEVEL = 64, 200, 2_000_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class NewProduct:
    """What a product is made of. `unit_price` is in major units, with up to four decimals."""

    sku: str
    name: str
    unit_price: Decimal
    currency: str
    description: str = ""
    reorder_level: int | None = None


def create_product(*, product: NewProduct, actor: Actor, now: datetime) -> Product:
    """Put a product into the catalogue. Raises InvalidProduct, SkuTaken."""
    return create_products(products=[product], actor=actor, now=now)[0]


def create_products(*, products: Sequence[NewProduct], actor: Actor, now: datetime) -> list[Product]:
    """Put many products into the catalogue: all or none. Raises InvalidProduct, SkuTaken."""
    created = [_made(product, now=now) for product in products]
    taken = SkuTaken(f"a product with the stock code {_some(p.sku for p in created)} exists already")
    with violation_means(_UNIQUE_SKU, lambda: taken), work_of(actor, Product) as work:
        # bulk_create does not call save(), which would say who made the rows.
        for product in created:
            product.created_by = product.updated_by = actor.id
        Product.objects.bulk_create(created, batch_size=_BATCH)
        for product in created:
            work.publish(ProductCreated(product_id=product.id, **_announced(product)))
    return created


def update_product(
    *, product_id: UUID, changes: Mapping[str, Any], expected_version: int | None = None, actor: Actor, now: datetime
) -> Product:
    """Describe or price a product anew. `changes` names fields of `NewProduct`.

    Safe to repeat: what changes nothing is not announced. `expected_version` is the version that the caller decided on.
    Raises ProductNotFound, ProductIsDeleted, PreconditionFailed, InvalidProduct, SkuTaken.
    """
    taken = SkuTaken(f"a product with the stock code {changes.get('sku')} exists already")
    with violation_means(_UNIQUE_SKU, lambda: taken), work_of(actor, Product) as work:
        product = queries.lock_product(product_id)
        if product.is_deleted:
            raise ProductIsDeleted(f"{product.name} is deleted: restore it before you change it")
        _require_version(product, expected_version)
        before = _content(product)
        after = NewProduct(**{**asdict(before), **changes})
        if after != before:
            _fill(product, after)
            product.save()
            work.publish(ProductUpdated(product_id=product.id, **_announced(product)))
    return product


def delete_product(*, product_id: UUID, expected_version: int | None = None, actor: Actor, now: datetime) -> Product:
    """Take a product out of the catalogue; `restore_product` brings it back. Earlier orders keep it.

    Safe to repeat. Raises ProductNotFound, PreconditionFailed.
    """
    with work_of(actor, Product) as work:
        product = queries.lock_product(product_id)
        if product.is_deleted:
            return product
        _require_version(product, expected_version)
        product.soft_delete(at=now, by=actor.id)
        product.save()
        work.publish(ProductDeleted(product_id=product.id))
    return product


def restore_product(*, product_id: UUID, actor: Actor, now: datetime) -> Product:
    """Undo the deletion of a product. Safe to repeat.

    Raises ProductNotFound, SkuTaken when another product has taken its sku since.
    """
    taken = SkuTaken("another product has taken its stock code since: give that one another code first")
    with violation_means(_UNIQUE_SKU, lambda: taken), work_of(actor, Product) as work:
        product = queries.lock_product(product_id)
        if not product.is_deleted:
            return product
        product.restore()
        product.save()
        work.publish(ProductRestored(product_id=product.id))
    return product


def _require_version(product: Product, expected: int | None) -> None:
    if expected is not None and product.version != expected:
        raise PreconditionFailed(
            f"{product.name} is at version {product.version}, not {expected}: somebody else changed it first",
            version=product.version,
        )


def _made(content: NewProduct, *, now: datetime) -> Product:
    product = Product(created_at=now, updated_at=now)
    _fill(product, content)
    return product


def _fill(product: Product, content: NewProduct) -> None:
    """Raises InvalidProduct."""
    _check(content)
    product.describe(sku=content.sku, name=content.name)
    product.description, product.reorder_level = content.description, content.reorder_level
    product.unit_price_e4, product.currency = price_e4(content.unit_price), content.currency


def _check(content: NewProduct) -> None:
    errors: dict[str, list[str]] = {}
    if not content.sku.strip() or len(content.sku) > _SKU_LENGTH or content.sku != content.sku.strip():
        errors["sku"] = [f"1 to {_SKU_LENGTH} characters, without space at the ends"]
    if not content.name.strip() or len(content.name) > _NAME_LENGTH:
        errors["name"] = [f"1 to {_NAME_LENGTH} characters"]
    if not is_currency(content.currency):
        errors["currency"] = ["an ISO 4217 code such as GBP"]
    if content.reorder_level is not None and not 0 <= content.reorder_level <= _LARGEST_LEVEL:
        errors["reorder_level"] = [f"from 0 to {_LARGEST_LEVEL}"]
    errors |= _price_errors(content.unit_price)
    if errors:
        raise InvalidProduct("; ".join(f"{name}: {texts[0]}" for name, texts in errors.items()), errors=errors)


def _price_errors(price: Decimal) -> dict[str, list[str]]:
    try:
        below_zero = price_e4(price) < 0
    except ValueError as error:
        return {"unit_price": [str(error)]}
    return {"unit_price": ["not below zero"]} if below_zero else {}


def _content(product: Product) -> NewProduct:
    return NewProduct(
        sku=product.sku,
        name=product.name,
        unit_price=product.unit_price,
        currency=product.currency,
        description=product.description,
        reorder_level=product.reorder_level,
    )


def _announced(product: Product) -> dict[str, Any]:
    names = ("sku", "name", "unit_price_e4", "currency")
    return {name: getattr(product, name) for name in names}


def _some(skus: Iterable[str]) -> str:
    return ", ".join(sorted(skus)[:5])
