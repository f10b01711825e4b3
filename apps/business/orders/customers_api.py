"""REST: customers."""

from __future__ import annotations

from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.response import Response

from apps.business.orders import commands, queries
from apps.business.orders.filters import CustomerFilter
from apps.business.orders.models import Customer
from apps.business.orders.permissions import CustomerPermission
from apps.core.api.views import ApiView, entity_response, expected_version, page_of, validated
from apps.core.idempotency import idempotent


class CustomerInput(serializers.Serializer):
    code = serializers.CharField(max_length=64, help_text="What you call them in your own papers.")
    name = serializers.CharField(max_length=200)
    email = serializers.EmailField(max_length=254, allow_blank=True, default="")
    country = serializers.CharField(max_length=100, allow_blank=True, default="")


class CustomerChanges(serializers.Serializer):
    code = serializers.CharField(max_length=64, required=False)
    name = serializers.CharField(max_length=200, required=False)
    email = serializers.EmailField(max_length=254, allow_blank=True, required=False)
    country = serializers.CharField(max_length=100, allow_blank=True, required=False)


class CustomerOutput(serializers.Serializer):
    id = serializers.UUIDField()
    code = serializers.CharField()
    name = serializers.CharField()
    email = serializers.CharField()
    country = serializers.CharField()
    version = serializers.IntegerField()
    erased_at = serializers.DateTimeField(allow_null=True, help_text="Since then nothing personal is left of them.")
    created_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField()


class CustomerErasureInput(serializers.Serializer):
    reason = serializers.CharField(max_length=200, help_text="Kept in the history. Do not name the customer.")


class Customers(ApiView):
    """GET, POST /api/v1/customers: list and create customers."""

    required_permission = {"GET": CustomerPermission.VIEW, "POST": CustomerPermission.MANAGE}
    filterset_class = CustomerFilter
    sortable = ("name_key", "created_at")

    @extend_schema(responses=CustomerOutput(many=True))
    def get(self, request):
        return page_of(request, queries.customers(), CustomerOutput)

    @extend_schema(request=CustomerInput, responses={201: CustomerOutput})
    @idempotent(Customer)
    def post(self, request):
        content = commands.NewCustomer(**validated(CustomerInput, request.data))
        customer = commands.create_customer(customer=content, actor=request.actor, now=timezone.now())
        location = f"/api/v1/customers/{customer.id}"
        return entity_response(request, customer, CustomerOutput, status=201, location=location)


class CustomerDetail(ApiView):
    """GET, PATCH /api/v1/customers/{customer_id}: one customer."""

    required_permission = {"GET": CustomerPermission.VIEW, "PATCH": CustomerPermission.MANAGE}
    scoped_to = ("customer", "customer_id")
    versioned = True

    @extend_schema(responses=CustomerOutput)
    def get(self, request, customer_id):
        return entity_response(request, queries.customer(customer_id), CustomerOutput)

    @extend_schema(request=CustomerChanges, responses=CustomerOutput)
    def patch(self, request, customer_id):
        customer = commands.update_customer(
            customer_id=customer_id,
            changes=validated(CustomerChanges, request.data),
            expected_version=expected_version(request),
            actor=request.actor,
            now=timezone.now(),
        )
        return entity_response(request, customer, CustomerOutput)


class CustomerErasure(ApiView):
    """POST /api/v1/customers/{customer_id}/erasure: make all that is kept of a customer unreadable. For good."""

    required_permission = CustomerPermission.ERASE
    scoped_to = ("customer", "customer_id")

    @extend_schema(request=CustomerErasureInput, responses=CustomerOutput)
    def post(self, request, customer_id):
        facts = validated(CustomerErasureInput, request.data)
        customer = commands.erase_customer(customer_id=customer_id, **facts, actor=request.actor, now=timezone.now())
        return entity_response(request, customer, CustomerOutput)


class CustomerPersonalData(ApiView):
    """GET /api/v1/customers/{customer_id}/personal-data: all that is kept of a customer, by table, for their eyes."""

    required_permission = CustomerPermission.DISCLOSE
    scoped_to = ("customer", "customer_id")

    @extend_schema(responses=OpenApiTypes.OBJECT)
    def get(self, request, customer_id):
        return Response(queries.personal_data_of(customer_id))
