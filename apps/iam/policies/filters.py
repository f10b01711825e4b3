"""How the list of policies is narrowed; the API and the page share it."""

from __future__ import annotations

from typing import Any

import django_filters

from apps.iam.policies import queries
from apps.iam.policies.models import NAME_LENGTH, Policy


class PolicyFilter(django_filters.FilterSet):
    q = django_filters.CharFilter(max_length=NAME_LENGTH, help_text="Part of the name.")
    state = django_filters.ChoiceFilter(
        choices=[(state, state) for state in queries.STATES], help_text="Left out: all but the deleted ones."
    )

    class Meta:
        model = Policy
        fields: list[str] = []

    def filter_queryset(self, queryset: Any) -> Any:
        """The query knows how; the given queryset is the one of nobody's wishes."""
        return queries.policies(**{name: value or "" for name, value in self.form.cleaned_data.items()})
