"""Books invoices, one or some in one transaction: orders, returns, stock, and the memory of their lines."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from apps.business.inventory import commands as inventory
from apps.business.inventory.errors import StockShort
from apps.business.money import line_total_minor, price_of
from apps.business.orders import commands
from apps.business.orders.imports import ledger
from apps.business.orders.imports.classify import Became, kind_of
from apps.business.orders.imports.documents import Context, Sale, record_sales, record_settled
from apps.business.orders.imports.invoices import Invoice, rejection_of
from apps.business.orders.imports.matching import Part, matched
from apps.business.orders.imports.reader import Line, Rejected
from apps.business.orders.models import ImportRun, LineKind, Order, OrderReturn
from apps.business.units import work_of
from apps.core.errors import DomainError

_TRIES = 5
_NO_DESCRIPTION = {LineKind.POSTAGE: "Postage", LineKind.DISCOUNT: "Discount", LineKind.MANUAL: "Manual"}
Booked = list[tuple[Line, str, int]]


@dataclass(slots=True)
class _Numbers:
    """Numbers for the documents that come of one invoice: its own, then its own with -2, -3, …"""

    invoice: str
    used: int = field(default=0)

    def next(self) -> str:
        self.used += 1
        return self.invoice if self.used == 1 else f"{self.invoice}-{self.used}"


def book_invoices(invoices: Sequence[Invoice], context: Context) -> list[Rejected]:
    """Book what is not booked yet of some invoices, together. Returns the rejected lines, which are remembered too.

    Safe to repeat, and to be killed at any point: their transaction is all there is. Where the domain refuses something
    of one of them, each is booked by itself.
    """
    try:
        rejected = _book(invoices, context, {})
    except DomainError:
        rejected = [line for invoice in invoices for line in _book_alone(invoice, context)]
    if rejected:
        ledger.note_rejected(context.run, rejected, actor=context.actor)
    return rejected


def _book_alone(invoice: Invoice, context: Context) -> list[Rejected]:
    """Where others have sold, since the opening receipts were worked out, what the invoice needs, it brings the missing
    pieces along as a receipt.
    """
    receipts: Counter[UUID] = Counter()
    for _ in range(_TRIES):
        try:
            return _book([invoice], context, receipts)
        except StockShort as short:
            receipts.update({shortage.product_id: shortage.wanted - shortage.available for shortage in short.shortages})
        except DomainError as error:
            return [rejection_of(line, f"{error.code}: {error}") for line in invoice.lines]
    return [rejection_of(line, "stock_short: others keep taking what this needs") for line in invoice.lines]


def _book(invoices: Sequence[Invoice], context: Context, receipts: Mapping[UUID, int]) -> list[Rejected]:
    with work_of(context.actor, ImportRun):
        numbers = [invoice.number for invoice in invoices]
        ledger.lock_invoices(numbers)
        settled = ledger.settled(numbers)
        begun = {number for number, _ in settled}
        fresh = [
            (invoice.only(lines), invoice.number not in begun)
            for invoice in invoices
            if (lines := [line for line in invoice.lines if (line.invoice_no, line.ordinal) not in settled])
        ]
        if fresh:
            _receive(receipts, invoices[0], context)
            ledger.note_imported(context.run, _booked(fresh, context))
    return [
        rejection_of(line, "another line was imported before as this one of the invoice")
        for invoice in invoices
        for line in invoice.lines
        if (known := settled.get((line.invoice_no, line.ordinal))) and known.fingerprint != line.fingerprint
    ]


def _receive(receipts: Mapping[UUID, int], invoice: Invoice, context: Context) -> None:
    if receipts:
        inventory.receive_many(
            quantities=receipts, occasion=_occasion(context, invoice.at, f"opening stock for invoice {invoice.number}")
        )


def _booked(invoices: Sequence[tuple[Invoice, bool]], context: Context) -> Booked:
    """In the order that `Invoice.stock_changes` tells: what all of them sell comes first, so that only invoices that do
    nothing else may come together. With each comes whether nothing of its number was booked before.
    """
    booked: Booked = []
    sales, rest = [], []
    for invoice, first in invoices:
        numbers = _Numbers(invoice.number if first else f"{invoice.number}+{invoice.lines[0].ordinal}")
        for code, lines in invoice.by_customer(Became.ORDER).items():
            sales.append(_sale(lines, numbers.next(), context.customers.get(code), context))
            booked += [(line, "order", _booked_minor(line, line.quantity, context)) for line in lines]
        rest.append((invoice, numbers))
    record_sales(sales, context)
    for invoice, numbers in rest:
        booked += _adjustments(invoice.of(Became.ADJUSTMENT), context)
        for code, lines in invoice.by_customer(Became.CREDIT).items():
            booked += _credits(lines, numbers, context.customers.get(code), context)
    return booked


def _booked_minor(line: Line, quantity: int, context: Context) -> int:
    return line_total_minor(quantity, line.price_e4, context.run.currency)


def _sale(lines: Sequence[Line], number: str, customer_id: UUID | None, context: Context) -> Sale:
    wish = commands.NewOrder(
        lines=[_new_line(line, line.quantity, context) for line in lines],
        currency=context.run.currency,
        customer_id=customer_id,
        country=lines[0].country,
        source=Order.Source.IMPORT,
        number=number,
        placed_at=min(line.at for line in lines),
    )
    return Sale(lines[0].invoice_no, wish)


def _adjustments(lines: Sequence[Line], context: Context) -> Booked:
    """Each line is a movement of its own, since each has its own reason; two of one product follow one another."""
    for line in lines:
        reason = line.description or f"invoice {line.invoice_no}"
        inventory.adjust_many(
            quantities={context.products[line.code]: line.quantity}, occasion=_occasion(context, line.at, reason)
        )
    return [(line, "adjustment", 0) for line in lines]


def _credits(lines: Sequence[Line], numbers: _Numbers, customer_id: UUID | None, context: Context) -> Booked:
    at = min(line.at for line in lines)
    by_order: dict[UUID | None, list[Part]] = defaultdict(list)
    worth: Counter[int] = Counter()
    for part in matched(lines, customer_id=customer_id, at=at):
        by_order[part.bought.order_id if part.bought else None].append(part)
        worth[part.line.ordinal] -= _booked_minor(part.line, part.quantity, context)
    for order_id, parts in by_order.items():
        if order_id is None:
            returned = _give_credit(parts, numbers.next(), customer_id, at, context)
        else:
            returned = _take_back(order_id, parts, numbers.next(), at, context)
        record_settled(returned, lines[0].invoice_no, context)
    matching = {part.line.ordinal for order_id, parts in by_order.items() if order_id for part in parts}
    return [(line, "return" if line.ordinal in matching else "credit", worth[line.ordinal]) for line in lines]


def _take_back(order_id: UUID, parts: Sequence[Part], number: str, at: datetime, context: Context) -> OrderReturn:
    lines = [
        commands.ReturnedLine(line_id=part.bought.id, quantity=part.quantity, unit_price=price_of(part.line.price_e4))
        for part in parts
        if part.bought
    ]
    return commands.return_order_lines(
        order_id=order_id,
        lines=lines,
        reason=f"credit note {number}",
        number=number,
        returned_at=at,
        actor=context.actor,
        now=context.now,
    )


def _give_credit(
    parts: Sequence[Part], number: str, customer_id: UUID | None, at: datetime, context: Context
) -> OrderReturn:
    credit = commands.NewCredit(
        lines=[_new_line(part.line, part.quantity, context) for part in parts],
        currency=context.run.currency,
        number=number,
        customer_id=customer_id,
        given_at=at,
    )
    return commands.give_credit(credit=credit, actor=context.actor, now=context.now)


def _new_line(line: Line, quantity: int, context: Context) -> commands.NewLine:
    kind = kind_of(line)
    return commands.NewLine(
        kind=kind,
        product_id=context.products[line.code] if kind == LineKind.PRODUCT else None,
        quantity=quantity,
        unit_price=price_of(line.price_e4),
        description=line.description or _NO_DESCRIPTION.get(kind, ""),
        code=line.code,
    )


def _occasion(context: Context, at: datetime, reason: str) -> inventory.Occasion:
    return inventory.Occasion(actor=context.actor, occurred_at=at, recorded_at=context.now, reason=reason[:200])
