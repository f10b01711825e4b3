"""How the list of groups is narrowed; the API and the page share it."""

from __future__ import annotations

from typing import Any

import django_filters

from apps.iam.groups import queries
from apps.iam.groups.models import EXTERNAL_ID_LENGTH, Group


class GroupFilter(django_filters.FilterSet):
    q = django_filters.CharFilter(max_length=200, help_text="Begins a word of the name.")
    member = django_filters.UUIDFilter(help_text="The id of a person or service account that belongs to it.")
    external_id = django_filters.CharFilter(max_length=EXTERNAL_ID_LENGTH, help_text="Exactly this external id.")
    state = django_filters.ChoiceFilter(
        choices=[(state, state) for state in queries.STATES], help_text="Left out: all but the deleted ones."
    )

    class Meta:
        model = Group
        fields: list[str] = []

    def filter_queryset(self, queryset: Any) -> Any:
        """The query knows how; the given queryset is the one of nobody's wishes."""
        return queries.groups(**{name: value or "" for name, value in self.form.cleaned_data.items()})
