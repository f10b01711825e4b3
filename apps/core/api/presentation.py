"""How values read on a page: money, prices, moments, changed fields. Pure functions; the template tags wrap them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_EVEN, Decimal, InvalidOperation
from typing import Any

NOTHING = "—"
_MINUS = "\u2212"

# ISO 4217:2015, table A.1: currencies whose minor unit is not a hundredth.
_CURRENCIES_BY_DIGITS = {
    0: "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF",
    3: "BHD IQD JOD KWD LYD OMR TND",
    4: "CLF UYW",
}
_MINOR_DIGITS = {code: digits for digits, codes in _CURRENCIES_BY_DIGITS.items() for code in codes.split()}
_SYMBOLS = {
    "GBP": "£",
    "EUR": "€",
    "USD": "$",
    "JPY": "¥",
    "INR": "₹",
    "KRW": "₩",
    "ILS": "₪",
    "VND": "₫",
    "UAH": "₴",
    "AUD": "A$",
    "CAD": "C$",
    "NZD": "NZ$",
}
_PRICE_DIGITS = 4
_BOOKKEEPING = {"id", "tenant", "tenant_id", "created_at", "created_by", "updated_at", "updated_by", "version"}
_LONGEST_VALUE = 240


def minor_digits(currency: str) -> int:
    """Digits after the decimal point of a currency, as ISO 4217 has it; 2 for one that is not in its list."""
    return _MINOR_DIGITS.get(currency.upper(), 2)


def money_text(amount_minor: object, currency: str) -> str:
    """An amount in minor units as people write it: `£1,234.50`, `CHF 3.00`, `¥1,235`. A dash when there is none."""
    if amount_minor is None or amount_minor == "":
        return NOTHING
    digits = minor_digits(currency)
    return _signed(Decimal(str(amount_minor)).scaleb(-digits), currency, digits)


def price_text(price: object, currency: str) -> str:
    """A unit price in major units with the currency's digits and up to four where they are used: `£0.0010`, `£2.55`."""
    try:
        exact = Decimal(str(price)).quantize(Decimal(1).scaleb(-_PRICE_DIGITS), rounding=ROUND_HALF_EVEN)
    except InvalidOperation:
        return NOTHING
    digits = minor_digits(currency)
    short = exact.quantize(Decimal(1).scaleb(-digits), rounding=ROUND_HALF_EVEN)
    return _signed(exact, currency, digits if short == exact else _PRICE_DIGITS)


def _signed(amount: Decimal, currency: str, digits: int) -> str:
    code = currency.upper()
    # A no-break space keeps the code and its number on one line.
    symbol = _SYMBOLS.get(code) or (f"{code}\u00a0" if code else "")
    sign = _MINUS if amount < 0 else ""
    return f"{sign}{symbol}{abs(amount):,.{digits}f}"


def moment_text(at: datetime) -> str:
    """A moment in full, in the time zone it carries: `23 Nov 2026, 14:05 UTC`."""
    return f"{at.day} {at:%b %Y, %H:%M} {at.tzname() or ''}".rstrip()


def relative_text(at: datetime, now: datetime) -> str:
    """How long ago, or how far ahead: `just now`, `5 min ago`, `in 2 h`, `3 d ago`; beyond a week the day itself."""
    distance = abs(now - at)
    if distance >= timedelta(days=7):
        return f"{at.day} {at:%b %Y}"
    if distance < timedelta(minutes=1):
        return "just now"
    amount = _rounded(distance)
    return f"{amount} ago" if at <= now else f"in {amount}"


def _rounded(distance: timedelta) -> str:
    seconds = int(distance.total_seconds())
    if seconds < 3600:
        return f"{seconds // 60} min"
    if seconds < 86400:
        return f"{seconds // 3600} h"
    return f"{seconds // 86400} d"


def words(code: object) -> str:
    """A code as words: `stock_adjustment` → `Stock adjustment`, `OrderPlaced` → `Order placed`."""
    text = str(code or "")
    spaced = "".join(f" {c.lower()}" if c.isupper() and i and text[i - 1].islower() else c for i, c in enumerate(text))
    spaced = spaced.replace("_", " ").replace("-", " ").strip()
    return spaced[:1].upper() + spaced[1:]


@dataclass(frozen=True, slots=True)
class ChangedField:
    """One column of a change, its values as text."""

    field: str
    before: str
    after: str


def changed_fields(before: Mapping[str, Any] | None, after: Mapping[str, Any] | None) -> list[ChangedField]:
    """The columns that differ, in the order of the row. Bookkeeping is left out: the change says who and when."""
    old, new = before or {}, after or {}
    names = [name for name in dict.fromkeys([*old, *new]) if name not in _BOOKKEEPING]
    return [
        ChangedField(field=words(name), before=_value_text(old.get(name)), after=_value_text(new.get(name)))
        for name in names
        if old.get(name) != new.get(name)
    ]


def _value_text(value: object) -> str:
    if value is None or value == "":
        return NOTHING
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, datetime):
        return moment_text(value)
    if isinstance(value, date):
        return f"{value.day} {value:%b %Y}"
    if isinstance(value, list | tuple | set | frozenset):
        return ", ".join(_value_text(item) for item in value) or NOTHING
    text = json.dumps(value, default=str, ensure_ascii=False) if isinstance(value, dict) else str(value)
    return text if len(text) <= _LONGEST_VALUE else f"{text[:_LONGEST_VALUE]}…"


def sparkline_points(series: Sequence[float], *, width: int, height: int) -> list[tuple[float, float]]:
    """Corners of a line through the series in a box of that size, y downwards, with a unit of air above and below.

    A flat series lies on the floor when it is zero, in the middle when it is not.
    """
    if not series:
        return []
    low, high = min(0.0, *series), max(0.0, *series)
    if high == low:
        high = low + 1
    step = width / max(len(series) - 1, 1)
    room = height - 2
    return [(round(i * step, 1), round(1 + room * (high - v) / (high - low), 1)) for i, v in enumerate(series)]
