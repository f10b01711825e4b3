"""The customers and products that a file names: looked up, and made where they are missing."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID

from apps.business.catalog import commands as catalog
from apps.business.catalog import queries as catalog_queries
from apps.business.money import price_of
from apps.business.orders import commands, queries
from apps.business.orders.imports.classify import kind_of
from apps.business.orders.imports.reader import Line
from apps.business.orders.models import LineKind
from apps.core.history import Actor


def customer_ids(lines: Iterable[Line], *, actor: Actor, now: datetime) -> dict[str, UUID]:
    """Ids of all named customers by code. A new one is called by its code and lives where its first line says."""
    countries: dict[str, str] = {}
    for line in lines:
        if line.customer_code:
            countries[line.customer_code] = countries.get(line.customer_code, "") or line.country
    known = {customer.code: customer.id for customer in queries.customers_by_code(list(countries))}
    missing = [
        commands.NewCustomer(code=code, name=f"Customer {code}", country=country)
        for code, country in countries.items()
        if code not in known
    ]
    made = commands.create_customers(customers=missing, actor=actor, now=now) if missing else []
    return known | {customer.code: customer.id for customer in made}


def product_ids(lines: Iterable[Line], *, currency: str, actor: Actor, now: datetime) -> dict[str, UUID]:
    """Ids of all products by stock code; case matters. A new one has its commonest description and its latest price."""
    by_code: dict[str, list[Line]] = defaultdict(list)
    for line in lines:
        if kind_of(line) == LineKind.PRODUCT:
            by_code[line.code].append(line)
    known = {sku: product.id for sku, product in catalog_queries.products_by_sku(list(by_code)).items()}
    missing = [_new_product(code, its, currency) for code, its in by_code.items() if code not in known]
    made = catalog.create_products(products=missing, actor=actor, now=now) if missing else []
    return known | {product.sku: product.id for product in made}


def _new_product(code: str, lines: Sequence[Line], currency: str) -> catalog.NewProduct:
    priced = [line.price_e4 for line in lines if line.price_e4 > 0]
    return catalog.NewProduct(
        sku=code, name=_name(code, lines), unit_price=price_of(priced[-1] if priced else 0), currency=currency
    )


def _name(code: str, lines: Sequence[Line]) -> str:
    """Notes of the warehouse stand on lines without a price, so those of the priced ones go first."""
    for chosen in ([line for line in lines if line.price_e4], lines):
        names = Counter(line.description for line in chosen if line.description)
        if names:
            return names.most_common(1)[0][0]
    return code
