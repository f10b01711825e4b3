"""What an order costs: discounts, then taxes, line by line, in minor units of one currency. Nothing but integers.

Rounding is stated once: each line is rounded by itself, half to even; what the buyer owes is the sum of rounded lines.
An order's discount is spread over its goods in proportion, to the last minor unit (largest remainder), so that each
line is taxed on what was really paid for it. Rates and percentages are in 1/10,000: 1900 is 19 %.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from apps.business.money import line_total_minor, rounded_half_even

WHOLE_E4 = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Discount:
    """What is taken off: a part, or an amount; the part first, and never more than there is."""

    part_e4: int = 0
    amount_minor: int = 0

    def of(self, worth_minor: int) -> int:
        """How much that is of something worth as much; nothing of what is worth nothing or less."""
        part = rounded_half_even(worth_minor * self.part_e4, WHOLE_E4)
        return min(part + self.amount_minor, max(worth_minor, 0)) if worth_minor > 0 else 0


NO_DISCOUNT = Discount()


@dataclass(frozen=True, slots=True, kw_only=True)
class Charge:
    """One line before its price is known. Only `goods` share an order's discount."""

    quantity: int
    unit_price_e4: int
    goods: bool = True
    discount: Discount = NO_DISCOUNT
    rate_e4: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Priced:
    """One line: `total_minor` is what is left of quantity times price after discounts, with or without the tax as the
    company's prices are; `owed_minor` is what the buyer pays for it.
    """

    total_minor: int
    discount_minor: int
    tax_minor: int
    owed_minor: int


def priced(charges: Sequence[Charge], *, currency: str, discount: Discount, prices_include_tax: bool) -> list[Priced]:
    """Each line's price, in their order."""
    full = [line_total_minor(charge.quantity, charge.unit_price_e4, currency) for charge in charges]
    own = [charge.discount.of(worth) for charge, worth in zip(charges, full, strict=True)]
    left = [max(w - d, 0) if c.goods else 0 for c, w, d in zip(charges, full, own, strict=True)]
    shares = spread(discount.of(sum(left)), left)
    return [
        _priced(worth - mine - share, mine + share, charge.rate_e4, prices_include_tax)
        for charge, worth, mine, share in zip(charges, full, own, shares, strict=True)
    ]


def spread(amount: int, weights: Sequence[int]) -> list[int]:
    """`amount` in whole parts in proportion to the weights, none above its weight where the amount is not above their
    sum; what is left of the division goes to the largest remainders, the first of equals first.
    """
    whole = sum(weights)
    if not amount or not whole:
        return [0] * len(weights)
    parts = [amount * weight // whole for weight in weights]
    by_remainder = sorted(range(len(weights)), key=lambda place: -(amount * weights[place] % whole))
    for place in by_remainder[: amount - sum(parts)]:
        parts[place] += 1
    return parts


def _priced(total_minor: int, discount_minor: int, rate_e4: int, included: bool) -> Priced:
    tax = rounded_half_even(total_minor * rate_e4, WHOLE_E4 + (rate_e4 if included else 0))
    owed = total_minor if included else total_minor + tax
    return Priced(total_minor=total_minor, discount_minor=discount_minor, tax_minor=tax, owed_minor=owed)
