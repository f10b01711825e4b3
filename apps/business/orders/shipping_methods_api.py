"""REST: how goods are sent, and what that costs."""

from __future__ import annotations

from typing import Any

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers

from apps.business.orders import commands, queries
from apps.business.orders.models import ShippingMethod, ShippingPrice
from apps.business.orders.permissions import OrderPermission
from apps.core.api.views import Answer, ApiView, entity_response, expected_version, page_of, validated
from apps.core.idempotency import idempotent

_MOST_MINOR = 10**12


class ShippingPriceBody(serializers.Serializer):
    price_minor = serializers.IntegerField(min_value=0, max_value=_MOST_MINOR, help_text="In minor units.")
    free_from_minor = serializers.IntegerField(
        min_value=0,
        max_value=_MOST_MINOR,
        allow_null=True,
        default=None,
        help_text="Nothing is taken where the goods, after discounts, are worth this or more.",
    )


class ShippingMethodBody(serializers.Serializer):
    name = serializers.CharField(max_length=100)
    countries = serializers.ListField(
        child=serializers.RegexField(r"^[A-Z]{2}$"), max_length=250, default=list, help_text="None: everywhere."
    )
    prices = serializers.DictField(child=ShippingPriceBody(), help_text="By currency (ISO 4217).")
    tax_class = serializers.ChoiceField(choices=ShippingMethod.TaxClass.choices, default="standard")


class ShippingMethodChanges(serializers.Serializer):
    name = serializers.CharField(max_length=100, required=False)
    countries = serializers.ListField(child=serializers.RegexField(r"^[A-Z]{2}$"), max_length=250, required=False)
    prices = serializers.DictField(child=ShippingPriceBody(), required=False)
    tax_class = serializers.ChoiceField(choices=ShippingMethod.TaxClass.choices, required=False)


class ShippingMethodOutput(ShippingMethodBody):
    id = serializers.UUIDField()
    version = serializers.IntegerField()
    deleted_at = serializers.DateTimeField(allow_null=True)


class ShippingMethods(ApiView):
    """GET, POST /api/v1/shipping-methods: the ways in which goods are sent."""

    required_permission = {"GET": OrderPermission.VIEW, "POST": OrderPermission.SET_SHIPPING}

    @extend_schema(responses=ShippingMethodOutput(many=True))
    def get(self, request):
        return page_of(request, queries.shipping_methods(), ShippingMethodOutput)

    @extend_schema(request=ShippingMethodBody, responses={201: ShippingMethodOutput})
    @idempotent(ShippingMethod)
    def post(self, request):
        content = commands.NewShippingMethod(**_said(validated(ShippingMethodBody, request.data)))
        added = commands.add_shipping_method(method=content, actor=request.actor)
        location = f"/api/v1/shipping-methods/{added.id}"
        return entity_response(request, added, ShippingMethodOutput, status=201, location=location)


class ShippingMethodDetail(ApiView):
    """GET, PATCH, DELETE /api/v1/shipping-methods/{method_id}: one way; a deleted one can still be read."""

    required_permission = {
        "GET": OrderPermission.VIEW,
        "PATCH": OrderPermission.SET_SHIPPING,
        "DELETE": OrderPermission.SET_SHIPPING,
    }
    versioned = True

    @extend_schema(responses=ShippingMethodOutput)
    def get(self, request, method_id):
        return entity_response(request, queries.shipping_method(method_id), ShippingMethodOutput)

    @extend_schema(request=ShippingMethodChanges, responses=ShippingMethodOutput)
    def patch(self, request, method_id):
        method = commands.update_shipping_method(
            method_id=method_id,
            changes=_said(validated(ShippingMethodChanges, request.data)),
            expected_version=expected_version(request),
            actor=request.actor,
        )
        return entity_response(request, method, ShippingMethodOutput)

    @extend_schema(responses={204: None})
    def delete(self, request, method_id):
        commands.delete_shipping_method(
            method_id=method_id, expected_version=expected_version(request), actor=request.actor, now=timezone.now()
        )
        return Answer(status=204)


def _said(wish: dict[str, Any]) -> dict[str, Any]:
    if "prices" in wish:
        wish["prices"] = {currency: ShippingPrice(**said) for currency, said in wish["prices"].items()}
    if "countries" in wish:
        wish["countries"] = tuple(wish["countries"])
    return wish
