"""An invoice or credit note as a PDF. Amounts are printed from the integers that are kept, never calculated anew."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal

from apps.business.invoicing.models import Invoice, Seller
from apps.business.paper import Paper, Row
from apps.core.api.presentation import money_text, price_text

_COLUMNS = ("Description", "Quantity", "Unit price", "Amount")
_WIDTHS = (52, 12, 18, 18)


def pdf_of(issued: Invoice, seller: Seller | None) -> bytes:
    """The same bytes for the same invoice and seller. About a fifth of a second."""
    title = f"{'Credit note' if issued.is_credit else 'Invoice'} {issued.number}"
    paper = Paper(title=title, author=seller.name if seller else "", at=issued.issued_at, foot=title)
    if seller:
        paper.block("From", [seller.name, *seller.address.splitlines(), f"Tax id {seller.tax_id}", seller.email])
    paper.block("To", _buyer(issued))
    paper.heading(title)
    paper.facts(_facts(issued))
    rows = [_row(line, issued.currency) for line in issued.lines.all()]
    paper.table(_COLUMNS, rows, widths=_WIDTHS, last=[*_taxes(issued), _total(issued)])
    if issued.due_date:
        paper.text(f"Please pay by {issued.due_date:%d %B %Y}, naming {issued.number}.")
    if seller:
        paper.text(seller.bank if issued.due_date else "")
        paper.text(seller.footer)
    return paper.content()


def _buyer(issued: Invoice) -> list[str]:
    if issued.buyer_address:
        return [*_named_first(issued.buyer_name, issued.buyer_address), issued.buyer_code, issued.buyer_email]
    known = [issued.buyer_name, issued.buyer_code, issued.buyer_email, issued.buyer_country]
    return known if issued.buyer_name else ["No customer named", issued.buyer_country]


def _named_first(name: str, address: str) -> list[str]:
    """The buyer above the address, unless it begins with them already."""
    lines = address.splitlines()
    return lines if name in ("", lines[0]) else [name, *lines]


def _facts(issued: Invoice) -> list[tuple[str, str]]:
    return [
        ("Number", issued.number),
        ("Issued", f"{issued.issued_at:%d %B %Y}"),
        ("Credited as of" if issued.is_credit else "Ordered", f"{issued.supplied_at:%d %B %Y}"),
        ("First issued as", issued.reference),
        ("Order", issued.order_number),
        ("For invoice", issued.corrects_number),
        ("Reason", issued.reason),
    ]


def _total(issued: Invoice) -> Row:
    return ("Credited" if issued.is_credit else "Total", "", "", money_text(issued.total_minor, issued.currency))


def _taxes(issued: Invoice) -> list[Row]:
    """What is taxed at each rate, and with how much."""
    net: Counter[int] = Counter()
    tax: Counter[int] = Counter()
    for line in issued.lines.all():
        net[line.tax_rate_e4] += line.total_minor - (line.tax_minor if issued.prices_include_tax else 0)
        tax[line.tax_rate_e4] += line.tax_minor
    return [
        (
            f"{'Includes' if issued.prices_include_tax else 'Plus'} {_percent(rate)} tax on "
            f"{money_text(net[rate], issued.currency)}",
            "",
            "",
            money_text(tax[rate], issued.currency),
        )
        for rate in sorted(tax)
        if rate
    ]


def _percent(rate_e4: int) -> str:
    return f"{Decimal(rate_e4).scaleb(-2).normalize():f} %"


def _row(line, currency: str) -> tuple[str, str, str, str]:
    off = f"less {money_text(line.discount_minor, currency)}" if line.discount_minor else ""
    described = "\n".join(filter(None, (line.description, line.code, off)))
    return (
        described,
        str(line.quantity),
        price_text(line.unit_price, currency),
        money_text(line.total_minor, currency),
    )
