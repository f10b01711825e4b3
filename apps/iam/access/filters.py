"""How the list of assignments is narrowed; the API and the page share it."""

from __future__ import annotations

from typing import Any

import django_filters

from apps.iam.access import subjects
from apps.iam.roles import assignments
from apps.iam.roles.resources import resource_types


class AssignmentFilter(django_filters.FilterSet):
    holder_kind = django_filters.ChoiceFilter(choices=[(kind, kind) for kind in subjects.KINDS])
    holder_id = django_filters.UUIDFilter(help_text="The id of a person, service account or group.")
    role = django_filters.CharFilter(max_length=63, help_text="The code of a role.")
    resource_type = django_filters.ChoiceFilter(choices=[(kind, kind) for kind in resource_types()])
    resource_id = django_filters.UUIDFilter(help_text="The id of the object that the role is held for.")
    state = django_filters.ChoiceFilter(
        choices=[(state, state) for state in assignments.STATES], help_text="Left out: those that count now."
    )

    def filter_queryset(self, queryset: Any) -> Any:
        """The query knows how; the given queryset is the one of nobody's wishes."""
        wish = {name: value for name, value in self.form.cleaned_data.items() if value}
        return assignments.assignments(**wish)
