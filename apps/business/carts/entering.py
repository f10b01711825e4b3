"""Coming into a shop by its public address, `/shop/<slug of the company>/`: from there on all is that company's."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from apps.business.carts import queries
from apps.business.carts.errors import ShopNotFound
from apps.business.carts.visitors import Visitor
from apps.core.errors import NotFound
from apps.core.tenancy import tenant
from apps.iam.facade import iam

TOKEN_HEADER = "X-Cart-Token"  # noqa: S105  (a header's name)


@dataclass(frozen=True, slots=True)
class Entrance:
    """An open shop, and who came in. `token` is what they brought, signed in or not."""

    slug: str
    title: str
    currency: str
    sells_on_account: bool
    visitor: Visitor
    token: str = ""
    return_origins: tuple[str, ...] = ()


@contextmanager
def entered(request: Any, slug: str, token: str) -> Iterator[Entrance]:
    """Inside, the shop's company is the current tenant. Raises ShopNotFound; whether there is such a company stays
    untold.
    """
    try:
        company = iam.tenant_by_slug(slug)
    except NotFound as error:
        raise ShopNotFound("there is no open shop here") from error
    with tenant(company.id):
        shop = queries.shop()
        if not company.is_active or shop is None or not shop.is_open:
            raise ShopNotFound("there is no open shop here")
        visitor = _visitor(request.principal, company.id, token)
        title = shop.title or company.name
        yield Entrance(
            slug, title, shop.currency, shop.sells_on_account, visitor, token, return_origins=tuple(shop.return_origins)
        )


def _visitor(principal: Any, tenant_id: UUID, token: str) -> Visitor:
    """A person of this very company is known; anybody else is a guest, whoever they may be elsewhere."""
    if principal is not None and principal.kind == "user" and principal.tenant_id == tenant_id:
        return Visitor(user_id=principal.subject, actor=principal.actor)
    return Visitor(token=token)
