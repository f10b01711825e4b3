"""What an import tells at its end, read back from what was really kept."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import ROUND_HALF_EVEN, Decimal

from apps.business.money import minor_as_e4
from apps.business.orders.imports import ledger
from apps.business.orders.imports.books import Books, books_of
from apps.business.orders.imports.reader import InvoiceFile
from apps.business.orders.models import ImportedLine, ImportRun
from apps.business.reconciliation.reconciling import Heard, Reconciliation, reconcile
from apps.business.reconciliation.reconciling import told as told_of_books

_PENNY = Decimal("0.01")


@dataclass(frozen=True, slots=True)
class Report:
    """What became of a file. Amounts are in major units of `currency`.

    `rounding` is what the lines that were booked lost or gained on their way to whole minor units.
    """

    currency: str
    line_count: int
    became: Counter[str]
    rejected: tuple[ImportedLine, ...]
    unreadable_amounts: int
    file_total: Decimal
    imported_total: Decimal
    rejected_total: Decimal
    rounding: Decimal
    books: Books
    reconciliation: Reconciliation

    @property
    def imported_count(self) -> int:
        return self.became.total()

    @property
    def difference(self) -> Decimal:
        """What the file says beyond what is accounted for. Zero when it balances."""
        return self.file_total - self.imported_total - self.rejected_total - self.rounding

    @property
    def balances(self) -> bool:
        """True when every line and every penny is accounted for."""
        complete = self.imported_count + len(self.rejected) == self.line_count
        balanced = self.difference.quantize(_PENNY, rounding=ROUND_HALF_EVEN) == 0
        return complete and balanced and not self.books.differences and self.reconciliation.holds

    def major(self, amount_minor: int) -> Decimal:
        """An amount in minor units as the report shows it."""
        return _major([minor_as_e4(amount_minor, self.currency)])


def report_of(file: InvoiceFile, run: ImportRun, *, before: datetime, heard: Heard) -> Report:
    """Compare the file with what the memory of imports says of its lines and with what is in the books, and check all
    the books of the tenant. What was recorded by others after `before` may still be on its way.
    """
    settled = ledger.settled({line.invoice_no for line in file.lines})
    booked = [
        (line, found)
        for line in file.lines
        if (found := settled.get((line.invoice_no, line.ordinal))) and found.fingerprint == line.fingerprint
    ]
    numbers = {line.line_number for line, _ in booked}
    # What was rejected once and booked by a later start is booked.
    rejected = [line for line in ledger.rejections(run) if line.line_number not in numbers]
    return Report(
        currency=run.currency,
        line_count=file.line_count,
        became=Counter(found.became for _, found in booked),
        rejected=tuple(rejected),
        unreadable_amounts=file.unreadable_amounts,
        file_total=file.total,
        imported_total=_major(minor_as_e4(found.booked_minor, run.currency) for _, found in booked),
        rejected_total=_major(line.exact_e4 for line in rejected),
        rounding=_major(found.exact_e4 - minor_as_e4(found.booked_minor, run.currency) for _, found in booked),
        books=books_of({line.invoice_no for line, _ in booked}),
        reconciliation=reconcile(before=before, heard=heard),
    )


def _major(amounts_e4: Iterable[int]) -> Decimal:
    return Decimal(sum(amounts_e4)).scaleb(-4)


def told(report: Report, *, most_rejected: int = 50) -> str:
    """The report as text: what became of the lines, what was rejected and why, and the reconciliation."""
    lines = [f"{report.line_count:,} lines: {report.imported_count:,} imported, {len(report.rejected):,} rejected"]
    lines += [f"  {what:<12}{count:>8,}" for what, count in sorted(report.became.items())]
    lines += [f"  line {line.line_number}: {line.reason}" for line in report.rejected[:most_rejected]]
    if len(report.rejected) > most_rejected:
        lines.append(f"  … and {len(report.rejected) - most_rejected:,} more: --rejected-to FILE writes them all")
    if report.unreadable_amounts:
        lines.append(f"  the amount of {report.unreadable_amounts:,} rejected lines cannot be read and counts as 0")
    return "\n".join([*lines, "", *_file(report), "", *_books(report), "", *_everything(report)])


def _file(report: Report) -> list[str]:
    total = report.imported_total + report.rejected_total + report.rounding
    rows = [
        ("imported", report.imported_total),
        ("rejected", report.rejected_total),
        ("rounding", report.rounding),
        ("together", total),
        ("the file", report.file_total),
    ]
    table = [_row(*row) for row in rows]
    return [f"Reconciliation ({report.currency})", *table[:3], f"  {'-' * 46}", *table[3:]]


def _books(report: Report) -> list[str]:
    """What the same lines are in each of the books. Only a number that came in several files has a remainder."""
    books = report.books
    others = report.major(books.booked_minor) - report.imported_total
    rows = [_row("imported", report.imported_total)]
    rows += [_row("from other files", others)] if others else []
    rows += [_row("by an earlier release", report.major(-books.elsewhere_minor))] if books.elsewhere_minor else []
    named = (
        ("orders", "orders less returns", books.orders_minor),
        ("ledger", "captured less refunded", books.ledger_minor),
        ("invoices", "invoiced less credited", books.invoices_minor),
    )
    for name, label, amount in named:
        out = books.differences.get(name)
        rows.append(_row(label, report.major(amount), f"OUT BY {report.major(out):,.2f}" if out else "agrees"))
    return ["In the books", *rows]


def _everything(report: Report) -> list[str]:
    verdict = "balanced"
    if not report.balances:
        verdict = f"NOT BALANCED: {report.difference:,.4f} of the file is missing, or the books do not agree"
    return ["All books of the company", told_of_books(report.reconciliation), "", verdict]


def _row(name: str, amount: Decimal, verdict: str = "") -> str:
    return f"  {name:<26}{amount:>20,.4f}  {verdict}".rstrip()
