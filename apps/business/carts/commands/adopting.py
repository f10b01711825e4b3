"""What was put into a cart before signing in comes into the person's own."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from apps.business.carts import queries
from apps.business.carts.commands.filling import begin
from apps.business.carts.models import MOST_PIECES, Cart, CartLine
from apps.business.carts.visitors import Visitor
from apps.business.units import work_of


def adopt(*, visitor: Visitor, token: str, currency: str, now: datetime) -> Cart | None:
    """Merge the cart that `token` stands for into the person's own; None where there is nothing to merge.

    Quantities add up as far as they can be bought; no line becomes smaller than it was in either cart, and none is
    lost. Safe to repeat: a cart is merged once. Raises Overtaken.
    """
    with work_of(visitor.actor, Cart):
        theirs = queries.lock_cart_by_token(token)
        if theirs is None or not theirs.is_open:
            return None
        own = begin(visitor=replace(visitor, token=""), currency=currency, now=now).cart
        _pour(theirs, own)
        theirs.status = Cart.Status.MERGED
        theirs.save(update_fields=["status"])
    return own


def _pour(theirs: Cart, own: Cart) -> None:
    coming = queries.lines_of(theirs.id)
    there = {line.product_id: line for line in queries.lines_of(own.id)}
    most = queries.can_be_had([line.product_id for line in coming])
    for line in coming:
        known = there.get(line.product_id)
        if known is None:
            line.cart = own
            line.save(update_fields=["cart"])
            continue
        together = min(known.quantity + line.quantity, max(most[line.product_id], known.quantity, line.quantity))
        known.quantity = min(together, MOST_PIECES)
        known.save(update_fields=["quantity"])
    CartLine.objects.in_tenant().filter(cart=theirs).delete()
