"""How a company sends its goods, and what it takes for it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from apps.business.constraints import violation_means
from apps.business.countries import is_country
from apps.business.currencies import is_currency
from apps.business.orders import queries
from apps.business.orders.errors import InvalidShippingMethod, ShippingMethodExists
from apps.business.orders.models import ShippingMethod, ShippingPrice
from apps.business.units import work_of
from apps.core.errors import PreconditionFailed
from apps.core.history import Actor

_MOST_MINOR = 10**12
_UNIQUE = "orders_shipping_method_name"


@dataclass(frozen=True, slots=True, kw_only=True)
class NewShippingMethod:
    """What is said of a way. No `countries`: everywhere. `prices` by currency (ISO 4217)."""

    name: str
    prices: Mapping[str, ShippingPrice]
    countries: Sequence[str] = field(default_factory=tuple)
    tax_class: str = ShippingMethod.TaxClass.STANDARD


def add_shipping_method(*, method: NewShippingMethod, actor: Actor) -> ShippingMethod:
    """Raises InvalidShippingMethod, ShippingMethodExists."""
    with violation_means(_UNIQUE, lambda: _taken(method.name)), work_of(actor, ShippingMethod):
        added = ShippingMethod()
        _say(added, method)
        added.save()
    return added


def update_shipping_method(
    *, method_id: UUID, changes: Mapping[str, Any], expected_version: int | None = None, actor: Actor
) -> ShippingMethod:
    """Change what is said of a way from now on; placed orders keep what they were charged. Safe to repeat.

    Raises ShippingMethodNotFound, PreconditionFailed, InvalidShippingMethod, ShippingMethodExists.
    """
    with violation_means(_UNIQUE, lambda: _taken(changes.get("name", ""))), work_of(actor, ShippingMethod):
        method = queries.lock_shipping_method(method_id)
        _require_version(method, expected_version)
        before = _said(method)
        after = NewShippingMethod(**{**{name: getattr(before, name) for name in before.__slots__}, **changes})
        if after != before:
            _say(method, after)
            method.save()
    return method


def delete_shipping_method(
    *, method_id: UUID, expected_version: int | None = None, actor: Actor, now: datetime
) -> ShippingMethod:
    """Offer it no longer; placed orders keep it. Safe to repeat. Raises ShippingMethodNotFound, PreconditionFailed."""
    with work_of(actor, ShippingMethod):
        method = queries.lock_shipping_method(method_id, with_deleted=True)
        if not method.is_deleted:
            _require_version(method, expected_version)
            method.soft_delete(at=now, by=actor.id)
            method.save()
    return method


def _said(method: ShippingMethod) -> NewShippingMethod:
    prices = {currency: ShippingPrice(**said) for currency, said in method.prices.items()}
    return NewShippingMethod(
        name=method.name, prices=prices, countries=tuple(method.countries), tax_class=method.tax_class
    )


def _say(method: ShippingMethod, content: NewShippingMethod) -> None:
    """Raises InvalidShippingMethod."""
    if errors := _faults(content):
        name, texts = next(iter(errors.items()))
        raise InvalidShippingMethod(f"{name}: {texts[0]}", errors=errors)
    method.name, method.tax_class = content.name.strip(), content.tax_class
    method.countries = sorted(set(content.countries))
    method.prices = {currency: asdict(price) for currency, price in sorted(content.prices.items())}


def _faults(content: NewShippingMethod) -> dict[str, list[str]]:
    errors: dict[str, list[str]] = {}
    if not content.name.strip() or len(content.name.strip()) > 100 or "\x00" in content.name:
        errors["name"] = ["1 to 100 characters"]
    if strange := [code for code in content.countries if not is_country(code)]:
        errors["countries"] = [f"{strange[0]} is no country: two capital letters such as GB (ISO 3166-1)"]
    if content.tax_class not in ShippingMethod.TaxClass:
        errors["tax_class"] = [f"one of {', '.join(ShippingMethod.TaxClass)}"]
    if not content.prices:
        errors["prices"] = ["at least one"]
    for currency, price in content.prices.items():
        if not is_currency(currency):
            errors["prices"] = [f"{currency} is no currency: an ISO 4217 code such as GBP"]
        elif not 0 <= price.price_minor <= _MOST_MINOR or not 0 <= (price.free_from_minor or 0) <= _MOST_MINOR:
            errors["prices"] = [f"{currency}: zero or more, in minor units"]
    return errors


def _taken(name: str) -> ShippingMethodExists:
    return ShippingMethodExists(f"there is a way called {name} already")


def _require_version(method: ShippingMethod, expected_version: int | None) -> None:
    if expected_version is not None and method.version != expected_version:
        raise PreconditionFailed(
            f"{method.name} is at version {method.version}, not {expected_version}", version=method.version
        )
