"""The lines of one invoice, put together."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from apps.business.orders.imports.classify import Became, CannotBe, classify, kind_of
from apps.business.orders.imports.reader import Line, Rejected
from apps.business.orders.models import LineKind


@dataclass(frozen=True, slots=True)
class Invoice:
    """All importable lines with one invoice number, in the order of the file."""

    number: str
    lines: tuple[Line, ...]

    @property
    def at(self) -> datetime:
        """The earliest time that one of its lines names."""
        return min(line.at for line in self.lines)

    @property
    def first_line(self) -> int:
        return self.lines[0].line_number

    def only(self, lines: Iterable[Line]) -> Invoice:
        """The invoice with some of its lines."""
        return Invoice(self.number, tuple(lines))

    def of(self, became: Became) -> list[Line]:
        return [line for line in self.lines if classify(line) == became]

    @property
    def only_sells(self) -> bool:
        return all(classify(line) == Became.ORDER for line in self.lines)

    def by_customer(self, became: Became) -> dict[str, list[Line]]:
        """Its lines that become this, by the buyer: now and then a number was used for two."""
        groups: dict[str, list[Line]] = defaultdict(list)
        for line in self.of(became):
            groups[line.customer_code].append(line)
        return dict(groups)

    def stock_changes(self) -> Iterator[Counter[str]]:
        """What it does to the stock by stock code, step by step in the order in which it is booked."""
        yield _counted(self.of(Became.ORDER), sign=-1)
        yield _counted(self.of(Became.ADJUSTMENT), sign=1)
        yield _counted(self.of(Became.CREDIT), sign=-1)


def invoices_of(lines: Iterable[Line]) -> tuple[list[Invoice], list[Rejected]]:
    """The invoices in the order of time, then of the file, and the lines that contradict themselves."""
    groups: dict[str, list[Line]] = defaultdict(list)
    rejected = []
    for line in lines:
        try:
            classify(line)
        except CannotBe as fault:
            rejected.append(rejection_of(line, str(fault)))
        else:
            groups[line.invoice_no].append(line)
    invoices = [Invoice(number, tuple(group)) for number, group in groups.items()]
    return sorted(invoices, key=lambda invoice: (invoice.at, invoice.first_line)), rejected


def batches(invoices: Iterable[Invoice], *, at_most: int = 25) -> Iterator[list[Invoice]]:
    """The invoices in their order, those that only sell together as long as they follow one another."""
    together: list[Invoice] = []
    for invoice in invoices:
        if not invoice.only_sells:
            yield from filter(None, (together, [invoice]))
            together = []
            continue
        together.append(invoice)
        if len(together) == at_most:
            yield together
            together = []
    yield from filter(None, [together])


def rejection_of(line: Line, reason: str) -> Rejected:
    """The line as a rejected one."""
    amount = Decimal(line.exact_e4).scaleb(-4)
    return Rejected(line.line_number, reason, amount, line.invoice_no, line.ordinal)


def _counted(lines: Iterable[Line], *, sign: int) -> Counter[str]:
    counts: Counter[str] = Counter()
    for line in lines:
        if kind_of(line) == LineKind.PRODUCT:
            counts[line.code] += sign * line.quantity
    return counts
