"""How several things stand in one cell. A backslash before `| ; = /` and before itself makes it a part of the text."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

Path = tuple[str, ...]
_SPECIAL = re.compile(r"([\\|;=/])")
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_PRICE = re.compile(r"([A-Z]{3}) (\d{1,12}(?:\.\d{1,4})?)(?: from (\S+))?(?: until (\S+))?")


@dataclass(frozen=True, slots=True)
class PriceWish:
    """A price that a file asks for. Without `valid_from` from now on."""

    currency: str
    price: Decimal
    valid_from: datetime | None = None
    valid_to: datetime | None = None


def paths_text(paths: Iterable[Path]) -> str:
    return " | ".join(" / ".join(map(_escaped, path)) for path in sorted(paths))


def paths_of(text: str) -> list[Path]:
    """Raises ValueError."""
    paths = [tuple(map(_plain, _split(part, "/"))) for part in _split(text, "|")] if text else []
    if any(not name for path in paths for name in path):
        raise ValueError("a category without a name: Kitchen / Tea | Gifts")
    return paths


def options_text(options: Mapping[str, str]) -> str:
    return "; ".join(f"{_escaped(name)}={_escaped(value)}" for name, value in options.items())


def options_of(text: str) -> dict[str, str]:
    """Raises ValueError."""
    pairs = [_split(part, "=") for part in _split(text, ";")] if text else []
    if any(len(pair) != 2 for pair in pairs):  # a name and a value
        raise ValueError("options are written Size=M; Colour=red")
    options = {_plain(name): _plain(value) for name, value in pairs}
    if len(options) != len(pairs):
        raise ValueError("an option is named twice")
    return options


def prices_text(prices: Iterable[Any]) -> str:
    return " | ".join(_price_text(price) for price in prices)


def prices_of(text: str) -> list[PriceWish]:
    """Raises ValueError."""
    return [_price(part) for part in text.split("|")] if text else []


def _price_text(price: Any) -> str:
    until = f" until {price.valid_to.isoformat()}" if price.valid_to else ""
    return f"{price.currency} {price.price} from {price.valid_from.isoformat()}{until}"


def _price(text: str) -> PriceWish:
    found = _PRICE.fullmatch(" ".join(text.split()))
    if found is None:
        raise ValueError(f"{text.strip()} is not a price such as EUR 2.50 from 2026-12-01T00:00:00+00:00")
    currency, price, begin, end = found.groups()
    return PriceWish(currency, Decimal(price), begin and _moment(begin), end and _moment(end))


def _moment(text: str) -> datetime:
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(f"{text} is not a moment such as 2026-12-01T00:00:00+00:00") from None
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def _escaped(text: str) -> str:
    return _SPECIAL.sub(r"\\\1", text)


def _plain(text: str) -> str:
    return _ESCAPED.sub(r"\1", text)


def _split(text: str, separator: str) -> list[str]:
    """The parts between separators that no backslash stands before, without the space around them."""
    parts, part, letters = [], "", iter(text)
    for letter in letters:
        if letter == "\\":
            part += letter + next(letters, "")
        elif letter == separator:
            parts.append(part.strip())
            part = ""
        else:
            part += letter
    return [*parts, part.strip()]
