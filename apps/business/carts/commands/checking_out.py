"""From a cart to an order, through the ordinary command and its saga."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from apps.business.addresses import Address
from apps.business.carts import queries
from apps.business.carts.errors import CartNotFound, InvalidCheckout, ShopNotFound, TotalChanged
from apps.business.carts.models import Cart, Shopper
from apps.business.carts.visitors import Contents, Visitor
from apps.business.orders import commands as orders
from apps.business.orders import queries as orders_known
from apps.business.units import work_of
from apps.core.db.ids import uuid7

_SOURCE = "shop"


@dataclass(frozen=True, slots=True, kw_only=True)
class Buyer:
    """Who buys. A person who is signed in buys as the same customer each time, everybody else as a new one."""

    name: str
    email: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkout:
    """How the cart is to become an order. `agreed_total_minor` is what the buyer saw and agreed to."""

    shipping_address: Address
    billing_address: Address | None = None
    shipping_method_id: UUID | None = None
    payment_method: str = ""
    note: str = ""
    agreed_total_minor: int | None = None


def quote(*, contents: Contents, checkout: Checkout, now: datetime) -> orders.Quote:
    """What the order would cost; nothing is written. Raises InvalidOrder, InvalidCheckout."""
    return orders.quoted(order=_wish(_lines(contents), contents.currency, checkout), now=now)


def check_out(
    *, cart_id: UUID, visitor: Visitor, buyer: Buyer, checkout: Checkout, currency: str, now: datetime
) -> UUID:
    """Place the order for what lies in a cart, and return its id.

    Safe to repeat: a cart becomes one order, however often and however fast it is sent.
    Raises CartNotFound, ShopNotFound, InvalidCheckout, TotalChanged, InvalidOrder, StockShort.
    """
    with work_of(visitor.actor, Cart):
        cart = queries.lock_cart(cart_id, visitor)
        if cart.order_id is not None:
            return cart.order_id
        _require_choices(checkout)
        if not cart.is_open:
            raise CartNotFound("what was in this cart is in your own now")
        wish = _wish(_lines(queries.contents(cart, currency=currency, now=now)), currency, checkout)
        wish = replace(wish, customer_id=_customer(cart, visitor, buyer, checkout, now))
        order = orders.place_order(order=wish, actor=visitor.actor, now=now, idempotency_key=f"cart {cart.id}")
        if checkout.agreed_total_minor not in (None, order.total_minor):
            raise TotalChanged("the total has changed since you saw it", total_minor=order.total_minor)
        cart.status, cart.order_id, cart.touched_at = Cart.Status.ORDERED, order.id, now
        cart.save(update_fields=["status", "order_id", "touched_at"])
    return cart.order_id


def _require_choices(checkout: Checkout) -> None:
    shop = queries.shop()
    if shop is None or not shop.is_open:
        raise ShopNotFound("the shop is closed")
    if not checkout.payment_method and not shop.sells_on_account:
        raise InvalidCheckout(errors={"payment_method": ["choose how to pay"]})
    if checkout.shipping_method_id is None and orders_known.shipping_methods().exists():
        raise InvalidCheckout(errors={"shipping_method_id": ["choose how it is sent"]})


def _lines(contents: Contents) -> list[orders.NewLine]:
    if not contents.items:
        raise InvalidCheckout("the cart is empty", errors={"lines": ["the cart is empty"]})
    if gone := [item.name for item in contents.items if item.is_gone]:
        raise InvalidCheckout(errors={"lines": [f"{gone[0]} is not sold any more: take it out"]})
    return [orders.NewLine(product_id=item.product_id, quantity=item.quantity) for item in contents.items]


def _wish(lines: Sequence[orders.NewLine], currency: str, checkout: Checkout) -> orders.NewOrder:
    return orders.NewOrder(
        lines=lines,
        currency=currency,
        shipping_address=checkout.shipping_address,
        billing_address=checkout.billing_address,
        shipping_method_id=checkout.shipping_method_id,
        payment_method=checkout.payment_method,
        note=checkout.note,
        source=_SOURCE,
    )


def _customer(cart: Cart, visitor: Visitor, buyer: Buyer, checkout: Checkout, now: datetime) -> UUID:
    known = queries.customer_of(visitor.user_id) if visitor.user_id else None
    if known is not None:
        return known
    country = checkout.shipping_address.country
    wanted = orders.NewCustomer(
        code=f"SHOP-{uuid7().hex[-12:].upper()}", name=buyer.name, email=buyer.email, country=country
    )
    customer = orders.create_customer(customer=wanted, actor=visitor.actor, now=now)
    orders.add_address(customer_id=customer.id, address=checkout.shipping_address, actor=visitor.actor)
    if visitor.user_id:
        Shopper(user_id=visitor.user_id, customer_id=customer.id).save(force_insert=True)
    return customer.id
