"""Opening and closing the shop, and how it sells."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from apps.business.carts import queries
from apps.business.carts.errors import InvalidShop
from apps.business.carts.models import Shop
from apps.business.constraints import violation_means
from apps.business.currencies import is_currency
from apps.business.units import work_of
from apps.core.errors import Overtaken, PreconditionFailed
from apps.core.history import Actor


@dataclass(frozen=True, slots=True, kw_only=True)
class ShopSettings:
    """What is said of a shop. While it is not open, nobody finds it."""

    is_open: bool
    currency: str
    title: str = ""
    sells_on_account: bool = False


def set_shop(*, settings: ShopSettings, actor: Actor, expected_version: int | None = None) -> Shop:
    """Say how the company sells from now on. Safe to repeat. Raises InvalidShop, PreconditionFailed, Overtaken."""
    _check(settings)
    first = Overtaken("somebody else opened the shop at the same moment", version=1)
    with violation_means("carts_one_shop", lambda: first), work_of(actor, Shop):
        shop = queries.shop() or Shop(currency="")
        version = 0 if shop._state.adding else shop.version
        if expected_version is not None and version != expected_version:
            raise PreconditionFailed(f"the shop is at version {version}", version=version)
        before = {name: getattr(shop, name) for name in asdict(settings)}
        if before != asdict(settings):
            for name, value in asdict(settings).items():
                setattr(shop, name, value)
            shop.save()
    return shop


def _check(settings: ShopSettings) -> None:
    errors: dict[str, list[str]] = {}
    if not is_currency(settings.currency):
        errors["currency"] = ["an ISO 4217 code such as GBP"]
    if len(settings.title) > 100 or "\x00" in settings.title:
        errors["title"] = ["at most 100 characters"]
    if errors:
        name, texts = next(iter(errors.items()))
        raise InvalidShop(f"{name}: {texts[0]}", errors=errors)
