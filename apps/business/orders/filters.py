"""How lists of orders and customers are narrowed; the API and the pages share it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import django_filters

from apps.business.orders import queries
from apps.business.orders.models import Customer, Order, OrderSummary


class OrderFilter(django_filters.FilterSet):
    q = django_filters.CharFilter(method="search", max_length=200, help_text="Begins the number or the buyer's name.")
    status = django_filters.ChoiceFilter(choices=Order.Status.choices)
    customer_id = django_filters.UUIDFilter(field_name="customer_id")
    number = django_filters.CharFilter(field_name="number", max_length=32)
    placed_from = django_filters.DateFilter(method="from_day", help_text="The first day (UTC).")
    placed_to = django_filters.DateFilter(method="to_day", help_text="The last day (UTC).")

    class Meta:
        model = OrderSummary
        fields: list[str] = []

    def search(self, orders: Any, name: str, text: str) -> Any:
        return orders.filter(queries.summary_matches(text))

    def from_day(self, orders: Any, name: str, day: Any) -> Any:
        return orders.filter(placed_at__gte=queries.start_of(day))

    def to_day(self, orders: Any, name: str, day: Any) -> Any:
        return orders.filter(placed_at__lt=queries.start_of(day) + timedelta(days=1))


class CustomerFilter(django_filters.FilterSet):
    q = django_filters.CharFilter(
        method="search", max_length=200, help_text="Begins the name, or is the code or the whole e-mail address."
    )
    code = django_filters.CharFilter(field_name="code", max_length=64)

    class Meta:
        model = Customer
        fields: list[str] = []

    def search(self, customers: Any, name: str, text: str) -> Any:
        return customers.filter(queries.customer_matches(text))
