"""A small gift shop to look at: generated products, customers and a month of orders, through the ordinary commands."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from uuid import UUID

from django.utils import timezone

from apps.business.catalog import commands as catalog
from apps.business.catalog import queries as catalog_queries
from apps.business.inventory import commands as inventory
from apps.business.inventory.errors import StockShort
from apps.business.orders import commands as orders
from apps.business.orders import queries as order_queries
from apps.business.orders.errors import InvalidOrder
from apps.core.history import SYSTEM, acting
from apps.core.tenancy import tenant

ORDERS = 40
_DAYS = 30
_CURRENCIES = {"acme": "GBP", "globex": "EUR"}
_MATERIALS = ("Oak", "Walnut", "Linen", "Cotton", "Brass", "Copper", "Slate", "Ceramic", "Enamel", "Willow")
_THINGS = (
    ("Serving Board", "KIT", 18), ("Candle Holder", "LIV", 12), ("Cushion", "LIV", 24), ("Tea Towel", "KIT", 7),
    ("Mug", "KIT", 9), ("Picture Frame", "LIV", 15), ("Storage Basket", "HOM", 21), ("Coat Hook", "HOM", 6),
)  # fmt: skip
_FIRST = ("Ada", "Bruno", "Clara", "Dmitri", "Elif", "Farid", "Greta", "Hugo", "Ines", "Jonas", "Kira", "Luca")
_LAST = ("Ashdown", "Brenner", "Castell", "Dunmore", "Eklund", "Farrow", "Gallo", "Holm", "Ivers", "Jarvis")
_COUNTRIES = ("United Kingdom", "Germany", "France", "Netherlands", "Ireland", "Spain")
_REASONS = ("Arrived damaged", "Wrong colour", "Ordered twice", "Changed their mind")


@dataclass(frozen=True, slots=True)
class _Shop:
    """What one tenant's demonstration is drawn from. The same slug always gives the same shop."""

    slug: str
    currency: str
    chance: random.Random
    now: datetime


def seed(*, tenant_id: UUID, slug: str, orders: int = ORDERS) -> None:
    """Fill a tenant with a small shop. Safe to repeat: what is there already stays as it is."""
    chance = random.Random(f"demo:{slug}")  # noqa: S311  # nosec B311 (a repeatable shop, no secret)
    shop = _Shop(slug, _CURRENCIES.get(slug, "GBP"), chance, timezone.now())
    with tenant(tenant_id), acting(SYSTEM, reason="demonstration data"):
        products = _stocked_products(shop)
        customers = _customers(shop)
        for number in range(orders):
            _order(shop, number, products, customers)


def _stocked_products(shop: _Shop) -> list[UUID]:
    wishes = [_product(shop, place) for place in range(24)]
    known = catalog_queries.products_by_sku([wish.sku for wish in wishes])
    missing = [wish for wish in wishes if wish.sku not in known]
    created = catalog.create_products(products=missing, actor=SYSTEM, now=shop.now) if missing else []
    if created:
        arrived = shop.now - timedelta(days=_DAYS + 1)
        occasion = inventory.Occasion(actor=SYSTEM, occurred_at=arrived, recorded_at=shop.now, reason="opening stock")
        quantities = {product.id: shop.chance.choice((45, 60, 80, 120, 200)) for product in created}
        inventory.receive_many(quantities=quantities, occasion=occasion)
    return sorted([product.id for product in created] + [product.id for product in known.values()])


def _product(shop: _Shop, place: int) -> catalog.NewProduct:
    thing, group, price = _THINGS[place % len(_THINGS)]
    material = _MATERIALS[(place * 3 + len(shop.slug)) % len(_MATERIALS)]
    cents = shop.chance.choice((Decimal("0.50"), Decimal("0.95"), Decimal("0.25"), Decimal("0.4950")))
    return catalog.NewProduct(
        sku=f"{group}-{100 + place}",
        name=f"{material} {thing}",
        unit_price=price + shop.chance.randrange(6) + cents,
        currency=shop.currency,
        description=f"{thing} made of {material.lower()}, boxed as a gift.",
        reorder_level=shop.chance.choice((10, 20, 30)),
    )


def _customers(shop: _Shop) -> list[UUID]:
    wishes = [_customer(shop, place) for place in range(12)]
    known = {c.code: c.id for c in order_queries.customers_by_code([wish.code for wish in wishes])}
    missing = [wish for wish in wishes if wish.code not in known]
    created = orders.create_customers(customers=missing, actor=SYSTEM, now=shop.now) if missing else []
    return [*known.values(), *(customer.id for customer in created)]


def _customer(shop: _Shop, place: int) -> orders.NewCustomer:
    first, last = _FIRST[place % len(_FIRST)], _LAST[(place * 7 + len(shop.slug)) % len(_LAST)]
    return orders.NewCustomer(
        code=f"C{1001 + place}",
        name=f"{first} {last}",
        email=f"{first}.{last}@{shop.slug}-customers.example".lower(),
        country=shop.chance.choice(_COUNTRIES),
    )


def _order(shop: _Shop, number: int, products: Sequence[UUID], customers: Sequence[UUID]) -> None:
    """One order; now and then it is cancelled or partly returned later."""
    chance = random.Random(f"demo:{shop.slug}:{number}")  # noqa: S311  # nosec B311 (repeatable, no secret)
    key = f"demo-{number}"
    if order_queries.order_by_idempotency_key(key):
        return
    placed_at = shop.now - timedelta(days=_DAYS * (ORDERS - number) / ORDERS, minutes=chance.randrange(600))
    wish = orders.NewOrder(
        lines=_lines(chance, products),
        currency=shop.currency,
        customer_id=chance.choice(customers) if chance.random() > 0.15 else None,
        source="demo",
        placed_at=placed_at,
    )
    try:
        order = orders.place_order(order=wish, actor=SYSTEM, now=shop.now, idempotency_key=key)
    except (StockShort, InvalidOrder):
        return  # somebody has sold the demonstration's stock or deleted its products since: then there are fewer orders
    _afterwards(chance, order.id, shop.now)


def _lines(chance: random.Random, products: Sequence[UUID]) -> list[orders.NewLine]:
    chosen = chance.sample(products, k=min(len(products), chance.randrange(1, 6)))
    lines = [orders.NewLine(product_id=product_id, quantity=chance.randrange(1, 7)) for product_id in chosen]
    if chance.random() < 0.4:
        lines.append(orders.NewLine(kind="postage", description="Postage", unit_price=Decimal("4.95")))
    if chance.random() < 0.15:
        lines.append(orders.NewLine(kind="discount", description="Regular's discount", unit_price=Decimal("-2.50")))
    return lines


def _afterwards(chance: random.Random, order_id: UUID, now: datetime) -> None:
    fate, reason = chance.random(), chance.choice(_REASONS)
    if fate < 0.08:
        orders.cancel_order(order_id=order_id, reason=reason, actor=SYSTEM, now=now)
    elif fate < 0.2:
        line = next(line for line in order_queries.lines_of(order_id) if line.product_id)
        returned = orders.ReturnedLine(line_id=line.id, quantity=1)
        orders.return_order_lines(order_id=order_id, lines=[returned], reason=reason, actor=SYSTEM, now=now)
