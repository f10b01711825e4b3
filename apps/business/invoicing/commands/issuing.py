"""Issuing invoices and credit notes. Nothing changes one that is issued."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from apps.business.invoicing import queries
from apps.business.invoicing.commands.selling import details_of
from apps.business.invoicing.events import CreditNoteIssued, InvoiceIssued
from apps.business.invoicing.models import Invoice, InvoiceLine, Seller
from apps.business.invoicing.numbering import next_ordinals
from apps.business.money import rounded_half_even
from apps.business.orders import queries as orders
from apps.business.units import work_of
from apps.core.events import Event, UnitOfWork
from apps.core.history import Actor

_BATCH = 500
_OF_ANY_LINE = ("kind", "code", "description", "quantity", "unit_price_e4", "total_minor")
RATE_SCALE = 10_000


@dataclass(slots=True)
class Draft:
    """A paper with neither lines nor number yet, and its lines."""

    paper: Invoice
    rows: list[InvoiceLine]


def invoice_order(*, order_id: UUID, actor: Actor, now: datetime) -> Invoice:
    """Issue the invoice of a placed order. Safe to repeat. Raises OrderNotFound."""
    with work_of(actor, Invoice) as work:
        order = orders.lock_order(order_id)  # news that come twice at once make one invoice
        if issued := queries.issued_for(order_id, Invoice.Kind.INVOICE):
            return issued
        invoice = draft_of_order(order, orders.lines_of(order_id), seller=queries.seller(), issued_at=now)
        issue([invoice], work=work)
    return invoice.paper


def credit_cancelled_order(*, order_id: UUID, actor: Actor, now: datetime) -> Invoice:
    """Issue the credit note of a cancelled order, over all of it. Safe to repeat. Raises OrderNotFound."""
    with work_of(actor, Invoice) as work:
        orders.lock_order(order_id)  # as above
        order = orders.order(order_id)
        if issued := queries.issued_for(order_id, Invoice.Kind.CREDIT_NOTE):
            return issued
        note = draft_of_cancellation(order, seller=queries.seller(), issued_at=now)
        issue([note], work=work)
    return note.paper


def credit_return(*, order_return_id: UUID, actor: Actor, now: datetime) -> Invoice | None:
    """Issue the credit note of what came back. Safe to repeat. None where it came with a credit note's number.

    Raises ReturnNotFound.
    """
    with work_of(actor, Invoice) as work:
        returned = orders.lock_return(order_return_id)
        if issued := queries.issued_for(order_return_id, Invoice.Kind.CREDIT_NOTE):
            return issued
        if returned.number:
            return None
        note = draft_of_return(returned, seller=queries.seller(), issued_at=now)
        issue([note], work=work)
    return note.paper


def draft_of_order(order: Any, lines: Iterable[Any], *, seller: Seller | None, issued_at: datetime) -> Draft:
    """Of a placed order. No statement where its customer is known."""
    terms = details_of(seller)
    paper = _begun(Invoice.Kind.INVOICE, order.id, order, order=order, seller=seller, issued_at=issued_at)
    paper.supplied_at = order.placed_at
    paper.due_date = (issued_at.astimezone(UTC) + timedelta(days=terms.terms_days)).date()
    return Draft(paper, _ordered(lines))


def draft_of_cancellation(order: Any, *, seller: Seller | None, issued_at: datetime) -> Draft:
    """Over all of an order, naming its invoice. One statement."""
    paper = _begun(Invoice.Kind.CREDIT_NOTE, order.id, order, order=order, seller=seller, issued_at=issued_at)
    paper.supplied_at, paper.reason = order.cancelled_at or issued_at, order.cancel_reason
    _name_invoice(paper, order)
    return Draft(paper, _ordered(order.lines.all()))


def draft_of_return(returned: Any, *, seller: Seller | None, issued_at: datetime) -> Draft:
    """Of a return with its lines, naming the order's invoice if there is an order. One statement."""
    order = returned.order
    paper = _begun(Invoice.Kind.CREDIT_NOTE, returned.id, returned, order=order, seller=seller, issued_at=issued_at)
    paper.supplied_at, paper.reason = returned.returned_at, returned.reason
    if order is not None:
        _name_invoice(paper, order)
    return Draft(paper, _given_back(returned.lines.all()))


