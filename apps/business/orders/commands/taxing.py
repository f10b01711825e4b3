"""How a company's orders are taxed."""

from __future__ import annotations

import re
from datetime import date
from uuid import UUID

from apps.business.constraints import violation_means
from apps.business.orders import queries
from apps.business.orders.errors import InvalidTaxRate, TaxRateExists, TaxRateNotFound
from apps.business.orders.models import TaxedClass, TaxRate, TaxSettings
from apps.business.orders.totals import WHOLE_E4
from apps.core.events import unit_of_work
from apps.core.history import Actor


def add_tax_rate(*, country: str, tax_class: str, rate_e4: int, valid_from: date, actor: Actor) -> TaxRate:
    """Say what a country takes from a day on. Orders that are placed already keep their taxes.

    Raises InvalidTaxRate, TaxRateExists.
    """
    errors: dict[str, list[str]] = {}
    if not re.fullmatch(r"([A-Z]{2})?", country):
        errors["country"] = ["two capital letters such as DE (ISO 3166-1), or nothing: everywhere else"]
    if tax_class not in TaxedClass:
        errors["tax_class"] = [f"one of {', '.join(TaxedClass)}"]
    if not 0 <= rate_e4 <= WHOLE_E4:
        errors["rate_e4"] = ["from 0 to 10000: 1900 is 19 %"]
    if errors:
        raise InvalidTaxRate(errors=errors)
    exists = TaxRateExists(f"there is a rate for {tax_class} from {valid_from} on already")
    with violation_means("orders_one_tax_rate_a_day", lambda: exists), unit_of_work(TaxRate, actor=actor):
        rate = TaxRate(country=country, tax_class=tax_class, rate_e4=rate_e4, valid_from=valid_from)
        rate.save()
    return rate


def remove_tax_rate(*, rate_id: UUID, actor: Actor) -> None:
    """As if the rate had never been said; placed orders keep their taxes. Raises TaxRateNotFound."""
    with unit_of_work(TaxRate, actor=actor):
        rate = queries.tax_rates().filter(id=rate_id).first()
        if rate is None:
            raise TaxRateNotFound(f"there is no tax rate {rate_id}")
        rate.delete()


def set_prices_include_tax(*, prices_include_tax: bool, actor: Actor) -> None:
    """Say whether the company's prices are gross from now on. Safe to repeat."""
    with unit_of_work(TaxSettings, actor=actor):
        known = queries.tax_settings() or TaxSettings()
        known.prices_include_tax = prices_include_tax
        known.save()
