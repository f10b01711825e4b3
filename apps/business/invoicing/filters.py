"""How lists of invoices are narrowed; the API and the pages share it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import django_filters

from apps.business.invoicing import queries
from apps.business.invoicing.models import Invoice
from apps.core.api.filtering import PrefixFilter


class InvoiceFilter(django_filters.FilterSet):
    number = PrefixFilter(field_name="number", max_length=40, help_text="Begins the number.")
    kind = django_filters.ChoiceFilter(choices=Invoice.Kind.choices)
    order_id = django_filters.UUIDFilter(field_name="order_id")
    customer_id = django_filters.UUIDFilter(field_name="customer_id")
    currency = django_filters.CharFilter(field_name="currency", max_length=3)
    issued_from = django_filters.DateFilter(method="from_day", help_text="The first day (UTC).")
    issued_to = django_filters.DateFilter(method="to_day", help_text="The last day (UTC).")

    class Meta:
        model = Invoice
        fields: list[str] = []

    def from_day(self, invoices: Any, name: str, day: Any) -> Any:
        return invoices.filter(issued_at__gte=queries.start_of(day))

    def to_day(self, invoices: Any, name: str, day: Any) -> Any:
        return invoices.filter(issued_at__lt=queries.start_of(day) + timedelta(days=1))
