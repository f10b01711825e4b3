"""Shops and carts as tests need them."""

from __future__ import annotations

from uuid import uuid4

from django.utils import timezone

from apps.business.carts import commands
from apps.business.carts.visitors import Visitor
from apps.business.catalog.tests.factories import ProductFactory
from apps.business.inventory.tests.factories import StockLevelFactory
from apps.business.orders.tests.factories import ADA, address

__all__ = ["ADA", "add", "checkout", "goods", "open_shop", "person"]


def open_shop(**changes):
    """In the current tenant, selling in pounds and on account."""
    said = {"is_open": True, "currency": "GBP", "sells_on_account": True, **changes}
    return commands.set_shop(settings=commands.ShopSettings(**said), actor=ADA)


def person():
    """Somebody who is signed in."""
    return Visitor(user_id=uuid4(), actor=ADA)


def goods(*, on_hand=10, price_e4=2_5000, **changes):
    """A product in stock."""
    product = ProductFactory(unit_price_e4=price_e4, **changes)
    StockLevelFactory(product=product, on_hand=on_hand)
    return product


def add(visitor, product, quantity=1):
    """Put so many into the visitor's cart; returns whoever they are from then on."""
    filled = commands.add(visitor=visitor, product_id=product.id, quantity=quantity, currency="GBP", now=timezone.now())
    return filled.visitor


def checkout(**changes):
    """To Leeds, on account."""
    return commands.Checkout(**{"shipping_address": address(), **changes})
