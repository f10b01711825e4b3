"""Stock as tests need it."""

from __future__ import annotations

import factory
from factory.django import DjangoModelFactory

from apps.business.catalog.tests.factories import ProductFactory
from apps.business.inventory.models import StockLevel, Warehouse


class WarehouseFactory(DjangoModelFactory):
    """One more warehouse of the current tenant, asked before the default one."""

    class Meta:
        model = Warehouse

    name = factory.Sequence(lambda number: f"Warehouse {number}")
    priority = 10


class StockLevelFactory(DjangoModelFactory):
    """Ten pieces of a new product of the current tenant, in its default warehouse."""

    class Meta:
        model = StockLevel

    product = factory.SubFactory(ProductFactory)
    on_hand = 10
