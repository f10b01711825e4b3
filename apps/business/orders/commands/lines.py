"""What a caller says of a line, and the rules it must keep."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from apps.business.catalog import queries as catalog
from apps.business.money import price_e4, price_of
from apps.business.orders.errors import InvalidOrder
from apps.business.orders.models import LineKind, OrderLine

MOST_LINES = 1000
_LARGEST_QUANTITY = 10**9
_LARGEST_TOTAL_E4 = 10**17
_MOST_MINOR = 10**15


@dataclass(frozen=True, slots=True, kw_only=True)
class NewLine:
    """A line to be ordered or credited. A product's description, code and price are the catalogue's where not given.

    `unit_price` is in major units, with up to four decimals. Only a product has a `product_id`; only from it the line
    has another tax class than the standard.
    """

    kind: str = LineKind.PRODUCT
    product_id: UUID | None = None
    quantity: int = 1
    unit_price: Decimal | None = None
    description: str = ""
    code: str = ""
    discount_percent: Decimal = Decimal(0)
    discount_minor: int = 0
    tax_class: str = "standard"

    @property
    def price_e4(self) -> int:
        """Raises InvalidOrder where no price is known; `completed` sees to it that there is one."""
        if self.unit_price is None:
            raise InvalidOrder(errors={"unit_price": ["is needed"]})
        return price_e4(self.unit_price)


def completed(
    lines: Sequence[NewLine],
    *,
    currency: str,
    at: datetime | None = None,
    historical: bool = False,
    credited: bool = False,
) -> list[NewLine]:
    """The lines with everything the catalogue knows. Four statements. Raises InvalidOrder with `errors` by line.

    Products cost what the catalogue says for the currency and the moment `at`. `historical` lines name their own prices
    and may name products that are deleted by now. What is `credited` goes to the buyer, also a discount given
    afterwards.
    """
    if not lines or (len(lines) > MOST_LINES and not historical):
        raise InvalidOrder(errors={"lines": [f"from 1 to {MOST_LINES} lines"]})
    products = catalog.products_by_id({line.product_id for line in lines if line.product_id}, with_deleted=historical)
    prices = {} if historical or at is None else catalog.price_at(list(products), currency, at)
    masters = set() if historical else catalog.masters_among(list(products))
    whole, errors = [], {}
    for place, line in enumerate(lines):
        product = products.get(line.product_id) if line.product_id else None
        if line.kind == LineKind.PRODUCT and product is None:
            errors[f"lines.{place}.product_id"] = ["there is no such product"]
            continue
        if line.unit_price is not None and product is not None and not historical:
            errors[f"lines.{place}.unit_price"] = ["a product is sold at the catalogue's price"]
        if product is not None:
            line = _from_catalogue(line, product, prices.get(product.id))
            if product.id in masters:
                errors[f"lines.{place}.product_id"] = ["is sold in variants: choose one"]
            elif product.id not in prices and product.currency != currency:
                errors[f"lines.{place}.product_id"] = [f"is sold in {product.currency}, not in {currency}"]
        whole.append(line)
        errors |= {f"lines.{place}.{field}": [text] for field, text in _faults(line, credited=credited)}
    if errors:
        place, texts = next(iter(errors.items()))
        raise InvalidOrder(f"{place}: {texts[0]}", errors=errors)
    return whole


def quantities_of(lines: Iterable[NewLine | OrderLine]) -> dict[UUID, int]:
    """How many of each product the lines name together."""
    counts: Counter[UUID] = Counter()
    for line in lines:
        if line.product_id is not None:
            counts[line.product_id] += line.quantity
    return dict(counts)


def _from_catalogue(line: NewLine, product: Any, catalogue_price_e4: int | None) -> NewLine:
    known = product.unit_price if catalogue_price_e4 is None else price_of(catalogue_price_e4)
    return replace(
        line,
        description=line.description or product.name,
        code=line.code or product.sku,
        unit_price=known if line.unit_price is None else line.unit_price,
        tax_class=product.tax_class,
    )


def _faults(line: NewLine, *, credited: bool) -> Iterable[tuple[str, str]]:
    if line.kind == LineKind.SHIPPING:
        yield "kind", "is written by choosing a shipping method"
    if line.kind != LineKind.PRODUCT and line.product_id is not None:
        yield "product_id", f"a line of the kind {line.kind} names no product"
    if not line.description.strip() or len(line.description) > 200:
        yield "description", "1 to 200 characters"
    if line.quantity == 0 or abs(line.quantity) > _LARGEST_QUANTITY:
        yield "quantity", f"not zero, at most {_LARGEST_QUANTITY}"
    if line.kind == LineKind.PRODUCT and line.quantity < 0:
        yield "quantity", "at least 1"
    yield from discount_faults(line.discount_percent, line.discount_minor)
    yield from _price_faults(line, credited=credited)


def discount_faults(percent: Decimal, amount_minor: int) -> Iterable[tuple[str, str]]:
    """What is wrong with a discount, by field."""
    if not percent.is_finite() or not 0 <= percent <= 100 or percent * 100 != int(percent * 100):
        yield "discount_percent", "from 0 to 100, with at most two decimals"
    if not 0 <= amount_minor <= _MOST_MINOR:
        yield "discount_minor", "zero or more, in minor units"


def _price_faults(line: NewLine, *, credited: bool) -> Iterable[tuple[str, str]]:
    if line.unit_price is None:
        yield "unit_price", "is needed"
        return
    try:
        price = price_e4(line.unit_price)
    except ValueError as error:
        yield "unit_price", str(error)
        return
    if abs(price * line.quantity) > _LARGEST_TOTAL_E4:
        yield "unit_price", "the line's total is too large"
    if line.kind == LineKind.PRODUCT and price < 0:
        yield "unit_price", "not below zero"
    if line.kind == LineKind.DISCOUNT and price * line.quantity > 0 and not credited:
        yield "unit_price", "a discount takes something off: give a price below zero"
