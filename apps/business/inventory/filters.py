"""How the list of stock levels is narrowed."""

from __future__ import annotations

from typing import Any

import django_filters

from apps.business.inventory import queries
from apps.business.inventory.models import StockLevel


class StockLevelFilter(django_filters.FilterSet):
    product_id = django_filters.UUIDFilter(field_name="product_id")
    sku = django_filters.CharFilter(field_name="product__sku", max_length=64)
    low = django_filters.BooleanFilter(method="only_low", help_text="true: only at or below the reorder level.")

    class Meta:
        model = StockLevel
        fields: list[str] = []

    def only_low(self, levels: Any, name: str, wanted: bool) -> Any:
        return levels.filter(queries.LOW) if wanted else levels.exclude(queries.LOW)
