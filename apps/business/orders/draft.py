"""An order that is still being written: the whole draft travels in the form, nothing is kept on the server."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.http import QueryDict
from django.utils import timezone

from apps.business.catalog import queries as catalog
from apps.business.inventory import queries as inventory
from apps.business.inventory.errors import StockShort
from apps.business.money import line_total_minor, price_of
from apps.business.orders import queries
from apps.business.orders.commands import NewLine, NewOrder
from apps.business.orders.errors import CustomerNotFound
from apps.core.db.ids import uuid7
from apps.core.errors import DomainError

_MATCHES = 8
_MOST = 10**9


@dataclass(slots=True)
class DraftLine:
    """A product and how many of it, as typed: `quantity` keeps what is no number too."""

    product_id: UUID
    sku: str
    name: str
    unit_price: Decimal
    unit_price_e4: int
    quantity: str
    available: int
    may_wait: int = 0  # how many could be promised although they are not there yet
    is_master: bool = False
    total_minor: int = 0
    error: str = ""

    @property
    def pieces(self) -> int:
        """0 where what was typed is no whole number above zero."""
        text = self.quantity.strip()
        return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0

    @property
    def waiting(self) -> int:
        """How many of them have to come in first."""
        return 0 if self.error else max(0, self.pieces - self.available)

    @property
    def shortage(self) -> str:
        """What to say where there are too few."""
        more = f", and {self.may_wait} more can be back-ordered" if self.may_wait else ""
        return f"Only {self.available} available{more}."


@dataclass(frozen=True, slots=True)
class DraftWay:
    """A way in which the goods could be sent, and what it would cost."""

    id: UUID
    name: str
    charge_minor: int


@dataclass(slots=True)
class Draft:
    """What the templates of the new order show."""

    idempotency_key: str
    note: str = ""
    customer: Any = None
    lines: list[DraftLine] = field(default_factory=list)
    currency: str = ""
    total_minor: int = 0
    addresses: list[Any] = field(default_factory=list)
    shipping_address_id: UUID | None = None
    billing_address_id: UUID | None = None
    ways: list[DraftWay] = field(default_factory=list)
    shipping_method_id: UUID | None = None
    error: str = ""
    customer_error: str = ""
    lines_error: str = ""

    @property
    def waiting(self) -> int:
        """How many pieces are back-ordered by it."""
        return sum(line.waiting for line in self.lines)

    @property
    def ready(self) -> bool:
        """True when it can be placed; else the fields `…error` say what is missing."""
        if not self.lines:
            self.lines_error = "Add at least one product."
        return not (self.lines_error or self.customer_error or any(line.error for line in self.lines))

    def as_order(self, source: str) -> NewOrder:
        lines = [NewLine(product_id=line.product_id, quantity=line.pieces) for line in self.lines]
        return NewOrder(
            lines=lines,
            currency=self.currency,
            customer_id=self.customer.id if self.customer else None,
            shipping_address=self.shipping_address_id,
            billing_address=self.billing_address_id,
            shipping_method_id=self.shipping_method_id,
            note=self.note,
            source=source,
        )

    def blame(self, error: DomainError) -> None:
        """Show why it was refused, beside the lines that are to blame where it says which."""
        if isinstance(error, StockShort):
            short = {shortage.product_id: shortage for shortage in error.shortages}
            for line in self.lines:
                if line.product_id in short:
                    line.available = min(line.available, short[line.product_id].available)
                    line.may_wait = short[line.product_id].available - line.available
                    line.error = line.shortage
        else:
            self.error = str(error)


def empty_draft() -> Draft:
    """A new draft with a key of its own: however often it is sent, one order comes of it."""
    return Draft(idempotency_key=str(uuid7()))


def draft_from(posted: QueryDict) -> Draft:
    """The draft that a form holds, after the button that was pressed. Eleven statements at most."""
    action, _, target = posted.get("action", "").partition(":")
    draft = Draft(idempotency_key=_clean(posted.get("idempotency_key", ""))[:64] or str(uuid7()))
    draft.note = _clean(posted.get("note", ""))[:500]
    _choose_customer(draft, _customer_id(posted, action, target))
    _fill_lines(draft, _quantities(posted, action, target))
    _choose_addresses(draft, posted)
    _choose_way(draft, posted)
    return draft


def customers_found(text: str, draft: Draft) -> Any:
    """Up to eight customers for what was typed; None when nothing was, or one is chosen."""
    if not _clean(text) or draft.customer:
        return None
    return queries.customers().filter(queries.customer_matches(_clean(text)))[:_MATCHES]


def products_found(text: str) -> Any:
    """Up to eight products for what was typed, with what nobody has been promised and may be waited for; None when
    nothing was typed.

    Of a product that has variants those are offered. Five statements.
    """
    if not _clean(text):
        return None
    found = list(catalog.products_for_sale(q=_clean(text))[:_MATCHES])
    ids = [product.id for product in found]
    available, may_wait, titles = inventory.available(ids), inventory.back_orders_left(ids), catalog.titles_of(found)
    for product in found:
        product.available, product.title = available.get(product.id, 0), titles[product.id]
        product.may_wait = may_wait[product.id]
    return found


def _customer_id(posted: QueryDict, action: str, target: str) -> str:
    if action == "clear-customer":
        return ""
    return target if action == "customer" else posted.get("customer_id", "")


def _choose_customer(draft: Draft, text: str) -> None:
    if not text:
        return
    try:
        draft.customer = queries.customer(UUID(text))
    except (ValueError, CustomerNotFound):
        draft.customer_error = "This customer is not known any more: choose another."


def _choose_addresses(draft: Draft, posted: QueryDict) -> None:
    """What was chosen of the customer's; else their defaults, as the command would."""
    if draft.customer is None:
        return
    draft.addresses = list(queries.addresses_of(draft.customer.id))
    for purpose in ("shipping", "billing"):
        chosen = _uuid(posted.get(f"{purpose}_address_id", ""))
        known = [one.id for one in draft.addresses if one.id == chosen]
        usual = [one.id for one in draft.addresses if getattr(one, f"default_for_{purpose}")]
        setattr(draft, f"{purpose}_address_id", next(iter([*known, *usual]), None))


