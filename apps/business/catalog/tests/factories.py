"""Products as tests need them."""

from __future__ import annotations

import factory
from django.utils import timezone
from factory.django import DjangoModelFactory

from apps.business.catalog.models import Product, ProductPrice


class ProductFactory(DjangoModelFactory):
    """A product of the current tenant."""

    class Meta:
        model = Product

    sku = factory.Sequence(lambda number: f"SKU-{number:04d}")
    name = factory.Sequence(lambda number: f"Tea pot {number}")
    unit_price_e4 = 25_500
    currency = "GBP"

    @classmethod
    def _create(cls, model_class, *args, **kwargs):
        product = model_class(**kwargs)
        product.describe(sku=product.sku, name=product.name)
        product.save()
        return product


class ProductPriceFactory(DjangoModelFactory):
    """A price in pounds that holds from now on."""

    class Meta:
        model = ProductPrice

    product = factory.SubFactory(ProductFactory)
    currency = "GBP"
    price_e4 = 90_000
    valid_from = factory.LazyFunction(timezone.now)
