"""Customers and orders as tests need them."""

from __future__ import annotations

from decimal import Decimal
from uuid import uuid4

import factory
from django.utils import timezone
from factory.django import DjangoModelFactory

from apps.business.addresses import Address
from apps.business.inventory.tests.factories import StockLevelFactory
from apps.business.orders import commands
from apps.business.orders.models import Customer, ShippingPrice
from apps.core.history import Actor

ADA = Actor(kind="user", id=uuid4(), name="Ada")


class CustomerFactory(DjangoModelFactory):
    """A customer of the current tenant."""

    class Meta:
        model = Customer

    code = factory.Sequence(lambda number: f"C{number:04d}")
    name = factory.Sequence(lambda number: f"Customer {number}")
    email = "customer@example.test"
    country = "Germany"

    @classmethod
    def _create(cls, model_class, *args, **kwargs):
        customer = model_class(**kwargs)
        customer.call(customer.name)
        customer.save()
        return customer


def line(product_id, quantity=1, **changes):
    return commands.NewLine(product_id=product_id, quantity=quantity, **changes)


def postage(price="4.95", **changes):
    return commands.NewLine(kind="postage", description="Postage", unit_price=Decimal(price), **changes)


def place(*lines, idempotency_key="", actor=ADA, now=None, **changes):
    """Place an order through the ordinary command; without lines, of three pieces of a new product."""
    if not lines:
        lines = (line(StockLevelFactory().product_id, 3),)
    wish = commands.NewOrder(**{"lines": lines, "currency": "GBP", **changes})
    return commands.place_order(order=wish, actor=actor, now=now or timezone.now(), idempotency_key=idempotency_key)


def address(**changes):
    """Ida's in Leeds."""
    leeds = {"name": "Ida Vogel", "lines": "1 High Street", "postal_code": "LS1 1UR", "city": "Leeds", "country": "GB"}
    return Address(**{**leeds, **changes})


def add_address(customer, *, default_for_shipping=False, default_for_billing=False, **changes):
    """One more address of a customer."""
    return commands.add_address(
        customer_id=customer.id,
        address=address(**changes),
        default_for_shipping=default_for_shipping,
        default_for_billing=default_for_billing,
        actor=ADA,
    )


def way(*, price_minor=495, free_from_minor=None, **changes):
    """A shipping method in pounds."""
    said = {"name": "Parcel", "prices": {"GBP": ShippingPrice(price_minor, free_from_minor)}, **changes}
    return commands.add_shipping_method(method=commands.NewShippingMethod(**said), actor=ADA)
