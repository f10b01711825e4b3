"""Stock as tests need it."""

from __future__ import annotations

import factory
from factory.django import DjangoModelFactory

from apps.business.catalog.tests.factories import ProductFactory
from apps.business.inventory.models import StockLevel


class StockLevelFactory(DjangoModelFactory):
    """Ten pieces of a new product of the current tenant."""

    class Meta:
        model = StockLevel

    product = factory.SubFactory(ProductFactory)
    on_hand = 10
