"""How the lists of payments and of the ledger are narrowed; the API and the pages share it."""

from __future__ import annotations

from typing import Any

import django_filters

from apps.business.payments import queries
from apps.business.payments.models import LedgerEntry, Payment


class PaymentFilter(django_filters.FilterSet):
    status = django_filters.ChoiceFilter(choices=Payment.Status.choices)
    order_id = django_filters.UUIDFilter(field_name="order_id")
    currency = django_filters.CharFilter(max_length=3)
    reference = django_filters.CharFilter(max_length=255, help_text="What the provider calls it.")
    since = django_filters.IsoDateTimeFilter(field_name="created_at", lookup_expr="gte")
    until = django_filters.IsoDateTimeFilter(field_name="created_at", lookup_expr="lt")
    waits = django_filters.BooleanFilter(method="only_waiting", help_text="true: only those that wait for a person.")

    class Meta:
        model = Payment
        fields: list[str] = []

    def only_waiting(self, payments: Any, name: str, wanted: bool) -> Any:
        stuck = queries.ids_that_wait()
        return payments.filter(id__in=stuck) if wanted else payments.exclude(id__in=stuck)


class LedgerFilter(django_filters.FilterSet):
    kind = django_filters.ChoiceFilter(choices=LedgerEntry.Kind.choices)
    currency = django_filters.CharFilter(max_length=3)
    payment_id = django_filters.UUIDFilter(field_name="payment_id")

    class Meta:
        model = LedgerEntry
        fields: list[str] = []
