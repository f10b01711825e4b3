"""How lists of webhooks and deliveries are narrowed; the API and the pages share it."""

from __future__ import annotations

from typing import Any

import django_filters

from apps.core.api.moments import MomentFilter
from apps.core.webhooks import queries
from apps.core.webhooks.models import NAME_LENGTH, WebhookDelivery, WebhookEndpoint


class WebhookFilter(django_filters.FilterSet):
    state = django_filters.ChoiceFilter(
        choices=[(state, state) for state in queries.STATES], help_text="Left out: all but the deleted ones."
    )

    class Meta:
        model = WebhookEndpoint
        fields: list[str] = []

    def filter_queryset(self, queryset: Any) -> Any:
        """The query knows how; the given queryset is the one of nobody's wishes."""
        return queries.endpoints(state=self.form.cleaned_data["state"] or "")


class DeliveryFilter(django_filters.FilterSet):
    state = django_filters.ChoiceFilter(choices=WebhookDelivery.State.choices)
    event_type = django_filters.CharFilter(max_length=NAME_LENGTH, help_text="As in `business.orders.OrderPlaced`.")
    event_id = django_filters.UUIDFilter(field_name="message__event_id", help_text="The `webhook-id`.")
    aggregate_id = django_filters.UUIDFilter(field_name="key", help_text="What it happened to.")
    since = MomentFilter(field_name="created_at", lookup_expr="gte", help_text="Since this day (UTC) or moment.")
    until = MomentFilter(
        field_name="created_at", lookup_expr="lt", ends=True, help_text="Up to this day (UTC), or before this moment."
    )
    test = django_filters.BooleanFilter(field_name="is_test")

    class Meta:
        model = WebhookDelivery
        fields: list[str] = []
