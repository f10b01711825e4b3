"""REST: stock."""

from __future__ import annotations

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers

from apps.business.catalog import queries as catalog
from apps.business.inventory import commands, queries
from apps.business.inventory.filters import StockLevelFilter
from apps.business.inventory.models import StockLevel
from apps.business.inventory.permissions import StockPermission
from apps.core.api.views import Answer, ApiView, page_of, validated
from apps.core.idempotency import idempotent

_MOST = 10**9


class StockLevelOutput(serializers.Serializer):
    product_id = serializers.UUIDField()
    sku = serializers.CharField(source="product.sku")
    name = serializers.CharField(source="product.name")
    on_hand = serializers.IntegerField()
    reorder_level = serializers.IntegerField(source="product.reorder_level", allow_null=True)
    updated_at = serializers.DateTimeField()


class StockAdjustmentInput(serializers.Serializer):
    kind = serializers.ChoiceField(choices=["adjustment", "receipt"], default="adjustment")
    quantity = serializers.IntegerField(
        min_value=-_MOST, max_value=_MOST, help_text="The difference: below zero takes away. A receipt only adds."
    )
    reason = serializers.CharField(max_length=200)


class StockMovementOutput(serializers.Serializer):
    id = serializers.UUIDField()
    product_id = serializers.UUIDField()
    kind = serializers.CharField(help_text="receipt, sale, return or adjustment")
    quantity = serializers.IntegerField(help_text="What was added; below zero it was taken away.")
    balance = serializers.IntegerField(help_text="What was on hand afterwards.")
    reason = serializers.CharField()
    order_id = serializers.UUIDField(allow_null=True)
    occurred_at = serializers.DateTimeField()
    recorded_at = serializers.DateTimeField()
    actor_id = serializers.UUIDField(allow_null=True)
    actor_name = serializers.CharField()


class StockLevels(ApiView):
    """GET /api/v1/stock-levels: how many there are of each product."""

    required_permission = StockPermission.VIEW
    filterset_class = StockLevelFilter
    sortable = ("on_hand", "updated_at")

    @extend_schema(responses=StockLevelOutput(many=True))
    def get(self, request):
        return page_of(request, queries.stock_levels(), StockLevelOutput)


class StockAdjustments(ApiView):
    """GET, POST /api/v1/products/{product_id}/stock-adjustments: the ledger of a product, and corrections to it."""

    required_permission = {"GET": StockPermission.VIEW, "POST": StockPermission.ADJUST}
    scoped_to = ("product", "product_id")

    @extend_schema(responses=StockMovementOutput(many=True))
    def get(self, request, product_id):
        catalog.product(product_id, with_deleted=True)
        return page_of(request, queries.movements(product_id), StockMovementOutput)

    @extend_schema(request=StockAdjustmentInput, responses={201: StockMovementOutput})
    @idempotent(StockLevel)
    def post(self, request, product_id):
        wish, now = validated(StockAdjustmentInput, request.data), timezone.now()
        occasion = commands.Occasion(actor=request.actor, occurred_at=now, recorded_at=now, reason=wish["reason"])
        command = commands.receive if wish["kind"] == "receipt" else commands.adjust
        movement = command(product_id=product_id, quantity=wish["quantity"], occasion=occasion)
        return Answer(StockMovementOutput(movement).data, status=201)
