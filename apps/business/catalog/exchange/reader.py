"""A file as lines."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import Any

from apps.business.catalog.errors import CatalogueFileUnusable
from apps.business.catalog.exchange.cells import Path, PriceWish, options_of, paths_of, prices_of
from apps.business.catalog.exchange.columns import COLUMNS, REPORTED, TOLD
from apps.business.spreadsheet import unguarded


@dataclass(frozen=True, slots=True)
class Refused:
    """A line that is not imported, and why. `cells` are those of the file, by column."""

    number: int
    sku: str
    reason: str
    cells: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Line:
    """What a line says. None, and what `fields` does not name: the file does not speak of it."""

    number: int
    sku: str
    cells: Mapping[str, str]
    fields: Mapping[str, Any]
    master_sku: str | None = None
    categories: Sequence[Path] | None = None
    prices: Sequence[PriceWish] | None = None
    back_orders: int | None = None

    def refused(self, reason: str) -> Refused:
        return Refused(self.number, self.sku, reason, self.cells)


@dataclass(slots=True)
class CatalogueFile:
    """Everything that a file says."""

    columns: Sequence[str]
    lines: list[Line] = field(default_factory=list)
    refused: list[Refused] = field(default_factory=list)

    @property
    def line_count(self) -> int:
        return len(self.lines) + len(self.refused)

    @property
    def passed_over(self) -> list[str]:
        """Columns that are told and never imported."""
        return [name for name in self.columns if name in TOLD]


def parsed(content: bytes) -> CatalogueFile:
    """Read a file. Raises CatalogueFileUnusable where it is none of products."""
    rows = _rows(content)
    columns = heading_of(content)
    next(rows)
    file, seen = CatalogueFile(columns), dict[str, int]()
    for number, row in rows:
        _take(file, seen, number, row)
    return file


def heading_of(content: bytes) -> list[str]:
    """The columns. Raises CatalogueFileUnusable."""
    _, first = next(_rows(content), (0, []))
    names = [name.strip() for name in first]
    known = {**COLUMNS, **TOLD, **REPORTED}
    if "sku" not in names:
        raise CatalogueFileUnusable(f"the first line must name the columns, sku among them: {', '.join(COLUMNS)}")
    if unknown := [name for name in names if name not in known]:
        raise CatalogueFileUnusable(f"there is no column {unknown[0] or 'without a name'}: {', '.join(COLUMNS)}")
    if len(set(names)) < len(names):
        raise CatalogueFileUnusable("a column is named twice")
    return names


def _take(file: CatalogueFile, seen: dict[str, int], number: int, row: list[str]) -> None:
    cells = dict(zip(file.columns, map(unguarded, row), strict=False))
    sku = cells.get("sku", "").strip()
    if len(row) != len(file.columns):
        reason = f"it has {len(row)} cells, and the file {len(file.columns)} columns"
    elif not sku:
        reason = "sku: is needed"
    elif sku in seen:
        reason = f"sku: line {seen[sku]} is about {sku} already"
    else:
        seen[sku] = number
        try:
            file.lines.append(_line(number, sku, cells))
            return
        except ValueError as error:
            reason = str(error)
    file.refused.append(Refused(number, sku, reason, cells))


def _line(number: int, sku: str, cells: Mapping[str, str]) -> Line:
    """Raises ValueError, naming the column."""
    said = {}
    for name, read in _READERS.items():
        if name in cells:
            try:
                said[name] = read(cells[name] if name in _AS_IT_IS else cells[name].strip())
            except ValueError as error:
                raise ValueError(f"{name}: {error}") from error
    master_sku = said.pop("variant_of", None)
    parts = {name: said.pop(name) for name in ("categories", "prices", "back_orders") if name in said}
    if master_sku == "" and not said.get("options"):
        said["options"] = {}
    return Line(number, sku, cells, said, master_sku, **parts)


def _rows(content: bytes) -> Iterator[tuple[int, list[str]]]:
    """Each row that is not empty, with the number of the line where it begins. Raises CatalogueFileUnusable."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise CatalogueFileUnusable("the file is not UTF-8: choose “CSV UTF-8” when you save it") from error
    first = text.partition("\n")[0]
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=";" if ";" in first and "," not in first else ",")
    try:
        before = 0
        for row in rows:
            number, before = before + 1, rows.line_num
            if any(cell.strip() for cell in row):
                yield number, row
    except csv.Error as error:
        raise CatalogueFileUnusable(f"line {rows.line_num}: {error}") from error


def _price(text: str) -> Decimal:
    try:
        return Decimal(text)
    except InvalidOperation:
        raise ValueError(f"{text or 'nothing'} is not a price such as 2.50") from None


def _count(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 11):
        raise ValueError(f"{text or 'nothing'} is not a whole number, zero or more")
    return int(text)


_AS_IT_IS = ("name", "description")
_READERS: Mapping[str, Callable[[str], Any]] = {
    "name": str,
    "description": str,
    "unit_price": _price,
    "currency": str,
    "tax_class": str,
    "reorder_level": lambda text: _count(text) if text else None,
    "variant_of": str,
    "options": options_of,
    "categories": paths_of,
    "prices": prices_of,
    "back_orders": lambda text: _count(text) if text else 0,
}
