"""How the list of products is narrowed; the API and the page share it."""

from __future__ import annotations

from typing import Any

import django_filters

from apps.business.catalog import queries
from apps.business.catalog.models import Product
from apps.business.inventory import queries as inventory


class ProductFilter(django_filters.FilterSet):
    q = django_filters.CharFilter(max_length=200, help_text="Begins the stock code or the name.")
    sku = django_filters.CharFilter(max_length=64, help_text="The exact stock code; case matters.")
    variant_of = django_filters.UUIDFilter(help_text="Only the variants of this product.")
    category = django_filters.UUIDFilter(help_text="Only what stands in this category, or below it.")
    state = django_filters.ChoiceFilter(
        choices=[(state, state) for state in queries.STATES], help_text="Left out: active."
    )

    class Meta:
        model = Product
        fields: list[str] = []

    def filter_queryset(self, queryset: Any) -> Any:
        """The query knows how; the given queryset is the one of nobody's wishes."""
        return queries.products(**{name: value for name, value in self.form.cleaned_data.items() if value})


class ProductListFilter(ProductFilter):
    """What the page can show; `low` needs the stock."""

    state = django_filters.ChoiceFilter(choices=[(state, state) for state in ("low", *queries.STATES)])

    class Meta(ProductFilter.Meta):
        pass

    def filter_queryset(self, queryset: Any) -> Any:
        wish = self.form.cleaned_data
        if wish["state"] != "low":
            return super().filter_queryset(queryset)
        return queries.products(q=wish["q"], category=wish["category"]).filter(
            id__in=inventory.product_ids_low_on_stock()
        )
