"""Every write to invoices, one transaction each. Nothing changes an invoice once it is issued."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError

from apps.business.invoicing import queries
from apps.business.invoicing.errors import InvalidSeller
from apps.business.invoicing.events import CreditNoteIssued, InvoiceIssued
from apps.business.invoicing.models import Invoice, InvoiceLine, Seller
from apps.business.invoicing.numbering import next_ordinal
from apps.business.money import rounded_half_even
from apps.business.orders import queries as orders
from apps.business.units import work_of
from apps.core.errors import PreconditionFailed
from apps.core.events import Event, UnitOfWork
from apps.core.history import Actor

_BATCH = 500
_IMPORTED = "import"
_OF_ANY_LINE = ("kind", "code", "description", "quantity", "unit_price_e4", "total_minor")
RATE_SCALE = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class SellerDetails:
    """Who invoices, and on which terms."""

    name: str = ""
    address: str = ""
    tax_id: str = ""
    email: str = ""
    bank: str = ""
    terms_days: int = 30
    footer: str = ""
    invoice_series: str = "INV"
    credit_series: str = "CN"


def state_seller(*, details: SellerDetails, actor: Actor, now: datetime, expected_edition: int | None = None) -> Seller:
    """Say who invoices from now on; what is issued already keeps what it says. Safe to repeat.

    Raises InvalidSeller, PreconditionFailed.
    """
    with work_of(actor, Seller):
        before = queries.seller()
        edition = before.edition if before else 0
        if expected_edition is not None and edition != expected_edition:
            raise PreconditionFailed(f"the seller's details are at edition {edition}", version=edition)
        if before is not None and details_of(before) == details:
            return before
        stated = Seller(
            **{field.name: getattr(details, field.name) for field in fields(details)},
            edition=edition + 1,
            stated_at=now,
            stated_by=actor.id,
        )
        _check(stated)
        stated.save(force_insert=True)
    return stated


def details_of(seller: Seller | None) -> SellerDetails:
    """What a company stated, or what holds until it does."""
    if seller is None:
        return SellerDetails()
    return SellerDetails(**{field.name: getattr(seller, field.name) for field in fields(SellerDetails)})


def invoice_order(*, order_id: UUID, actor: Actor, now: datetime) -> Invoice | None:
    """Issue the invoice of a placed order. Safe to repeat. None for an imported order: its number is its invoice's.

    Raises OrderNotFound.
    """
    with work_of(actor, Invoice) as work:
        order = _locked(order_id)
        if issued := queries.issued_for(order_id, Invoice.Kind.INVOICE):
            return issued
        if order.source == _IMPORTED:
            return None
        paper = _begun(Invoice.Kind.INVOICE, order_id, order, order=order, now=now, supplied_at=order.placed_at)
        _issue(paper, _ordered(order.lines.all()), work=work)
    return paper


def credit_cancelled_order(*, order_id: UUID, actor: Actor, now: datetime) -> Invoice:
    """Issue the credit note of a cancelled order, over all of it. Safe to repeat. Raises OrderNotFound."""
    with work_of(actor, Invoice) as work:
        order = _locked(order_id)
        if issued := queries.issued_for(order_id, Invoice.Kind.CREDIT_NOTE):
            return issued
        supplied_at = order.cancelled_at or now
        paper = _begun(Invoice.Kind.CREDIT_NOTE, order_id, order, order=order, now=now, supplied_at=supplied_at)
        paper.reason = order.cancel_reason
        _issue(paper, _ordered(order.lines.all()), work=work)
    return paper


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
        facts = {"order": returned.order, "now": now, "supplied_at": returned.returned_at}
        paper = _begun(Invoice.Kind.CREDIT_NOTE, order_return_id, returned, **facts)
        paper.reason = returned.reason
        _issue(paper, _given_back(returned.lines.all()), work=work)
    return paper


def _locked(order_id: UUID) -> Any:
    """The order, and for nobody else until the commit: news that come twice at once make one invoice."""
    orders.lock_order(order_id)
    return orders.order(order_id)


def _begun(kind: str, cause_id: UUID, of: Any, *, order: Any | None, now: datetime, supplied_at: datetime) -> Invoice:
    """A paper with neither lines nor number yet. `of` is the order or return that it is about, `order` that of both."""
    stated, customer, is_credit = queries.seller(), of.customer, kind == Invoice.Kind.CREDIT_NOTE
    terms = details_of(stated)
    corrects = queries.issued_for(order.id, Invoice.Kind.INVOICE) if is_credit and order else None
    invoiced_as = corrects.number if corrects else order.number if order else ""
    return Invoice(
        kind=kind,
        cause_id=cause_id,
        series=terms.credit_series if is_credit else terms.invoice_series,
        order_id=order.id if order else None,
        order_number=order.number if order else "",
        corrects=corrects,
        corrects_number=invoiced_as if is_credit else "",
        issued_at=now,
        supplied_at=supplied_at,
        due_date=None if is_credit else (now.astimezone(UTC) + timedelta(days=terms.terms_days)).date(),
        currency=of.currency,
        total_minor=of.total_minor,
        prices_include_tax=getattr(of, "prices_include_tax", True),
        customer_id=of.customer_id,
        buyer_name=customer.name if customer else "",
        buyer_code=customer.code if customer else "",
        buyer_email=customer.email if customer else "",
        buyer_country=(order.country if order else "") or (customer.country if customer else ""),
        buyer_address="\n".join(order.bills_to.printed) if order and order.bills_to else "",
        seller_edition=stated.edition if stated else 0,
    )


def _issue(paper: Invoice, rows: Sequence[InvoiceLine], *, work: UnitOfWork) -> None:
    """Give it lines and, last, its number; write it and say so."""
    for ordinal, row in enumerate(rows, start=1):
        row.invoice, row.ordinal = paper, ordinal
    paper.tax_minor = sum(row.tax_minor for row in rows)
    paper.year = paper.issued_at.astimezone(UTC).year
    paper.ordinal = next_ordinal(paper.series, paper.year)
    paper.number = f"{paper.series}-{paper.year}-{paper.ordinal:06d}"
    paper.save(force_insert=True)
    InvoiceLine.objects.bulk_create(rows, batch_size=_BATCH)
    work.publish(_announced(paper), expected=0)


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


def _check(stated: Seller) -> None:
    """Raises InvalidSeller."""
    try:
        stated.clean_fields(exclude=["tenant_id", "id"])
    except ValidationError as error:
        errors = {name: [str(text) for text in texts] for name, texts in error.message_dict.items()}
    else:
        errors = {}
    for name in ("invoice_series", "credit_series"):
        text = getattr(stated, name)
        if not (text.isascii() and text.isalnum() and text.isupper()):
            errors[name] = ["1 to 12 capital letters and digits"]
    if stated.invoice_series == stated.credit_series:
        errors["credit_series"] = ["another than that of invoices"]
    if stated.terms_days > 365:
        errors["terms_days"] = ["at most 365"]
    if errors:
        name, texts = next(iter(errors.items()))
        raise InvalidSeller(f"{name}: {texts[0]}", errors=errors)
