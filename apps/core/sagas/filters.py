"""How the list of sagas is narrowed; the API and the page share it."""

from __future__ import annotations

from typing import Any

import django_filters
from django.utils import timezone

from apps.core.sagas import queries
from apps.core.sagas.models import Instance


class SagaFilter(django_filters.FilterSet):
    state = django_filters.ChoiceFilter(choices=Instance.State.choices)
    name = django_filters.CharFilter(field_name="name", max_length=100)
    key = django_filters.UUIDFilter(field_name="key", help_text="What it is about, an order's id say.")
    stuck = django_filters.BooleanFilter(method="only_stuck", help_text="true: only what needs a person.")

    class Meta:
        model = Instance
        fields: list[str] = []

    def only_stuck(self, rows: Any, name: str, wanted: bool) -> Any:
        stuck = queries.is_stuck(timezone.now())
        return rows.filter(stuck) if wanted else rows.exclude(stuck)
