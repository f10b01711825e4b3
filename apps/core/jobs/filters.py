"""How the list of jobs is narrowed; the API and the page share it."""

from __future__ import annotations

from typing import Any

import django_filters

from apps.core.jobs.models import Job


class JobFilter(django_filters.FilterSet):
    state = django_filters.ChoiceFilter(choices=Job.State.choices)
    name = django_filters.CharFilter(field_name="name", max_length=100, help_text="Such as `orders.import_invoices`.")
    mine = django_filters.BooleanFilter(method="of_caller", help_text="Only what the caller asked for.")

    class Meta:
        model = Job
        fields: list[str] = []

    def of_caller(self, rows: Any, name: str, wanted: bool) -> Any:
        return rows.filter(requested_by=self.request.principal.subject) if wanted else rows
