"""REST: how the company's shop sells."""

from __future__ import annotations

from drf_spectacular.utils import extend_schema
from rest_framework import serializers

from apps.business.carts import commands, queries
from apps.business.carts.permissions import ShopPermission
from apps.core.api.views import Answer, ApiView, validated
from apps.iam.facade import iam


class ShopSettingsBody(serializers.Serializer):
    is_open = serializers.BooleanField()
    currency = serializers.RegexField(r"^[A-Z]{3}$", help_text="ISO 4217: what its prices are named in.")
    title = serializers.CharField(max_length=100, allow_blank=True, default="", help_text="Empty: the company's name.")
    sells_on_account = serializers.BooleanField(default=False, help_text="Whether buyers may pay by invoice.")
    return_origins = serializers.ListField(
        child=serializers.CharField(max_length=200),
        default=list,
        max_length=commands.MOST_ORIGINS,
        help_text="Of your own storefronts, where buyers may come back to after paying: `https://shop.example`.",
    )


class ShopSettingsOfTenant(ApiView):
    """GET, PUT /api/v1/shop-settings: whether there is a shop at `/shop/<slug>/`, and how it sells."""

    required_permission = ShopPermission.CONFIGURE

    @extend_schema(responses=ShopSettingsBody)
    def get(self, request):
        return Answer(ShopSettingsBody(queries.shop() or _closed(request)).data)

    @extend_schema(request=ShopSettingsBody, responses=ShopSettingsBody)
    def put(self, request):
        wish = commands.ShopSettings(**validated(ShopSettingsBody, request.data))
        return Answer(ShopSettingsBody(commands.set_shop(settings=wish, actor=request.actor)).data)


def _closed(request) -> commands.ShopSettings:
    """What holds until the company has said anything."""
    currency = iam.tenant(request.principal.tenant_id).default_currency
    return commands.ShopSettings(is_open=False, currency=currency)
