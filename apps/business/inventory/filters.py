"""How stock levels and warehouses are narrowed; the API and the pages share it."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from typing import Any

import django_filters
from django.db.models import Q

from apps.business.inventory import queries
from apps.business.inventory.models import StockDay, StockLevel, StockSummary, Warehouse
from apps.business.search_keys import begins_with


def _of_products_named(text: str) -> Q:
    return begins_with("product__sku_key", text) | begins_with("product__name_key", text)


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
        return levels.filter(_of_products_named(text))

    def only_low(self, levels: Any, name: str, wanted: bool) -> Any:
        return levels.filter(queries.LOW) if wanted else levels.exclude(queries.LOW)

    def only_back_ordered(self, levels: Any, name: str, wanted: bool) -> Any:
        waiting = queries.product_ids_back_ordered()
        return levels.filter(product_id__in=waiting) if wanted else levels.exclude(product_id__in=waiting)


class StockSummaryFilter(django_filters.FilterSet):
    product_id = django_filters.UUIDFilter(field_name="product_id")
    warehouse_id = django_filters.UUIDFilter(field_name="warehouse_id")
    sku = django_filters.CharFilter(field_name="product__sku", max_length=64)
    idle_since = django_filters.DateFilter(
        method="not_moved_since", help_text="Only what has not moved since this day began (UTC)."
    )

    class Meta:
        model = StockSummary
        fields: list[str] = []

    def not_moved_since(self, summaries: Any, name: str, day: date) -> Any:
        return summaries.filter(last_moved_at__lt=datetime.combine(day, time.min, tzinfo=UTC))


class StockDayFilter(django_filters.FilterSet):
    q = django_filters.CharFilter(method="beginning", max_length=200, help_text="Begins the stock code or the name.")
    product_id = django_filters.UUIDFilter(field_name="product_id")
    warehouse_id = django_filters.UUIDFilter(field_name="warehouse_id")
    first_day = django_filters.DateFilter(field_name="day", lookup_expr="gte", help_text="This day and later.")
    last_day = django_filters.DateFilter(field_name="day", lookup_expr="lte", help_text="This day and earlier.")

    class Meta:
        model = StockDay
        fields: list[str] = []

    def beginning(self, days: Any, name: str, text: str) -> Any:
        return days.filter(_of_products_named(text))


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
