"""How the list of approvals is narrowed; the API and the page share it."""

from __future__ import annotations

import django_filters

from apps.iam.approvals.kinds import all_kinds
from apps.iam.approvals.models import ApprovalRequest


class ApprovalFilter(django_filters.FilterSet):
    status = django_filters.ChoiceFilter(choices=ApprovalRequest.Status.choices)
    kind = django_filters.ChoiceFilter(choices=lambda: [(kind.code, kind.label) for kind in all_kinds()])
    requested_by = django_filters.UUIDFilter(help_text="Whoever asked.")
    subject_id = django_filters.UUIDFilter(help_text="Whom or what the change is about.")

    class Meta:
        model = ApprovalRequest
        fields: list[str] = []
