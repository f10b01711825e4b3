"""How the list of people is narrowed; the API and the page share it."""

from __future__ import annotations

from typing import Any

import django_filters

from apps.iam.users import queries
from apps.iam.users.models import Membership


class MemberFilter(django_filters.FilterSet):
    q = django_filters.CharFilter(max_length=200, help_text="Begins the address or a word of the name.")
    role = django_filters.CharFilter(max_length=63, help_text="The code of a role that they hold.")
    state = django_filters.ChoiceFilter(
        choices=[(state, state) for state in queries.STATES], help_text="Left out: all but the deleted ones."
    )

    class Meta:
        model = Membership
        fields: list[str] = []

    def filter_queryset(self, queryset: Any) -> Any:
        """The query knows how; the given queryset is the one of nobody's wishes."""
        return queries.members(**{name: value or "" for name, value in self.form.cleaned_data.items()})
