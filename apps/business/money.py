"""Prices and money. A unit price is an integer of 1/10,000 major units (`…_e4`), an amount one of minor units
(`…_minor`).

Integers, since comparisons of `numeric` are not leak-proof and so could not use an index behind row-level security.
"""

from __future__ import annotations

from decimal import Decimal

from apps.core.api.presentation import minor_digits

PRICE_DIGITS = 4
PRICE_SCALE = 10**PRICE_DIGITS
MAX_PRICE = Decimal(10**11)


def price_e4(price: Decimal) -> int:
    """A price in major units as an integer. Raises ValueError where it has more than four decimals or is absurd."""
    scaled = price.scaleb(PRICE_DIGITS) if price.is_finite() else price
    if not price.is_finite() or abs(price) >= MAX_PRICE or scaled != scaled.to_integral_value():
        raise ValueError(f"{price} is not a price: at most {PRICE_DIGITS} decimals, below {MAX_PRICE}")
    return int(scaled)


def price_of(unit_price_e4: int) -> Decimal:
    """A price in major units, with four decimals."""
    return Decimal(unit_price_e4).scaleb(-PRICE_DIGITS)


def line_total_minor(quantity: int, unit_price_e4: int, currency: str) -> int:
    """Quantity times price, rounded half to even to minor units of the currency (ISO 4217)."""
    return rounded_half_even(quantity * unit_price_e4, 10 ** (PRICE_DIGITS - minor_digits(currency)))


def minor_as_e4(amount_minor: int, currency: str) -> int:
    """An amount in minor units as 1/10,000 major units, to be compared with exact products."""
    return amount_minor * int(10 ** (PRICE_DIGITS - minor_digits(currency)))


def rounded_half_even(number: int, divisor: int) -> int:
    """`number / divisor` as an integer; a half goes to the even neighbour, so that many roundings do not add up."""
    quotient, remainder = divmod(number, divisor)
    if 2 * remainder > divisor or (2 * remainder == divisor and quotient % 2):
        quotient += 1
    return quotient
