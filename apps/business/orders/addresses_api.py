"""REST: where customers get their goods and invoices."""

from __future__ import annotations

from typing import Any

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers

from apps.business.addresses import LONGEST, Address
from apps.business.orders import commands, queries
from apps.business.orders.models import CustomerAddress
from apps.business.orders.permissions import CustomerPermission
from apps.core.api.views import Answer, ApiView, entity_response, expected_version, page_of, validated
from apps.core.idempotency import idempotent


class AddressBody(serializers.Serializer):
    name = serializers.CharField(max_length=LONGEST["name"], help_text="Who receives it there.")
    lines = serializers.CharField(max_length=LONGEST["lines"], help_text="Street and house, one to four lines.")
    city = serializers.CharField(max_length=LONGEST["city"])
    country = serializers.RegexField(r"^[A-Z]{2}$", help_text="ISO 3166-1 alpha-2.")
    postal_code = serializers.CharField(max_length=LONGEST["postal_code"], allow_blank=True, default="")
    region = serializers.CharField(max_length=LONGEST["region"], allow_blank=True, default="")
    phone = serializers.CharField(max_length=LONGEST["phone"], allow_blank=True, default="")


class AddressOutput(serializers.Serializer):
    name = serializers.CharField()
    lines = serializers.CharField()
    city = serializers.CharField()
    country = serializers.CharField()
    postal_code = serializers.CharField()
    region = serializers.CharField()
    phone = serializers.CharField()


class CustomerAddressInput(AddressBody):
    default_for_shipping = serializers.BooleanField(default=False)
    default_for_billing = serializers.BooleanField(default=False)


class CustomerAddressChanges(serializers.Serializer):
    name = serializers.CharField(max_length=LONGEST["name"], required=False)
    lines = serializers.CharField(max_length=LONGEST["lines"], required=False)
    city = serializers.CharField(max_length=LONGEST["city"], required=False)
    country = serializers.RegexField(r"^[A-Z]{2}$", required=False)
    postal_code = serializers.CharField(max_length=LONGEST["postal_code"], allow_blank=True, required=False)
    region = serializers.CharField(max_length=LONGEST["region"], allow_blank=True, required=False)
    phone = serializers.CharField(max_length=LONGEST["phone"], allow_blank=True, required=False)
    default_for_shipping = serializers.BooleanField(required=False)
    default_for_billing = serializers.BooleanField(required=False)


class CustomerAddressOutput(AddressOutput):
    id = serializers.UUIDField()
    default_for_shipping = serializers.BooleanField()
    default_for_billing = serializers.BooleanField()
    version = serializers.IntegerField()
    created_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField()
    deleted_at = serializers.DateTimeField(allow_null=True)


def addressed(wish: dict[str, Any]) -> dict[str, Any]:
    """What was said of an order's addresses as its command takes it; one given whole counts before one named."""
    for name in ("shipping_address", "billing_address"):
        named, said = wish.pop(f"{name}_id", None), wish.pop(name, None)
        wish[name] = Address(**said) if said else named
    return wish


class CustomerAddresses(ApiView):
    """GET, POST /api/v1/customers/{customer_id}/addresses: list and add them; the first is the default."""

    required_permission = {"GET": CustomerPermission.VIEW, "POST": CustomerPermission.MANAGE}
    scoped_to = ("customer", "customer_id")

    @extend_schema(responses=CustomerAddressOutput(many=True))
    def get(self, request, customer_id):
        queries.customer(customer_id)
        return page_of(request, queries.addresses_of(customer_id), CustomerAddressOutput)

    @extend_schema(request=CustomerAddressInput, responses={201: CustomerAddressOutput})
    @idempotent(CustomerAddress)
    def post(self, request, customer_id):
        wish = validated(CustomerAddressInput, request.data)
        content = Address(**{name: wish.pop(name) for name in LONGEST})
        added = commands.add_address(customer_id=customer_id, address=content, **wish, actor=request.actor)
        location = f"/api/v1/customers/{customer_id}/addresses/{added.id}"
        return entity_response(request, added, CustomerAddressOutput, status=201, location=location)


class CustomerAddressDetail(ApiView):
    """GET, PATCH, DELETE …/addresses/{address_id}: one of them; a deleted one can still be read."""

    required_permission = {
        "GET": CustomerPermission.VIEW,
        "PATCH": CustomerPermission.MANAGE,
        "DELETE": CustomerPermission.MANAGE,
    }
    scoped_to = ("customer", "customer_id")
    versioned = True

    @extend_schema(responses=CustomerAddressOutput)
    def get(self, request, customer_id, address_id):
        found = queries.address(customer_id, address_id, with_deleted=True)
        return entity_response(request, found, CustomerAddressOutput)

    @extend_schema(request=CustomerAddressChanges, responses=CustomerAddressOutput)
    def patch(self, request, customer_id, address_id):
        address = commands.update_address(
            customer_id=customer_id,
            address_id=address_id,
            changes=validated(CustomerAddressChanges, request.data),
            expected_version=expected_version(request),
            actor=request.actor,
        )
        return entity_response(request, address, CustomerAddressOutput)

    @extend_schema(responses={204: None})
    def delete(self, request, customer_id, address_id):
        commands.delete_address(
            customer_id=customer_id,
            address_id=address_id,
            expected_version=expected_version(request),
            actor=request.actor,
            now=timezone.now(),
        )
        return Answer(status=204)


class CustomerAddressRestoration(ApiView):
    """POST …/addresses/{address_id}/restoration: undo the deletion of an address."""

    required_permission = CustomerPermission.MANAGE
    scoped_to = ("customer", "customer_id")

    @extend_schema(request=None, responses=CustomerAddressOutput)
    def post(self, request, customer_id, address_id):
        address = commands.restore_address(customer_id=customer_id, address_id=address_id, actor=request.actor)
        return entity_response(request, address, CustomerAddressOutput)
