"""How lists of applications are narrowed; the API and the page share it."""

from __future__ import annotations

from typing import Any

import django_filters

from apps.iam.oidc.clients import queries


class ApplicationFilter(django_filters.FilterSet):
    q = django_filters.CharFilter(max_length=100, help_text="Begins the name.")
    kind = django_filters.ChoiceFilter(choices=[(kind, kind) for kind in queries.KINDS])
    state = django_filters.ChoiceFilter(
        choices=[(state, state) for state in queries.STATES], help_text="Left out: all but the deleted ones."
    )

    def filter_queryset(self, queryset: Any) -> Any:
        """The query knows how; the given queryset is the one of nobody's wishes."""
        return queries.applications(**{name: value or "" for name, value in self.form.cleaned_data.items()})
