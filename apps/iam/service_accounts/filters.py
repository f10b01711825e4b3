"""How lists of service accounts are narrowed; the API and the page share it."""

from __future__ import annotations

from typing import Any

import django_filters

from apps.iam.service_accounts import queries
from apps.iam.service_accounts.models import ServiceAccount


class ServiceAccountFilter(django_filters.FilterSet):
    q = django_filters.CharFilter(max_length=100, help_text="Begins the name.")
    state = django_filters.ChoiceFilter(
        choices=[(state, state) for state in queries.STATES], help_text="Left out: all but the deleted ones."
    )

    class Meta:
        model = ServiceAccount
        fields: list[str] = []

    def filter_queryset(self, queryset: Any) -> Any:
        """The query knows how; the given queryset is the one of nobody's wishes."""
        return queries.service_accounts(**{name: value or "" for name, value in self.form.cleaned_data.items()})
