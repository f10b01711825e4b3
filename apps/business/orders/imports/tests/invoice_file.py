"""Makes invoice files with the oddities of real ones."""

from __future__ import annotations

import csv
import gzip
import io
import random
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from pathlib import Path

from apps.business.orders.imports.reader import COLUMNS

Row = Sequence[object]
START = datetime(2025, 12, 1, 8, 26)
_CODES = [*(f"2{n:04d}" for n in range(30)), "15056bl", "15056BL", "85123a", "85123A", "gift_0001_20"]
_BUYERS = ["17850", "13047", "12583", "14527", ""]


def row(invoice="536365", code="20001", quantity=1, price="2.55", **changes: object) -> list[object]:
    """One row; the rest is ordinary unless named: description, at, buyer, country."""
    return [
        invoice,
        code,
        changes.get("description", f"THING {code}".upper()),
        quantity,
        changes.get("at", START.isoformat()),
        price,
        changes.get("buyer", "17850"),
        changes.get("country", "United Kingdom"),
    ]


def generated(*, invoices: int = 40, seed: int = 7) -> list[list[object]]:
    """Rows of a month: sales, credit notes for some of them, counts, postage, manual lines, exact duplicates."""
    chance, rows, sold = random.Random(seed), [], []
    for number in range(invoices):
        at = (START + timedelta(minutes=37 * number)).isoformat()
        buyer = chance.choice(_BUYERS)
        made = _sale(chance, str(536365 + number), at, buyer)
        rows += made
        sold += [line for line in made if line[6] and int(line[3]) > 0]
        if number % 5 == 4:
            rows += _credit(chance, f"C{536365 + number}", at, chance.choice(sold))
        if number % 7 == 6:
            rows.append(
                row(
                    f"54{number:04d}",
                    chance.choice(_CODES),
                    -chance.randrange(1, 20),
                    "0.0",
                    at=at,
                    buyer="",
                    description="damages",
                )
            )
    return [*rows, *_oddities()]


def _sale(chance: random.Random, number: str, at: str, buyer: str) -> list[list[object]]:
    def line(code: str, quantity: int, price: str, **changes: object) -> list[object]:
        return row(number, code, quantity, price, at=at, buyer=buyer, **changes)

    lines = [
        line(chance.choice(_CODES), chance.randrange(1, 13), f"{chance.randrange(1, 999) / 100:.2f}")
        for _ in range(chance.randrange(1, 9))
    ]
    if chance.random() < 0.3:
        lines.append(list(lines[0]))  # an exact duplicate, and a real one
    if chance.random() < 0.3:
        lines.append(line("POST", chance.randrange(1, 4), "18.0", description="POSTAGE"))
    if chance.random() < 0.2:
        lines.append(line("M", 1, "1.25", description="Manual"))
    if chance.random() < 0.2:
        lines.append(line(chance.choice(_CODES), 5, "0.0", description=""))
    return lines


def _credit(chance: random.Random, number: str, at: str, bought: Sequence[object]) -> list[list[object]]:
    code, quantity, price, buyer = bought[1], int(str(bought[3])), bought[5], bought[6]
    back = -chance.randrange(1, quantity + 3)  # now and then more than was bought
    return [
        row(number, str(code), back, str(price), at=at, buyer=buyer),
        row(number, "D", -1, "27.5", at=at, buyer=buyer, description="Discount"),
    ]


def _oddities() -> list[list[object]]:
    later = (START + timedelta(days=20)).isoformat()
    minute_later = (START + timedelta(days=20, minutes=1)).isoformat()
    return [
        row("560001", "20001", 3, "1.00", at=later, buyer="17850"),
        row("560001", "20002", 3, "1.00", at=minute_later, buyer="17850"),  # two times in one invoice
        row("560002", "20001", 1, "1.00", at=later, buyer="17850"),
        row("560002", "20001", 2, "1.00", at=later, buyer="13047"),  # two buyers in one invoice
        row("560003", "PADS", 1, "0.001", at=later, description="PADS TO MATCH ALL CUSHIONS"),
        row("560004", "B", 1, "-11062.06", at=later, buyer="", description="Adjust bad debt"),
        row("C560005", "AMAZONFEE", -1, "13541.33", at=later, buyer="", description="AMAZON FEE"),
        row("C560006", "20003", -4, "1.65", at=later, buyer="", description=""),  # an unnamed buyer
    ]


def broken() -> list[list[object]]:
    """Rows that cannot be imported, each for a reason of its own."""
    return [
        row("570001", quantity="two"),
        row("570001", price="free"),
        row("570001", price="0.00001"),
        row("570001", at="yesterday"),
        row("570001", code=""),
        row(""),
        row("570001", quantity=0),
        row("570001", price="-1"),
        row("C570002", quantity=2),
        row("570001", description="x" * 201),
        row("570001", quantity="99999999999999999999"),
    ]


def text_of(rows: Iterable[Row], columns: Sequence[str] = COLUMNS) -> str:
    text = io.StringIO()
    csv.writer(text).writerows([columns, *rows])
    return text.getvalue()


def written(path: Path, rows: Iterable[Row]) -> Path:
    """The rows as a file; in gzip where its name ends so."""
    data = text_of(rows).encode()
    path.write_bytes(gzip.compress(data) if path.suffix == ".gz" else data)
    return path
