"""Where a buyer finds their order again, and where they come back to from the payment provider's page.

Whoever has an order's link may see the order: the link is the permission. An address to come back to is signed only
below the origins that the company named, so that nobody leads people elsewhere by way of a shop.
"""

from __future__ import annotations

from collections.abc import Collection
from urllib.parse import parse_qsl, urlencode, urlsplit
from uuid import UUID

from django.core.signing import BadSignature, Signer

from apps.business.carts.errors import InvalidCheckout
from apps.business.orders.errors import OrderNotFound

RETURN = "to"


def token_of(slug: str, order_id: UUID) -> str:
    return _of_orders(slug).sign(str(order_id))


def order_id_of(slug: str, token: str) -> UUID:
    """Raises OrderNotFound."""
    try:
        return UUID(_of_orders(slug).unsign(token))
    except (BadSignature, ValueError) as error:
        raise OrderNotFound("there is no such order") from error


def path_of(slug: str, order_id: UUID) -> str:
    """The order's page in the shop."""
    return f"/shop/{slug}/orders/{token_of(slug, order_id)}/"


def payment_path_of(slug: str, order_id: UUID, *, return_url: str, origins: Collection[str]) -> str:
    """From where a browser is led to the payment provider's page, as soon as there is one. Raises InvalidCheckout."""
    path = f"{path_of(slug, order_id)}payment"
    require_way_back(return_url, origins)
    if not return_url:
        return path
    return f"{path}?{urlencode({RETURN: _of_returns(slug).sign(return_url)})}"


def require_way_back(return_url: str, origins: Collection[str]) -> None:
    """Raises InvalidCheckout."""
    if return_url and origin_of(return_url) not in origins:
        raise InvalidCheckout(errors={"return_url": ["is below none of the addresses that the shop names"]})


def way_back(slug: str, order_id: UUID, ticket: str) -> str:
    """The address to come back to, which is told the order's token; "" where none was signed."""
    try:
        address = urlsplit(_of_returns(slug).unsign(ticket))
    except BadSignature:
        return ""
    query = urlencode([*parse_qsl(address.query, keep_blank_values=True), ("order", token_of(slug, order_id))])
    return address._replace(query=query).geturl()


def origin_of(address: str) -> str:
    """Scheme and host, and the port if one is said; "" for what is no address."""
    try:
        parts = urlsplit(address)
    except ValueError:
        return ""
    return f"{parts.scheme}://{parts.netloc}".lower() if parts.scheme and parts.netloc else ""


def _of_orders(slug: str) -> Signer:
    return Signer(salt=f"shop.order.{slug}")


def _of_returns(slug: str) -> Signer:
    return Signer(salt=f"shop.return.{slug}")