def issue(drafts: Sequence[Draft], *, work: UnitOfWork) -> None:
    """Give them, last of all, their numbers in this order; write them and say so. Three statements, and one for each
    series and year.
    """
    for draft in drafts:
        for ordinal, row in enumerate(draft.rows, start=1):
            row.invoice, row.ordinal = draft.paper, ordinal
        draft.paper.tax_minor = sum(row.tax_minor for row in draft.rows)
        draft.paper.year = draft.paper.issued_at.astimezone(UTC).year
    _number([draft.paper for draft in drafts])
    Invoice.objects.bulk_create([draft.paper for draft in drafts])
    InvoiceLine.objects.bulk_create([row for draft in drafts for row in draft.rows], batch_size=_BATCH)
    work.publish_all([[_announced(draft.paper)] for draft in drafts])


def _number(papers: Sequence[Invoice]) -> None:
    counts: dict[tuple[str, int], list[Invoice]] = defaultdict(list)
    for paper in papers:
        counts[(paper.series, paper.year)].append(paper)
    for series, year in sorted(counts):
        together = counts[(series, year)]
        first = next_ordinals(series, year, len(together))
        for ordinal, paper in enumerate(together, start=first):
            paper.ordinal, paper.number = ordinal, f"{series}-{year}-{ordinal:06d}"


def _begun(
    kind: str, cause_id: UUID, of: Any, *, order: Any | None, seller: Seller | None, issued_at: datetime
) -> Invoice:
    """`of` is the order or return that it is about, `order` that of both."""
    terms, customer = details_of(seller), of.customer
    return Invoice(
        kind=kind,
        cause_id=cause_id,
        series=terms.credit_series if kind == Invoice.Kind.CREDIT_NOTE else terms.invoice_series,
        order_id=order.id if order else None,
        order_number=order.number if order else "",
        issued_at=issued_at,
        currency=of.currency,
        total_minor=of.total_minor,
        prices_include_tax=getattr(of, "prices_include_tax", True),
        customer_id=of.customer_id,
        buyer_name=customer.name if customer else "",
        buyer_code=customer.code if customer else "",
        buyer_email=customer.email if customer else "",
        buyer_country=(order.country if order else "") or (customer.country if customer else ""),
        buyer_address="\n".join(order.bills_to.printed) if order and order.bills_to else "",
        seller_edition=seller.edition if seller else 0,
    )


def _name_invoice(note: Invoice, order: Any) -> None:
    """What a credit note is for: an order that has no invoice is called by its own number."""
    note.corrects = queries.issued_for(order.id, Invoice.Kind.INVOICE)
    note.corrects_number = note.corrects.number if note.corrects else order.number


def _ordered(lines: Iterable[Any]) -> list[InvoiceLine]:
    names = (*_OF_ANY_LINE, "discount_minor", "tax_minor", "tax_rate_e4")
    return [InvoiceLine(**{name: getattr(line, name) for name in names}) for line in lines]


def _given_back(lines: Iterable[Any]) -> list[InvoiceLine]:
    """What a return gives back for a line is discounted and has its tax in it, whichever way the order was priced."""
    rows = []
    for line in lines:
        rate = line.order_line.tax_rate_e4 if line.order_line else 0
        tax = rounded_half_even(line.total_minor * rate, RATE_SCALE + rate)
        facts = {name: getattr(line, name) for name in _OF_ANY_LINE}
        rows.append(InvoiceLine(**facts, discount_minor=0, tax_minor=tax, tax_rate_e4=rate))
    return rows


def _announced(paper: Invoice) -> Event:
    facts = {
        "invoice_id": paper.id,
        "number": paper.number,
        "order_id": paper.order_id,
        "occurred_at": paper.issued_at,
        "currency": paper.currency,
        "total_minor": paper.total_minor,
        "customer_id": paper.customer_id,
    }
    if paper.is_credit:
        return CreditNoteIssued(**facts, corrects_number=paper.corrects_number)
    return InvoiceIssued(**facts)
