"""REST: how orders are taxed."""

from __future__ import annotations

from drf_spectacular.utils import extend_schema
from rest_framework import serializers

from apps.business.orders import commands, queries
from apps.business.orders.models import Order, TaxedClass
from apps.business.orders.permissions import OrderPermission
from apps.core.api.views import Answer, ApiView, page_of, validated
from apps.core.idempotency import idempotent


class TaxRateInput(serializers.Serializer):
    country = serializers.CharField(
        max_length=2, allow_blank=True, default="", help_text="ISO 3166-1 alpha-2; empty: everywhere else."
    )
    tax_class = serializers.ChoiceField(choices=TaxedClass.choices)
    rate_e4 = serializers.IntegerField(help_text="In 1/10,000: 1900 is 19 %.")
    valid_from = serializers.DateField(help_text="Until the next rate of the same country and class begins.")


class TaxRateOutput(TaxRateInput):
    id = serializers.UUIDField()


class TaxSettingsBody(serializers.Serializer):
    prices_include_tax = serializers.BooleanField()


class TaxRates(ApiView):
    """GET, POST /api/v1/tax-rates: what each country takes of each class of goods."""

    required_permission = {"GET": OrderPermission.VIEW, "POST": OrderPermission.SET_TAXES}

    @extend_schema(responses=TaxRateOutput(many=True))
    def get(self, request):
        return page_of(request, queries.tax_rates(), TaxRateOutput)

    @extend_schema(request=TaxRateInput, responses={201: TaxRateOutput})
    @idempotent(Order)
    def post(self, request):
        rate = commands.add_tax_rate(**validated(TaxRateInput, request.data), actor=request.actor)
        return Answer(TaxRateOutput(rate).data, status=201)


class TaxRateDetail(ApiView):
    """DELETE /api/v1/tax-rates/{rate_id}: as if it had never been said; placed orders keep their taxes."""

    required_permission = OrderPermission.SET_TAXES

    @extend_schema(responses={204: None})
    def delete(self, request, rate_id):
        commands.remove_tax_rate(rate_id=rate_id, actor=request.actor)
        return Answer(None, status=204)


class TaxSettingsOfTenant(ApiView):
    """GET, PUT /api/v1/tax-settings: whether the company's prices include the tax."""

    required_permission = {"GET": OrderPermission.VIEW, "PUT": OrderPermission.SET_TAXES}

    @extend_schema(responses=TaxSettingsBody)
    def get(self, request):
        return Answer({"prices_include_tax": queries.prices_include_tax()})

    @extend_schema(request=TaxSettingsBody, responses=TaxSettingsBody)
    def put(self, request):
        wish = validated(TaxSettingsBody, request.data)
        commands.set_prices_include_tax(**wish, actor=request.actor)
        return Answer(wish)
