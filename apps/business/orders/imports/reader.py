"""Reads an invoice file: CSV, or CSV in gzip, with the columns of COLUMNS in any order."""

from __future__ import annotations

import csv
import gzip
import hashlib
import io
import zlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo
from decimal import Decimal, InvalidOperation
from pathlib import Path

from apps.business.money import price_e4
from apps.business.orders.imports.errors import FileUnusable

COLUMNS = ("InvoiceNo", "StockCode", "Description", "Quantity", "InvoiceDate", "UnitPrice", "CustomerID", "Country")
_LONGEST = {"InvoiceNo": 24, "StockCode": 64, "Description": 200, "CustomerID": 64, "Country": 100}
_GZIP_MAGIC = b"\x1f\x8b"
_LARGEST_QUANTITY = 10**9
_LARGEST_AMOUNT = Decimal(10**12)
_DATE_FORMATS = ("%m/%d/%Y %H:%M", "%d.%m.%Y %H:%M")


@dataclass(frozen=True, slots=True)
class Line:
    """A line that can be understood. `ordinal` is its place in its invoice, from 1; `line_number` that in the file."""

    line_number: int
    invoice_no: str
    ordinal: int
    code: str
    description: str
    quantity: int
    at: datetime
    price_e4: int
    customer_code: str
    country: str

    @property
    def exact_e4(self) -> int:
        """Quantity times price, in 1/10,000 major units."""
        return self.quantity * self.price_e4

    @property
    def fingerprint(self) -> str:
        """Tells whether a line of another file with the same identity is the same line.

        Description and country are left out: another extract may say more of the same line.
        """
        content = (self.code, self.quantity, self.at.isoformat(), self.price_e4, self.customer_code)
        text = "\x1f".join(str(value) for value in content)
        return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()


@dataclass(frozen=True, slots=True)
class Rejected:
    """A line that cannot be imported, and why. `amount` is what the file says it is worth, 0 where unreadable."""

    line_number: int
    reason: str
    amount: Decimal = Decimal(0)
    invoice_no: str = ""
    ordinal: int = 0


@dataclass(slots=True)
class InvoiceFile:
    """The whole content of a file. `total` is its own, read off its quantities and prices alone."""

    name: str
    checksum: str
    lines: list[Line] = field(default_factory=list)
    rejected: list[Rejected] = field(default_factory=list)
    total: Decimal = Decimal(0)
    unreadable_amounts: int = 0

    @property
    def line_count(self) -> int:
        return len(self.lines) + len(self.rejected)


def read(path: Path, *, encoding: str = "utf-8", zone: tzinfo = UTC) -> InvoiceFile:
    """Read the file. Times without an offset are those of `zone`. Raises FileUnusable."""
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise FileUnusable(f"{path} cannot be read: {error.strerror}") from error
    return parsed(raw, name=path.name, encoding=encoding, zone=zone)


def parsed(
    raw: bytes, *, name: str, encoding: str = "utf-8", zone: tzinfo = UTC, at_most: int | None = None
) -> InvoiceFile:
    """The same of a file's bytes, which may be packed; `at_most` so many are unpacked. Raises FileUnusable."""
    content = InvoiceFile(name=name, checksum=hashlib.sha256(raw).hexdigest())
    ordinals: Counter[str] = Counter()
    for number, fields in _rows(_text(raw, name, encoding, at_most), name):
        amount = amount_of(fields)
        content.total += amount or 0
        content.unreadable_amounts += amount is None
        invoice_no = (fields.get("InvoiceNo") or "").strip()
        ordinals[invoice_no] += 1
        try:
            content.lines.append(_line(number, fields, ordinals[invoice_no], zone))
        except ValueError as error:
            identity = (invoice_no[:24], ordinals[invoice_no])
            content.rejected.append(Rejected(number, str(error), amount or Decimal(0), *identity))
    if not content.line_count:
        raise FileUnusable(f"{name} has a heading and no line")
    return content


def check_heading(raw: bytes, *, name: str, encoding: str = "utf-8", at_most: int | None = None) -> None:
    """Whether it is worth reading at all: text with the columns and a line. Raises FileUnusable."""
    if next(_rows(_text(raw, name, encoding, at_most), name), None) is None:
        raise FileUnusable(f"{name} has a heading and no line")


def amount_of(fields: dict[str, str]) -> Decimal | None:
    """What the file says a line is worth, in major units; None where that cannot be read."""
    try:
        amount = Decimal(fields["Quantity"].strip()) * Decimal(fields["UnitPrice"].strip())
    except (InvalidOperation, KeyError, AttributeError):
        return None
    return amount if amount.is_finite() and abs(amount) < _LARGEST_AMOUNT else None


