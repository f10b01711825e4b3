"""Importing invoices through the order commands, beside plain ORM creates of the same customers, products and orders.

INVOICES=<file> names the file; without it a small generated one is used, and said so. The plain side writes rows one
by one with `objects.create`, one transaction for each invoice: no stock, no events, no returns, no outcome per line.
"""

from __future__ import annotations

import csv
import os
import random
import tempfile
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from django.db import transaction
from django.utils import timezone

from apps.business.catalog.models import Product
from apps.business.money import line_total_minor
from apps.business.orders.imports.importing import import_file
from apps.business.orders.imports.invoices import invoices_of
from apps.business.orders.imports.reader import COLUMNS, InvoiceFile, Line, read
from apps.business.orders.models import Customer, LineKind, Order, OrderLine
from apps.core.db.ids import uuid7
from apps.core.history import SYSTEM
from apps.core.tenancy import tenant
from bench.harness import Bench

GENERATED_INVOICES = 300
ROUNDS = 3


def run(bench: Bench) -> None:
    given = os.environ.get("INVOICES")
    with tempfile.TemporaryDirectory() as folder:
        file = read(Path(given) if given else generated(Path(folder)))
    rounds, bench.rounds = bench.rounds, 1 if given else ROUNDS
    bench.compare(
        f"Import of {file.line_count:,} invoice lines ({'given' if given else 'generated'} file)",
        "lines",
        {"plain ORM creates, rows only": lambda: plain(file), "import_invoices, everything": lambda: ours(file)},
        note="Ours also takes stock, appends events, matches returns and keeps an outcome for each line.",
    )
    bench.rounds = rounds


def ours(file: InvoiceFile) -> int:
    with tenant(uuid7()):
        import_file(file, currency="GBP", time_zone="UTC", actor=SYSTEM, now=timezone.now(), progress=lambda *_: None)
    return file.line_count


def plain(file: InvoiceFile) -> int:
    customers: dict[str, Any] = {}
    products: dict[str, Any] = {}
    with tenant(uuid7()):
        for invoice in invoices_of(file.lines)[0]:
            with transaction.atomic(using="business"):
                _plain_order(invoice.number, invoice.lines, customers, products)
    return file.line_count


def _plain_order(number: str, lines: Sequence[Line], customers: dict[str, Any], products: dict[str, Any]) -> None:
    first = lines[0]
    if first.customer_code and first.customer_code not in customers:
        customers[first.customer_code] = Customer.objects.create(code=first.customer_code, name=first.customer_code)
    totals = [line_total_minor(line.quantity, line.price_e4, "GBP") for line in lines]
    order = Order.objects.create(
        number=number,
        customer=customers.get(first.customer_code),
        placed_at=first.at,
        currency="GBP",
        total_minor=sum(totals),
    )
    for ordinal, (line, total) in enumerate(zip(lines, totals, strict=True), start=1):
        if line.code not in products:
            products[line.code] = Product.objects.create(
                sku=line.code, name=line.description or line.code, unit_price_e4=abs(line.price_e4), currency="GBP"
            )
        goods = line.quantity > 0 and line.price_e4 >= 0
        OrderLine.objects.create(
            order=order,
            ordinal=ordinal,
            kind=LineKind.PRODUCT if goods else LineKind.MANUAL,
            product_id=products[line.code].id if goods else None,
            code=line.code,
            description=line.description,
            quantity=abs(line.quantity),
            unit_price_e4=line.price_e4,
            total_minor=total,
        )


def generated(folder: Path) -> Path:
    """A file of ordinary sales: some products, some customers, up to forty lines an invoice."""
    dice = random.Random(1)
    path = folder / "generated.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        for number in range(GENERATED_INVOICES):
            at = datetime(2026, 1, 1, 8, tzinfo=UTC) + timedelta(minutes=number)
            for code in dice.sample(range(500), dice.randint(1, 40)):
                price = f"{1 + code % 20}.{code % 100:02}"
                row = [500000 + number, 20000 + code, f"THING {code}", dice.randint(1, 12)]
                writer.writerow([*row, at.isoformat(), price, 12000 + number % 80, "United Kingdom"])
    return path
