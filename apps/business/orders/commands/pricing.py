"""The lines of a new order with their prices, discounts and taxes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Protocol

from apps.business.orders import queries
from apps.business.orders.commands.lines import NewLine
from apps.business.orders.models import LineKind, Order, OrderLine
from apps.business.orders.totals import Charge, Discount, Priced, priced

NO_TAX: Mapping[str, int] = {}


class Discounted(Protocol):
    """What is wanted of an order's price."""

    @property
    def discount_percent(self) -> Decimal: ...
    @property
    def discount_minor(self) -> int: ...
    @property
    def historical(self) -> bool: ...


def priced_rows(lines: Sequence[NewLine], order: Order, wish: Discounted) -> list[OrderLine]:
    """The order's lines, and its sums set. Two statements; none for an order from elsewhere, whose prices are final.

    Taxed where it goes to (`Order.country`), at the rates of the day on which it is placed.
    """
    rates = NO_TAX if wish.historical else queries.tax_rates_at(order.country, order.placed_at)
    order.prices_include_tax = bool(rates) and queries.prices_include_tax()
    charges = [_charge(line, rates) for line in lines]
    discount = _discount(wish.discount_percent, wish.discount_minor)
    prices = priced(charges, currency=order.currency, discount=discount, prices_include_tax=order.prices_include_tax)
    order.total_minor = sum(price.owed_minor for price in prices)
    order.tax_minor = sum(price.tax_minor for price in prices)
    order.discount_minor = sum(price.discount_minor for price in prices)
    numbered = enumerate(zip(lines, charges, prices, strict=True), start=1)
    return [_row(order, ordinal, line, charge, price) for ordinal, (line, charge, price) in numbered]


def _charge(line: NewLine, rates: Mapping[str, int]) -> Charge:
    return Charge(
        quantity=line.quantity,
        unit_price_e4=line.price_e4,
        goods=line.kind == LineKind.PRODUCT,
        discount=_discount(line.discount_percent, line.discount_minor),
        rate_e4=rates.get(line.tax_class, 0),
    )


def _discount(percent: Decimal, amount_minor: int) -> Discount:
    return Discount(part_e4=int(percent * 100), amount_minor=amount_minor)


def _row(order: Order, ordinal: int, line: NewLine, charge: Charge, price: Priced) -> OrderLine:
    return OrderLine(
        order=order,
        ordinal=ordinal,
        kind=line.kind,
        product_id=line.product_id,
        code=line.code,
        description=line.description,
        quantity=line.quantity,
        unit_price_e4=charge.unit_price_e4,
        total_minor=price.total_minor,
        discount_minor=price.discount_minor,
        tax_minor=price.tax_minor,
        tax_rate_e4=charge.rate_e4,
    )