def _text(raw: bytes, name: str, encoding: str, at_most: int | None) -> io.StringIO:
    if not raw:
        raise FileUnusable(f"{name} is empty")
    plain = _unpacked(raw, name, at_most)
    try:
        return io.StringIO(plain.decode("utf-8-sig" if encoding == "utf-8" else encoding), newline="")
    except UnicodeDecodeError as error:
        raise FileUnusable(f"{name} is not {encoding} text ({error.reason}): name its encoding") from error
    except LookupError as error:
        raise FileUnusable(f"{encoding} is no encoding") from error


def _unpacked(raw: bytes, name: str, at_most: int | None) -> bytes:
    """A few bytes of gzip may hold gigabytes, so no more is unpacked than may be."""
    if not raw.startswith(_GZIP_MAGIC):
        return raw
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(raw)) as packed:
            plain = packed.read(-1 if at_most is None else at_most + 1)
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise FileUnusable(f"{name} is a broken gzip file: {error}") from error
    if at_most is not None and len(plain) > at_most:
        raise FileUnusable(f"{name} is larger than {at_most:,} bytes when unpacked: divide it")
    return plain


def _rows(text: io.StringIO, name: str) -> Iterator[tuple[int, dict[str, str]]]:
    """(number of the first physical line, fields by column) of each row that is not blank."""
    reader = csv.reader(text)
    try:
        heading = [column.strip() for column in next(reader, [])]
        missing = [column for column in COLUMNS if column not in heading]
        if missing:
            raise FileUnusable(f"{name} has no column {', '.join(missing)}; its first line names {', '.join(heading)}")
        number = reader.line_num + 1
        for row in reader:
            if row:
                yield number, dict(zip(heading, row, strict=True)) if len(row) == len(heading) else {"": str(len(row))}
            number = reader.line_num + 1
    except csv.Error as error:
        raise FileUnusable(f"{name}, line {reader.line_num}: {error}") from error


def _line(number: int, fields: dict[str, str], ordinal: int, zone: tzinfo) -> Line:
    """Raises ValueError saying what is wrong with the line."""
    if "" in fields:
        raise ValueError(f"has {fields['']} fields instead of {len(COLUMNS)}")
    texts = {name: fields[name].strip() for name in COLUMNS}
    if any("\x00" in text for text in texts.values()):
        raise ValueError("contains a NUL character")
    for name, longest in _LONGEST.items():
        if len(texts[name]) > longest:
            raise ValueError(f"{name} has more than {longest} characters")
    for name in ("InvoiceNo", "StockCode"):
        if not texts[name]:
            raise ValueError(f"{name} is missing")
    return Line(
        line_number=number,
        invoice_no=texts["InvoiceNo"],
        ordinal=ordinal,
        code=texts["StockCode"],
        description=texts["Description"],
        quantity=_quantity(texts["Quantity"]),
        at=_moment(texts["InvoiceDate"], zone),
        price_e4=_price(texts["UnitPrice"]),
        customer_code=texts["CustomerID"].removesuffix(".0"),
        country=texts["Country"],
    )


def _quantity(text: str) -> int:
    try:
        quantity = int(text)
    except ValueError:
        raise ValueError(f"Quantity {text[:20]!r} is no whole number") from None
    if abs(quantity) > _LARGEST_QUANTITY:
        raise ValueError(f"Quantity {text[:20]} is larger than {_LARGEST_QUANTITY}")
    return quantity


def _price(text: str) -> int:
    try:
        return price_e4(Decimal(text))
    except InvalidOperation:
        raise ValueError(f"UnitPrice {text[:20]!r} is no number") from None
    except ValueError:
        raise ValueError(f"UnitPrice {text[:20]} has more than four decimals or is too large") from None


def _moment(text: str, zone: tzinfo) -> datetime:
    moment = _parsed_moment(text)
    moment = moment if moment.tzinfo else moment.replace(tzinfo=zone)
    return moment.astimezone(UTC)


def _parsed_moment(text: str) -> datetime:
    """ISO 8601, or one of the two ways in which spreadsheets write it."""
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        for form in _DATE_FORMATS:
            try:
                return datetime.strptime(text, form)  # noqa: DTZ007 (the caller adds the zone)
            except ValueError:
                continue
    raise ValueError(f"InvoiceDate {text[:30]!r} is no date and time")
