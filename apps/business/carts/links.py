"""Where a buyer finds their order again, and where they come back to from the payment provider's page.

Whoever has an order's link may see the order: the link is the permission.
"""

from __future__ import annotations

from uuid import UUID

from django.core.signing import BadSignature, Signer

from apps.business.orders.errors import OrderNotFound


def token_of(slug: str, order_id: UUID) -> str:
    return _signer(slug).sign(str(order_id))


def order_id_of(slug: str, token: str) -> UUID:
    """Raises OrderNotFound."""
    try:
        return UUID(_signer(slug).unsign(token))
    except (BadSignature, ValueError) as error:
        raise OrderNotFound("there is no such order") from error


def path_of(slug: str, order_id: UUID) -> str:
    """The order's page in the shop."""
    return f"/shop/{slug}/orders/{token_of(slug, order_id)}/"


def _signer(slug: str) -> Signer:
    return Signer(salt=f"shop.order.{slug}")
