"""REST: what a customer bought and brought back."""

from __future__ import annotations

from drf_spectacular.utils import extend_schema
from rest_framework import serializers

from apps.business.orders import queries
from apps.business.orders.permissions import CustomerPermission
from apps.core.api.views import Answer, ApiView


class CustomerHistoryOutput(serializers.Serializer):
    """Amounts are in minor units of `currency`."""

    currency = serializers.CharField()
    order_count = serializers.IntegerField(help_text="Without the cancelled ones.")
    spent_minor = serializers.IntegerField(help_text="What those orders cost.")
    returned_minor = serializers.IntegerField(help_text="What was given back of it, and credited.")
    average_minor = serializers.IntegerField(allow_null=True, help_text="Of an order; null without any.")
    first_ordered_at = serializers.DateTimeField(allow_null=True)
    last_ordered_at = serializers.DateTimeField(allow_null=True)


class CustomerHistories(ApiView):
    """GET /api/v1/customers/{customer_id}/history: what a customer bought and brought back, by currency.

    A read model: it follows what happens within milliseconds.
    """

    required_permission = CustomerPermission.VIEW
    scoped_to = ("customer", "customer_id")
    paged = False

    @extend_schema(responses=CustomerHistoryOutput(many=True))
    def get(self, request, customer_id):
        customer = queries.customer(customer_id)
        return Answer(CustomerHistoryOutput(queries.history_of_customer(customer.id), many=True).data)
