"""What the platform can do, in the demonstration's shops: variants, categories, pictures, a second warehouse, parcels,
money that was taken, declined, held for review and given back, and goods that somebody waits for.

Through the ordinary commands; what takes a worker (payments, sagas, invoices) it does once it is there.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.utils import timezone
from PIL import Image, ImageDraw

from apps.business.catalog import commands as catalog
from apps.business.catalog import queries as products
from apps.business.inventory import commands as inventory
from apps.business.inventory import queries as stock
from apps.business.inventory.errors import StockShort
from apps.business.orders import commands as orders
from apps.business.orders import queries as order_queries
from apps.business.orders.errors import InvalidOrder
from apps.business.payments import commands as payments
from apps.business.payments.errors import OrderHasPayment
from apps.business.payments.providers.simulator import cards
from apps.business.shipping import commands as shipping
from apps.core.history import SYSTEM, acting
from apps.core.tenancy import tenant

_DEPOT = "Northern depot"
_SHELVES = {"KIT": "Kitchen", "LIV": "Living room", "HOM": "Hall and storage"}
_COLOURS = ("#8a5a2b", "#5b7f95", "#b08d57", "#6b8e5a", "#9a6a8f", "#c2703d")
_SHIRT, _SIZES = "WEA-500", ("S", "M", "L", "XL")
_WANTED = "WEA-600"  # of which there are fewer than somebody ordered
_PAID, _SENT = range(4, 16), 5  # which of the month's orders were paid, and how many of those left
_LIMIT = 30_000


@dataclass(frozen=True, slots=True)
class _Shop:
    currency: str
    now: datetime

    def occasion(self, reason: str, *, days_ago: int = 0) -> inventory.Occasion:
        at = self.now - timedelta(days=days_ago)
        return inventory.Occasion(actor=SYSTEM, occurred_at=at, recorded_at=self.now, reason=reason)


def seed(*, tenant_id: UUID, slug: str) -> None:
    """Show all of it in a tenant whose shop there is (`demo.seed`). Safe to repeat: what is there stays as it is."""
    with tenant(tenant_id), acting(SYSTEM, reason="demonstration data"):
        goods = sorted(products.products(), key=lambda product: product.sku)
        if not goods:
            return
        shop = _Shop(goods[0].currency, timezone.now())
        _depot(shop, goods[::3])
        _categories(shop, goods)
        _variants(shop)
        _pictures(shop, goods[:6])
        _pay_and_send(shop)
        _pay_at_once(shop, goods)


def _depot(shop: _Shop, goods: Sequence[Any]) -> None:
    if any(place.name == _DEPOT for place in stock.warehouses()):
        return
    wish = inventory.NewWarehouse(name=_DEPOT, address="4 Canal Street, Leeds", country="GB", priority=200)
    depot = inventory.create_warehouse(warehouse=wish, actor=SYSTEM, now=shop.now)
    quantities = {product.id: 25 for product in goods}
    inventory.receive_many(quantities=quantities, warehouse_id=depot.id, occasion=shop.occasion("to the new depot"))


def _categories(shop: _Shop, goods: Sequence[Any]) -> None:
    known = {one.name for one in products.category_tree()}
    for prefix, name in _SHELVES.items():
        if name in known:
            continue
        made = catalog.create_category(name=name, actor=SYSTEM, now=shop.now)
        for product in goods:
            if product.sku.startswith(prefix):
                catalog.categorise(product_id=product.id, category_ids=[made.id], actor=SYSTEM, now=shop.now)


def _variants(shop: _Shop) -> None:
    """A shirt in sizes, and something that is ordered faster than it comes."""
    if products.products_by_sku([_SHIRT]):
        return
    shirt = catalog.NewProduct(
        sku=_SHIRT, name="Linen Shirt", unit_price=Decimal("39.00"), currency=shop.currency, description="Washed linen."
    )
    master = catalog.create_product(product=shirt, actor=SYSTEM, now=shop.now)
    sizes = [
        catalog.NewProduct(
            sku=f"{_SHIRT}-{size}",
            name=shirt.name,
            unit_price=shirt.unit_price,
            currency=shop.currency,
            variant_of=master.id,
            options={"size": size},
        )
        for size in _SIZES
    ]
    kettle = catalog.NewProduct(
        sku=_WANTED, name="Copper Kettle", unit_price=Decimal("64.50"), currency=shop.currency, reorder_level=5
    )
    *shirts, wanted = catalog.create_products(products=[*sizes, kettle], actor=SYSTEM, now=shop.now)
    arrived = {product.id: 20 for product in shirts} | {wanted.id: 2}
    inventory.receive_many(quantities=arrived, occasion=shop.occasion("opening stock", days_ago=3))
    inventory.allow_back_orders(product_id=wanted.id, at_most=20, actor=SYSTEM)


def _pictures(shop: _Shop, goods: Sequence[Any]) -> None:
    for product, colour in zip(goods, _COLOURS, strict=False):
        if not products.media_of(product.id):
            alt = f"A drawing that stands for {product.name}"
            facts = {"stream": io.BytesIO(_picture(product.name, colour)), "name": f"{product.sku}.png", "alt": alt}
            catalog.add_media(product_id=product.id, **facts, actor=SYSTEM, now=shop.now)


def _picture(text: str, colour: str) -> bytes:
    """A few hundred bytes of PNG."""
    image = Image.new("P", (240, 180))
    image.putpalette([0xF6, 0xF1, 0xE9, *bytes.fromhex(colour[1:])])
    pen = ImageDraw.Draw(image)
    pen.rounded_rectangle((60, 35, 180, 125), radius=18, fill=1)
    pen.text((120, 150), text, fill=1, anchor="mm")
    content = io.BytesIO()
    image.save(content, "PNG", optimize=True)
    return content.getvalue()


def _pay_and_send(shop: _Shop) -> None:
    """Some orders of the month were paid by transfer, and have arrived; one is on its way."""
    for order in _placed(_PAID):
        taken = payments.Taken(
            order_id=order.id, amount_minor=order.total_minor, currency=order.currency, at=order.placed_at
        )
        try:
            payments.record_taken(takings=[taken], actor=SYSTEM, now=shop.now)
        except OrderHasPayment:
            continue
    whole = [order for order in _placed(_PAID) if order.status == "placed"][:_SENT]
    for place, order in enumerate(whole, start=1):
        if order.fulfilment_status == "unfulfilled":
            _send(shop, order, arrives=place < len(whole))


def _send(shop: _Shop, order: Any, *, arrives: bool) -> None:
    owed = {line.id: line.quantity for line in order_queries.lines_of(order.id) if line.product_id}
    way = {"carrier": "DHL", "tracking_number": f"JD{order.number[-6:]}"}
    left = min(order.placed_at + timedelta(days=1), shop.now)
    parcel = shipping.ship(order_id=order.id, lines=owed, **way, actor=SYSTEM, now=left)
    if arrives:
        shipping.deliver(shipment_id=parcel.id, actor=SYSTEM, now=min(left + timedelta(days=2), shop.now))


def _placed(numbers: Sequence[int] | range) -> Iterator[Any]:
    """The orders of `demo.seed` with these places that are still as they were placed, or partly returned."""
    for number in numbers:
        order = order_queries.order_by_idempotency_key(f"demo-{number}")
        if order is not None and order.status in ("placed", "partly_returned") and order.total_minor > 0:
            yield order


def _pay_at_once(shop: _Shop, goods: Sequence[Any]) -> None:
    """Paid by card: approved twice, declined once, one that waits for goods, one that waits for somebody to agree."""
    known = products.products_by_sku([f"{_SHIRT}-M", _WANTED])
    shirt, wanted = known[f"{_SHIRT}-M"].id, known[_WANTED].id
    wishes = (
        ("approved", cards.GOOD, ((shirt, 2),)),
        ("told-twice", cards.TWICE, ((goods[0].id, 1), (goods[1].id, 2))),
        ("declined", cards.NO_FUNDS, ((goods[2].id, 1),)),
        ("waits-for-goods", cards.GOOD, ((wanted, 4),)),
    )
    for name, card, lines in wishes:
        _order(shop, name, card, lines)
    if order_queries.order_by_idempotency_key("showcase-held") is None:
        orders.set_review_limit(currency=shop.currency, above_minor=_LIMIT, decide_within_days=14, actor=SYSTEM)
        _order(shop, "held", cards.GOOD, ((shirt, 9),))
        orders.remove_review_limit(currency=shop.currency, actor=SYSTEM)


def _order(shop: _Shop, name: str, card: str, lines: Sequence[tuple[UUID, int]]) -> None:
    wish = orders.NewOrder(
        lines=[orders.NewLine(product_id=product_id, quantity=quantity) for product_id, quantity in lines],
        currency=shop.currency,
        source="demo",
        payment_method=card,
    )
    try:
        orders.place_order(order=wish, actor=SYSTEM, now=shop.now, idempotency_key=f"showcase-{name}")
    except (InvalidOrder, StockShort):
        return  # nobody takes payments here, or somebody changed the shop since
