"""What a caller says of a product, and the rules it must keep."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any
from uuid import UUID

from apps.business.catalog.errors import InvalidProduct
from apps.business.catalog.models import Product, TaxClass
from apps.business.currencies import is_currency
from apps.business.money import price_e4

_SKU_LENGTH, _NAME_LENGTH, _LARGEST_LEVEL = 64, 200, 2_000_000_000
_MOST_OPTIONS, _OPTION_LENGTH = 10, 64


@dataclass(frozen=True, slots=True, kw_only=True)
class NewProduct:
    """What a product is made of. `unit_price` is in major units, with up to four decimals.

    A variant names the product that it is a variant of, and by which options it differs: {"size": "M"}.
    """

    sku: str
    name: str
    unit_price: Decimal
    currency: str
    description: str = ""
    reorder_level: int | None = None
    tax_class: str = TaxClass.STANDARD
    variant_of: UUID | None = None
    options: Mapping[str, str] = field(default_factory=dict)


def content_of(product: Product) -> NewProduct:
    return NewProduct(
        sku=product.sku,
        name=product.name,
        unit_price=product.unit_price,
        currency=product.currency,
        description=product.description,
        reorder_level=product.reorder_level,
        tax_class=product.tax_class,
        variant_of=product.variant_of_id,
        options=product.options,
    )


def fill(product: Product, content: NewProduct) -> None:
    """Raises InvalidProduct."""
    check(content)
    product.describe(sku=content.sku, name=content.name)
    product.description, product.reorder_level = content.description, content.reorder_level
    product.unit_price_e4, product.currency = price_e4(content.unit_price), content.currency
    product.tax_class = content.tax_class
    product.differ(variant_of=content.variant_of, options=dict(content.options))


def announced(product: Product) -> dict[str, Any]:
    """What the events say of a product."""
    names = ("sku", "name", "unit_price_e4", "currency", "tax_class")
    return {**{name: getattr(product, name) for name in names}, "variant_of": product.variant_of_id}


def check(content: NewProduct) -> None:
    """Raises InvalidProduct with `errors` by field."""
    errors: dict[str, list[str]] = {}
    if not content.sku.strip() or len(content.sku) > _SKU_LENGTH or content.sku != content.sku.strip():
        errors["sku"] = [f"1 to {_SKU_LENGTH} characters, without space at the ends"]
    if not content.name.strip() or len(content.name) > _NAME_LENGTH:
        errors["name"] = [f"1 to {_NAME_LENGTH} characters"]
    if not is_currency(content.currency):
        errors["currency"] = ["an ISO 4217 code such as GBP"]
    if content.reorder_level is not None and not 0 <= content.reorder_level <= _LARGEST_LEVEL:
        errors["reorder_level"] = [f"from 0 to {_LARGEST_LEVEL}"]
    if content.tax_class not in TaxClass.values:
        errors["tax_class"] = [f"one of {', '.join(TaxClass.values)}"]
    errors |= price_errors("unit_price", content.unit_price) | _option_errors(content)
    if errors:
        raise InvalidProduct("; ".join(f"{name}: {texts[0]}" for name, texts in errors.items()), errors=errors)


def price_errors(field_name: str, price: Decimal) -> dict[str, list[str]]:
    try:
        below_zero = price_e4(price) < 0
    except ValueError as error:
        return {field_name: [str(error)]}
    return {field_name: ["not below zero"]} if below_zero else {}


def _option_errors(content: NewProduct) -> dict[str, list[str]]:
    if content.variant_of is None and content.options:
        return {"options": ["only a variant has options"]}
    if content.variant_of is not None and not 1 <= len(content.options) <= _MOST_OPTIONS:
        return {"options": [f"a variant differs by 1 to {_MOST_OPTIONS} options"]}
    if not all(_is_text(text) for option in content.options.items() for text in option):
        return {"options": [f"names and values of 1 to {_OPTION_LENGTH} characters, without space at the ends"]}
    return {}


def _is_text(text: object) -> bool:
    return isinstance(text, str) and 0 < len(text) <= _OPTION_LENGTH and text == text.strip() and "\x00" not in text
