"""Prices: what a product costs in a currency, from when, until when."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from uuid import UUID

from django.utils.timezone import localtime

from apps.business.catalog import queries
from apps.business.catalog.commands.content import price_errors
from apps.business.catalog.errors import InvalidPrice, PriceOver, PriceOverlaps
from apps.business.catalog.errors import ProductDeleted as ProductIsDeleted
from apps.business.catalog.events import ProductPriced, ProductPriceEnded
from apps.business.catalog.models import Product, ProductPrice
from apps.business.constraints import violation_means
from apps.business.currencies import is_currency
from apps.business.money import price_e4
from apps.business.units import work_of
from apps.core.api.presentation import moment_text, price_text
from apps.core.events import UnitOfWork
from apps.core.history import Actor

_NO_OVERLAP = "catalog_price_no_overlap"


def set_price(
    *,
    product_id: UUID,
    currency: str,
    price: Decimal,
    valid_from: datetime | None = None,
    valid_to: datetime | None = None,
    actor: Actor,
    now: datetime,
) -> ProductPrice:
    """Let a product cost so much from `valid_from` (left out: now) until just before `valid_to` (left out: for good).

    A price without an end that began earlier ends where this one begins; any other that it overlaps stands in its way.
    Safe to repeat: where it costs that much already for all that time, nothing happens.
    Raises InvalidPrice, ProductNotFound, ProductIsDeleted, PriceOverlaps.
    """
    _check(currency, price, valid_from, valid_to, now)
    wish = ProductPrice(
        product_id=product_id,
        currency=currency,
        price_e4=price_e4(price),
        valid_from=valid_from or now,
        valid_to=valid_to,
    )
    # Whoever writes past the lock on the product is stopped by the constraint.
    overlaps = PriceOverlaps(f"it has another price in {currency} for part of that time: end that one first")
    with violation_means(_NO_OVERLAP, lambda: overlaps), work_of(actor, Product) as work:
        product = queries.lock_product(product_id)
        if product.is_deleted:
            raise ProductIsDeleted(f"{product.name} is deleted: restore it before you price it")
        if same := _same(wish):
            return same
        _make_room(wish, work)
        _refuse_overlap(wish)
        wish.save()
        work.publish(_priced(wish))
    return wish


def end_price(*, product_id: UUID, price_id: UUID, actor: Actor, now: datetime) -> None:
    """End a price now; one that has not begun is taken back altogether. Raises PriceNotFound, PriceOver."""
    with work_of(actor, Product) as work:
        queries.lock_product(product_id)
        price = queries.lock_price(price_id, product_id=product_id)
        if price.is_over(at=now):
            raise PriceOver("what was charged until then stays on record")
        if price.has_begun(at=now):
            _end(price, now, work)
        else:
            work.publish(ProductPriceEnded(product_id=product_id, price_id=price.id, currency=price.currency))
            price.delete()


def _make_room(wish: ProductPrice, work: UnitOfWork) -> None:
    earlier = queries.lock_open_price(wish.product_id, wish.currency, before=wish.valid_from)
    if earlier is not None:
        _end(earlier, wish.valid_from, work)


def _refuse_overlap(wish: ProductPrice) -> None:
    other = queries.price_in_the_way(wish)
    if other is not None:
        begins = moment_text(localtime(other.valid_from))
        until = f"until {moment_text(localtime(other.valid_to))}" if other.valid_to else "on"
        cost = price_text(other.price, other.currency)
        raise PriceOverlaps(f"it costs {cost} from {begins} {until}: end that price first, or choose another time")


def _end(price: ProductPrice, at: datetime, work: UnitOfWork) -> None:
    price.valid_to = at
    price.save()
    work.publish(
        ProductPriceEnded(product_id=price.product_id, price_id=price.id, currency=price.currency, valid_to=at)
    )


def _same(wish: ProductPrice) -> ProductPrice | None:
    same = {name: getattr(wish, name) for name in ("currency", "price_e4", "valid_to")}
    return queries.all_prices_of(wish.product_id).filter(**same, valid_from__lte=wish.valid_from).first()


def _priced(price: ProductPrice) -> ProductPriced:
    return ProductPriced(
        product_id=price.product_id,
        price_id=price.id,
        currency=price.currency,
        price_e4=price.price_e4,
        valid_from=price.valid_from,
        valid_to=price.valid_to,
    )


def _check(
    currency: str, price: Decimal, valid_from: datetime | None, valid_to: datetime | None, now: datetime
) -> None:
    errors = price_errors("price", price)
    if not is_currency(currency):
        errors["currency"] = ["an ISO 4217 code such as GBP"]
    if valid_from is not None and valid_from < now:
        errors["valid_from"] = ["not in the past: what was charged stays on record"]
    if valid_to is not None and valid_to <= (valid_from or now):
        errors["valid_to"] = ["later than its beginning"]
    if errors:
        raise InvalidPrice("; ".join(f"{name}: {texts[0]}" for name, texts in errors.items()), errors=errors)
