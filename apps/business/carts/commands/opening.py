"""Opening and closing the shop, and how it sells."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass

from apps.business.carts import queries
from apps.business.carts.errors import InvalidShop
from apps.business.carts.links import origin_of
from apps.business.carts.models import Shop
from apps.business.constraints import violation_means
from apps.business.currencies import is_currency
from apps.business.units import work_of
from apps.core.errors import Overtaken, PreconditionFailed
from apps.core.history import Actor

MOST_ORIGINS = 10
# http only on the machine in front of somebody, where storefronts are written.
_ORIGIN = re.compile(r"(https://[a-z0-9.-]+|http://(localhost|127\.0\.0\.1))(:\d{1,5})?/?", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class ShopSettings:
    """What is said of a shop. While it is not open, nobody finds it."""

    is_open: bool
    currency: str
    title: str = ""
    sells_on_account: bool = False
    return_origins: Sequence[str] = ()


def set_shop(*, settings: ShopSettings, actor: Actor, expected_version: int | None = None) -> Shop:
    """Say how the company sells from now on. Safe to repeat. Raises InvalidShop, PreconditionFailed, Overtaken."""
    _check(settings)
    first = Overtaken("somebody else opened the shop at the same moment", version=1)
    with violation_means("carts_one_shop", lambda: first), work_of(actor, Shop):
        shop = queries.shop() or Shop(currency="")
        version = 0 if shop._state.adding else shop.version
        if expected_version is not None and version != expected_version:
            raise PreconditionFailed(f"the shop is at version {version}", version=version)
        wanted = {**asdict(settings), "return_origins": [origin_of(one) for one in settings.return_origins]}
        if {name: getattr(shop, name) for name in wanted} != wanted:
            for name, value in wanted.items():
                setattr(shop, name, value)
            shop.save()
    return shop


def _check(settings: ShopSettings) -> None:
    errors: dict[str, list[str]] = {}
    if not is_currency(settings.currency):
        errors["currency"] = ["an ISO 4217 code such as GBP"]
    if len(settings.title) > 100 or "\x00" in settings.title:
        errors["title"] = ["at most 100 characters"]
    if len(settings.return_origins) > MOST_ORIGINS:
        errors["return_origins"] = [f"at most {MOST_ORIGINS}"]
    elif wrong := [one for one in settings.return_origins if not _ORIGIN.fullmatch(one)]:
        errors["return_origins"] = [f"{wrong[0][:60]!r} is not https:// and a host, without a path"]
    if errors:
        name, texts = next(iter(errors.items()))
        raise InvalidShop(f"{name}: {texts[0]}", errors=errors)