def _choose_way(draft: Draft, posted: QueryDict) -> None:
    """The ways that there are to that country, and the one that was chosen among them."""
    country = next((one.country for one in draft.addresses if one.id == draft.shipping_address_id), "")
    for way in queries.shipping_methods_for(country=country, currency=draft.currency) if draft.lines else ():
        charge_minor = way.price_in(draft.currency).charge_minor(draft.total_minor)
        draft.ways.append(DraftWay(way.id, way.name, charge_minor))
    chosen = _uuid(posted.get("shipping_method_id", ""))
    for found in draft.ways:
        if found.id == chosen:
            draft.shipping_method_id = found.id
            draft.total_minor += found.charge_minor


def _quantities(posted: QueryDict, action: str, target: str) -> dict[UUID, str]:
    """What was typed for each product, with the pressed button's effect."""
    known: dict[UUID, str] = {}
    for text, quantity in zip(posted.getlist("product_id"), posted.getlist("quantity"), strict=False):
        if (product_id := _uuid(text)) is not None:
            known[product_id] = quantity
    product_id = _uuid(target) if action in ("add", "remove") else None
    if product_id is not None and action == "remove":
        known.pop(product_id, None)
    elif product_id is not None:
        before = known.get(product_id, "0").strip()
        known[product_id] = str(int(before) + 1) if before.isascii() and before.isdigit() and len(before) < 10 else "1"
    return known


def _fill_lines(draft: Draft, quantities: Mapping[UUID, str]) -> None:
    products, available = catalog.products_by_id(quantities), inventory.available(quantities)
    may_wait = inventory.back_orders_left(list(quantities))
    draft.currency = next((products[wanted].currency for wanted in quantities if wanted in products), "")
    prices = catalog.price_at(list(products), draft.currency, timezone.now())
    titles, masters = catalog.titles_of(products.values()), catalog.masters_among(products)
    for product_id, quantity in quantities.items():
        product = products.get(product_id)
        if product is None:
            draft.lines_error = "A product was deleted meanwhile and has left the order."
            continue
        price_e4 = prices.get(product_id, product.unit_price_e4)
        line = DraftLine(
            product_id=product_id,
            sku=product.sku,
            name=titles[product_id],
            unit_price=price_of(price_e4),
            unit_price_e4=price_e4,
            quantity=quantity,
            available=available.get(product_id, 0),
            may_wait=may_wait[product_id],
            is_master=product_id in masters,
        )
        _judge(line, draft.currency if product_id in prices else product.currency, draft)
        draft.lines.append(line)


def _judge(line: DraftLine, currency: str, draft: Draft) -> None:
    if line.is_master:
        line.error = "Is sold in variants: search for it and choose one."
    elif not 0 < line.pieces < _MOST:
        line.error = "A whole number above zero is needed."
    elif line.pieces > line.available + line.may_wait:
        line.error = line.shortage
    elif currency != draft.currency:
        line.error = f"Is sold in {currency}: one order has one currency, here {draft.currency}."
    line.total_minor = line_total_minor(line.pieces, line.unit_price_e4, currency)
    draft.total_minor += line.total_minor


def _clean(text: str) -> str:
    """PostgreSQL stores no NUL."""
    return text.replace("\x00", "").strip()


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
