"""How stock levels and warehouses are narrowed; the API and the pages share it."""

from __future__ import annotations

from typing import Any

import django_filters

from apps.business.inventory import queries
from apps.business.inventory.models import StockLevel, Warehouse
from apps.business.search_keys import begins_with


class StockLevelFilter(django_filters.FilterSet):
    q = django_filters.CharFilter(method="beginning", max_length=200, help_text="Begins the stock code or the name.")
    product_id = django_filters.UUIDFilter(field_name="product_id")
    warehouse_id = django_filters.UUIDFilter(field_name="warehouse_id")
    sku = django_filters.CharFilter(field_name="product__sku", max_length=64)
    low = django_filters.BooleanFilter(method="only_low", help_text="true: only at or below the threshold.")
    back_ordered = django_filters.BooleanFilter(
        method="only_back_ordered", help_text="true: only of products that an order waits for."
    )

    class Meta:
        model = StockLevel
        fields: list[str] = []

    def beginning(self, levels: Any, name: str, text: str) -> Any:
        return levels.filter(begins_with("product__sku_key", text) | begins_with("product__name_key", text))

    def only_low(self, levels: Any, name: str, wanted: bool) -> Any:
        return levels.filter(queries.LOW) if wanted else levels.exclude(queries.LOW)

    def only_back_ordered(self, levels: Any, name: str, wanted: bool) -> Any:
        waiting = queries.product_ids_back_ordered()
        return levels.filter(product_id__in=waiting) if wanted else levels.exclude(product_id__in=waiting)


class WarehouseFilter(django_filters.FilterSet):
    state = django_filters.ChoiceFilter(
        choices=[("deleted", "deleted"), ("all", "all")], help_text="Left out: those that are open."
    )

    class Meta:
        model = Warehouse
        fields: list[str] = []

    def filter_queryset(self, queryset: Any) -> Any:
        """The query knows how; the given queryset is the one of nobody's wishes."""
        state = self.form.cleaned_data["state"]
        if not state:
            return queryset
        everything = queries.warehouses(with_deleted=True)
        return everything.deleted() if state == "deleted" else everything
