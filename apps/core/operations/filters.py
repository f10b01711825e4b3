"""How dead letters are narrowed; lists, pages and bulk repairs share it."""

from __future__ import annotations

from typing import Any

import django_filters

from apps.core.api.moments import MomentFilter
from apps.core.events.models import DeadLetter
from apps.core.operations.permissions import EventPermission

OPEN, ALL = "open", "all"
STATES = (OPEN, DeadLetter.Status.RESOLVED, DeadLetter.Status.DISCARDED, ALL)


class DeadLetterFilter(django_filters.FilterSet):
    status = django_filters.ChoiceFilter(choices=[(state, state) for state in STATES], help_text="Left out: open.")
    group = django_filters.CharFilter(max_length=200, help_text="The consumer group, as in `business.projections`.")
    event_type = django_filters.CharFilter(max_length=200, help_text="As in `OrderPlaced`.")
    key = django_filters.UUIDFilter(help_text="Id of the aggregate.")
    failed = django_filters.BooleanFilter(help_text="False: those that only wait behind one that failed.")
    parked_before = MomentFilter(field_name="parked_at", lookup_expr="lt", help_text="A day (UTC) or a moment.")
    reason = django_filters.CharFilter(
        lookup_expr="icontains",
        max_length=200,
        help_text="A part of the error's kind or place. Only for those who may repair.",
    )

    class Meta:
        model = DeadLetter
        fields: list[str] = []

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.request is not None and not may_repair(self.request):
            del self.filters["reason"]  # who may not read it must not find it out by asking

    def filter_queryset(self, queryset: Any) -> Any:
        wish = self.form.cleaned_data
        state = wish.pop("status", None) or OPEN
        narrowed = super().filter_queryset(queryset)
        if state == ALL:
            return narrowed
        return narrowed.filter(status__in=DeadLetter.OPEN if state == OPEN else [state])


def may_repair(request: Any) -> bool:
    """Whether the caller may see what events say, and change what becomes of them."""
    return bool(request.principal.may(EventPermission.REPAIR))
