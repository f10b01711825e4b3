"""How lists of shipments are narrowed; the API and the pages share it."""

from __future__ import annotations

import django_filters

from apps.business.shipping.models import Shipment


class ShipmentFilter(django_filters.FilterSet):
    status = django_filters.ChoiceFilter(choices=Shipment.Status.choices)
    order_id = django_filters.UUIDFilter(field_name="order_id")
    tracking_number = django_filters.CharFilter(field_name="tracking_number", max_length=100)

    class Meta:
        model = Shipment
        fields: list[str] = []
