"""The lines of a new order with their prices, discounts and taxes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Protocol

from apps.business.money import minor_as_e4, price_of
from apps.business.orders import queries
from apps.business.orders.commands.lines import NewLine
from apps.business.orders.errors import InvalidOrder
from apps.business.orders.models import LineKind, Order, OrderLine, ShippingMethod
from apps.business.orders.totals import NO_DISCOUNT, Charge, Discount, Priced, priced

NO_TAX: Mapping[str, int] = {}


class Discounted(Protocol):
    """What is wanted of an order's price."""

    @property
    def discount_percent(self) -> Decimal: ...
    @property
    def discount_minor(self) -> int: ...
    @property
    def historical(self) -> bool: ...


def priced_rows(
    lines: Sequence[NewLine], order: Order, wish: Discounted, method: ShippingMethod | None = None
) -> list[OrderLine]:
    """The order's lines, the last one what the chosen way costs, and its sums set. Two statements; none for an order
    from elsewhere, whose prices are final.

    Taxed where it goes to (`Order.country`), at the rates of the day on which it is placed.
    """
    rates = NO_TAX if wish.historical else queries.tax_rates_at(order.country, order.placed_at)
    order.prices_include_tax = bool(rates) and queries.prices_include_tax()
    rows = _rows(lines, order, rates, _discount(wish.discount_percent, wish.discount_minor))
    if method is not None:
        goods_minor = sum(row.total_minor for row in rows if row.kind == LineKind.PRODUCT)
        charge = shipping_line(method, order.currency, goods_minor)
        rows += _rows([charge], order, rates, NO_DISCOUNT, first=len(rows) + 1)
    _sum_up(order, rows)
    return rows


def shipping_line(method: ShippingMethod, currency: str, goods_minor: int) -> NewLine:
    """What a way costs for goods of that worth (after discounts, in minor units). Raises InvalidOrder."""
    price = method.price_in(currency)
    if price is None:
        raise InvalidOrder(errors={"shipping_method_id": [f"{method.name} has no price in {currency}"]})
    charge = price_of(minor_as_e4(price.charge_minor(goods_minor), currency))
    return NewLine(kind=LineKind.SHIPPING, description=method.name, unit_price=charge, tax_class=method.tax_class)


def _rows(
    lines: Sequence[NewLine], order: Order, rates: Mapping[str, int], discount: Discount, *, first: int = 1
) -> list[OrderLine]:
    charges = [_charge(line, rates) for line in lines]
    prices = priced(charges, currency=order.currency, discount=discount, prices_include_tax=order.prices_include_tax)
    numbered = enumerate(zip(lines, charges, prices, strict=True), start=first)
    return [_row(order, ordinal, line, charge, price) for ordinal, (line, charge, price) in numbered]


def _sum_up(order: Order, rows: Sequence[OrderLine]) -> None:
    order.tax_minor = sum(row.tax_minor for row in rows)
    order.discount_minor = sum(row.discount_minor for row in rows)
    order.shipping_minor = sum(row.total_minor for row in rows if row.kind == LineKind.SHIPPING)
    added_tax = 0 if order.prices_include_tax else order.tax_minor
    order.total_minor = sum(row.total_minor for row in rows) + added_tax


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
