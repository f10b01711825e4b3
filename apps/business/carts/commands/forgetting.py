"""Carts that nobody came back to."""

from __future__ import annotations

from datetime import datetime

from apps.business.carts import queries
from apps.business.carts.models import Cart, CartLine
from apps.business.units import work_of
from apps.core.history import Actor

_AT_ONCE = 500


def forget_untouched(*, since: datetime, actor: Actor) -> int:
    """Delete the tenant's carts that nobody touched since then, ordered ones too; returns how many.

    Safe to run twice, or twice at once. A cart that somebody is just touching stays.
    """
    forgotten = 0
    while ids := queries.carts_untouched_since(since, limit=_AT_ONCE):
        with work_of(actor, Cart):
            locked = (
                Cart.objects.in_tenant().filter(id__in=ids, touched_at__lt=since).select_for_update().order_by("id")
            )
            gone = list(locked.values_list("id", flat=True))
            CartLine.objects.in_tenant().filter(cart_id__in=gone).delete()
            Cart.objects.in_tenant().filter(id__in=gone).delete()
        forgotten += len(gone)
        if not gone:
            break
    return forgotten
