"""How the lists of payments and of the ledger are narrowed; the API and the pages share it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import django_filters

from apps.business.payments import queries
from apps.business.payments.models import LedgerEntry, Payment


class PaymentFilter(django_filters.FilterSet):
    status = django_filters.ChoiceFilter(choices=Payment.Status.choices)
    order_id = django_filters.UUIDFilter(field_name="order_id")
    currency = django_filters.CharFilter(max_length=3)
    reference = django_filters.CharFilter(max_length=255, help_text="What the provider calls it.")
    begun_from = django_filters.DateFilter(method="from_day", help_text="The first day (UTC).")
    begun_to = django_filters.DateFilter(method="to_day", help_text="The last day (UTC).")
    waits = django_filters.BooleanFilter(method="only_waiting", help_text="true: only those that wait for a person.")

    class Meta:
        model = Payment
        fields: list[str] = []

    def only_waiting(self, payments: Any, name: str, wanted: bool) -> Any:
        stuck = queries.ids_that_wait()
        return payments.filter(id__in=stuck) if wanted else payments.exclude(id__in=stuck)

    def from_day(self, payments: Any, name: str, day: Any) -> Any:
        return payments.filter(created_at__gte=queries.start_of(day))

    def to_day(self, payments: Any, name: str, day: Any) -> Any:
        return payments.filter(created_at__lt=queries.start_of(day) + timedelta(days=1))


class LedgerFilter(django_filters.FilterSet):
    kind = django_filters.ChoiceFilter(choices=LedgerEntry.Kind.choices)
    currency = django_filters.CharFilter(max_length=3)
    payment_id = django_filters.UUIDFilter(field_name="payment_id")

    class Meta:
        model = LedgerEntry
        fields: list[str] = []
