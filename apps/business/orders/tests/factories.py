"""Customers and orders as tests need them."""

from __future__ import annotations

from decimal import Decimal
from uuid import uuid4

import factory
from django.utils import timezone
from factory.django import DjangoModelFactory

from apps.business.inventory.tests.factories import StockLevelFactory
from apps.business.orders import commands
from apps.business.orders.models import Customer
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
