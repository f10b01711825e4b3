"""Every read of shops and carts."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Sum

from apps.business.addresses import Address
from apps.business.carts.errors import CartNotFound
from apps.business.carts.models import MOST_PIECES, Cart, CartLine, Shop, Shopper
from apps.business.carts.visitors import CartItem, Contents, Visitor, hash_of
from apps.business.catalog import queries as catalog
from apps.business.inventory import queries as inventory
from apps.business.money import line_total_minor
from apps.business.orders import queries as orders
from apps.core.history.changes import Change, ChangeFilter, changes_of


def shop() -> Shop | None:
    """How the company sells, if it has said so. One statement."""
    found: Shop | None = Shop.objects.in_tenant().first()
    return found


def cart_of(visitor: Visitor) -> Cart | None:
    """The visitor's open cart, if they have one. One statement."""
    found: Cart | None = _open(visitor).first()
    return found


def lock_cart_of(visitor: Visitor) -> Cart | None:
    """The same under a row lock."""
    found: Cart | None = _open(visitor).select_for_update().first()
    return found


def lock_cart(cart_id: UUID, visitor: Visitor) -> Cart:
    """A cart of the visitor's under a row lock, whatever became of it. Raises CartNotFound."""
    found: Cart | None = _whose(visitor).filter(id=cart_id).select_for_update().first()
    if found is None:
        raise CartNotFound("there is no such cart of yours")
    return found


def lock_cart_by_token(token: str) -> Cart | None:
    """The cart that a token stands for under a row lock, whatever became of it."""
    carts = Cart.objects.in_tenant().filter(token_hash=hash_of(token))
    found: Cart | None = carts.select_for_update().first()
    return found


def lines_of(cart_id: UUID) -> list[CartLine]:
    """In the order in which they were put in. One statement."""
    return list(CartLine.objects.in_tenant().filter(cart_id=cart_id).order_by("id"))


def pieces_of(visitor: Visitor) -> int:
    """How many things lie in the visitor's cart. One statement."""
    lines = CartLine.objects.in_tenant().filter(cart__in=_open(visitor))
    return int(lines.aggregate(pieces=Sum("quantity"))["pieces"] or 0)


def contents_of(visitor: Visitor, *, currency: str, now: datetime) -> Contents:
    """What lies in the visitor's cart, at the prices and with the stock of this moment. Nine statements at most."""
    cart = cart_of(visitor)
    if cart is None:
        return Contents(id=None, currency=currency)
    return contents(cart, currency=currency, now=now)


def contents(cart: Cart, *, currency: str, now: datetime) -> Contents:
    """The same of a cart that is known."""
    lines = lines_of(cart.id)
    ids = [line.product_id for line in lines]
    products = catalog.products_by_id(ids, with_deleted=True)
    prices, most = prices_of(ids, currency=currency, now=now), can_be_had(ids)
    items = []
    for line in lines:
        product, price = products[line.product_id], prices.get(line.product_id)
        items.append(
            CartItem(
                product_id=product.id,
                name=product.name,
                sku=product.sku,
                options=product.options,
                quantity=line.quantity,
                price_e4=price,
                seen_price_e4=line.seen_price_e4 if cart.currency == currency or price is None else price,
                total_minor=line_total_minor(line.quantity, price or 0, currency),
                most=most[product.id],
            )
        )
    return Contents(id=cart.id, currency=currency, items=tuple(items))


def prices_of(product_ids: Collection[UUID], *, currency: str, now: datetime) -> dict[UUID, int]:
    """What those of the products that are for sale cost now. Three statements and those of the prices."""
    known = catalog.products_by_id(product_ids)
    sold = set(known) - catalog.masters_among(list(known))
    return {id_: price for id_, price in catalog.price_at(list(sold), currency, now).items() if id_ in sold}


def can_be_had(product_ids: Collection[UUID]) -> dict[UUID, int]:
    """How many of each product can be bought now: what is promised to nobody, and what may be waited for.

    Three statements.
    """
    there, may_wait = inventory.available(product_ids), inventory.back_orders_left(product_ids)
    return {id_: min(MOST_PIECES, max(0, there.get(id_, 0)) + may_wait[id_]) for id_ in product_ids}


def customer_of(user_id: UUID) -> UUID | None:
    """Which customer a person buys as, if they have bought before. One statement."""
    found: UUID | None = (
        Shopper.objects.in_tenant().filter(user_id=user_id).values_list("customer_id", flat=True).first()
    )
    return found


def usual_address(visitor: Visitor) -> Address | None:
    """Where the goods of a person go by default, to be offered again. Two statements."""
    customer_id = customer_of(visitor.user_id) if visitor.user_id else None
    found = orders.default_address(customer_id, "shipping") if customer_id else None
    return found.content if found else None


def carts_untouched_since(moment: datetime, *, limit: int) -> list[UUID]:
    """The ids of carts that nobody came back to, the oldest first. One statement."""
    carts = Cart.objects.in_tenant().filter(touched_at__lt=moment).order_by("touched_at")
    return list(carts.values_list("id", flat=True)[:limit])


def changes(where: ChangeFilter, *, limit: int) -> list[Change]:
    """The latest wanted changes of the shop, newest first. Three statements."""
    return changes_of(Shop, where=where, limit=limit)


def _open(visitor: Visitor) -> Any:
    return _whose(visitor).filter(status=Cart.Status.OPEN)


def _whose(visitor: Visitor) -> Any:
    carts = Cart.objects.in_tenant()
    if visitor.user_id is not None:
        return carts.filter(user_id=visitor.user_id)
    return carts.filter(token_hash=visitor.token_hash) if visitor.token else carts.none()
