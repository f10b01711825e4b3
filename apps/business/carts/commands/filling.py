"""Putting things into a cart, and taking them out."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from apps.business.carts import queries
from apps.business.carts.errors import CartIsFull, NotForSale
from apps.business.carts.models import MOST_PIECES, Cart, CartLine
from apps.business.carts.visitors import Visitor, new_token
from apps.business.constraints import violation_means
from apps.business.units import work_of
from apps.core.errors import Overtaken

MOST_PRODUCTS = 100


@dataclass(frozen=True, slots=True)
class Filled:
    """The cart, and whose it is: a visitor who had none has got a token."""

    cart: Cart
    visitor: Visitor


def begin(*, visitor: Visitor, currency: str, now: datetime) -> Filled:
    """The visitor's cart, a new one where they have none. Safe to repeat. Raises Overtaken."""
    twice = Overtaken("the cart was begun at the same moment elsewhere", version=1)
    with violation_means("carts_one_of_a_person", lambda: twice), work_of(visitor.actor, Cart):
        return _begun(visitor, currency, now)


def add(*, visitor: Visitor, product_id: UUID, quantity: int, currency: str, now: datetime) -> Filled:
    """Put so many more of a product into the cart. Raises NotForSale, CartIsFull, Overtaken."""
    return _changed(visitor, product_id, quantity, currency, now, more=True)


def put(*, visitor: Visitor, product_id: UUID, quantity: int, currency: str, now: datetime) -> Filled:
    """Let so many of a product be in the cart; none takes it out. Safe to repeat. Raises as `add`."""
    return _changed(visitor, product_id, quantity, currency, now, more=False)


def _changed(visitor: Visitor, product_id: UUID, quantity: int, currency: str, now: datetime, *, more: bool) -> Filled:
    twice = Overtaken("the cart was begun at the same moment elsewhere", version=1)
    with violation_means("carts_one_of_a_person", lambda: twice), work_of(visitor.actor, Cart):
        filled = _begun(visitor, currency, now)
        lines = {line.product_id: line for line in queries.lines_of(filled.cart.id)}
        line = lines.get(product_id)
        wanted = quantity + (line.quantity if line and more else 0)
        if wanted <= 0:
            if line:
                line.delete()
            return filled
        price = queries.prices_of([product_id], currency=currency, now=now).get(product_id)
        if price is None:
            raise NotForSale("this product is not sold here")
        if line is None and len(lines) >= MOST_PRODUCTS:
            raise CartIsFull(f"a cart holds {MOST_PRODUCTS} different products")
        line = line or CartLine(cart=filled.cart, product_id=product_id)
        line.quantity, line.seen_price_e4 = min(wanted, MOST_PIECES), price
        line.save()
    return filled


def _begun(visitor: Visitor, currency: str, now: datetime) -> Filled:
    """The cart under its lock."""
    cart = queries.lock_cart_of(visitor)
    if cart is not None:
        cart.touched_at, cart.currency = now, currency
        cart.save(update_fields=["touched_at", "currency"])
        return Filled(cart, visitor)
    if visitor.user_id is None:
        visitor = Visitor(token=new_token())  # a token that stands for no cart was not ours, or its cart is over
    cart = Cart(user_id=visitor.user_id, token_hash=visitor.token_hash, currency=currency, created_at=now)
    cart.touched_at = now
    cart.save()
    return Filled(cart, visitor)
