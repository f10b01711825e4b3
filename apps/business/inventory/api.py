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
_LARGEST_LEVEL = 2_000_000_000


class StockLevelOutput(serializers.Serializer):
    product_id = serializers.UUIDField()
    sku = serializers.CharField(source="product.sku")
    name = serializers.CharField(source="product.name")
    warehouse_id = serializers.UUIDField()
    warehouse_name = serializers.CharField(source="warehouse.name")
    on_hand = serializers.IntegerField()
    reserved = serializers.IntegerField(help_text="Of those on hand, promised to orders.")
    available = serializers.IntegerField(help_text="On hand and promised to nobody.")
    low_at = serializers.IntegerField(allow_null=True, help_text="The warehouse's own threshold, if it has one.")
    reorder_level = serializers.IntegerField(source="product.reorder_level", allow_null=True)
    updated_at = serializers.DateTimeField()


class StockAdjustmentInput(serializers.Serializer):
    kind = serializers.ChoiceField(choices=["adjustment", "receipt"], default="adjustment")
    quantity = serializers.IntegerField(
        min_value=-_MOST, max_value=_MOST, help_text="The difference: below zero takes away. A receipt only adds."
    )
    reason = serializers.CharField(max_length=200)
    warehouse_id = serializers.UUIDField(allow_null=True, default=None, help_text="Left out: the default warehouse.")


class StockTransferInput(serializers.Serializer):
    from_warehouse_id = serializers.UUIDField()
    to_warehouse_id = serializers.UUIDField()
    quantity = serializers.IntegerField(min_value=1, max_value=_MOST)
    reason = serializers.CharField(max_length=200, allow_blank=True, default="")


class StockThresholdInput(serializers.Serializer):
    low_at = serializers.IntegerField(
        min_value=0, max_value=_LARGEST_LEVEL, allow_null=True, help_text="null: the product's own reorder level."
    )


class BackOrderAllowanceInput(serializers.Serializer):
    at_most = serializers.IntegerField(
        min_value=0, max_value=_LARGEST_LEVEL, help_text="How many may be promised before there are any; 0: none."
    )


class BackOrderAllowanceOutput(serializers.Serializer):
    at_most = serializers.IntegerField()
    waiting = serializers.IntegerField(help_text="How many are promised that are not there yet.")


class ReservedGoodsOutput(serializers.Serializer):
    reservation_id = serializers.UUIDField()
    order_id = serializers.UUIDField(source="reservation.order_id")
    warehouse_id = serializers.UUIDField(allow_null=True, help_text="null: back-ordered, they lie nowhere yet.")
    quantity = serializers.IntegerField()
    expires_at = serializers.DateTimeField(source="reservation.expires_at", allow_null=True)


class StockMovementOutput(serializers.Serializer):
    id = serializers.UUIDField()
    product_id = serializers.UUIDField()
    warehouse_id = serializers.UUIDField()
    kind = serializers.CharField(help_text="receipt, sale, return, adjustment or transfer")
    quantity = serializers.IntegerField(help_text="What was added; below zero it was taken away.")
    balance = serializers.IntegerField(help_text="What was on hand in that warehouse afterwards.")
    reason = serializers.CharField()
    order_id = serializers.UUIDField(allow_null=True)
    occurred_at = serializers.DateTimeField()
    recorded_at = serializers.DateTimeField()
    actor_id = serializers.UUIDField(allow_null=True)
    actor_name = serializers.CharField()


class StockLevels(ApiView):
    """GET /api/v1/stock-levels: how many there are of each product in each warehouse."""

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
        movement = command(
            product_id=product_id, quantity=wish["quantity"], warehouse_id=wish["warehouse_id"], occasion=occasion
        )
        return Answer(StockMovementOutput(movement).data, status=201)


class StockTransfers(ApiView):
    """POST /api/v1/products/{product_id}/stock-transfers: carry goods to another warehouse; answers both movements."""

    required_permission = StockPermission.ADJUST
    scoped_to = ("product", "product_id")

    @extend_schema(request=StockTransferInput, responses={201: StockMovementOutput(many=True)})
    @idempotent(StockLevel)
    def post(self, request, product_id):
        wish, now = validated(StockTransferInput, request.data), timezone.now()
        occasion = commands.Occasion(actor=request.actor, occurred_at=now, recorded_at=now, reason=wish.pop("reason"))
        movements = commands.transfer(product_id=product_id, **wish, occasion=occasion)
        return Answer(StockMovementOutput(movements, many=True).data, status=201)


class StockThreshold(ApiView):
    """PUT /api/v1/products/{product_id}/stock-thresholds/{warehouse_id}: at how many it is low in a warehouse."""

    required_permission = StockPermission.MANAGE
    scoped_to = ("product", "product_id")

    @extend_schema(request=StockThresholdInput, responses=StockLevelOutput)
    def put(self, request, product_id, warehouse_id):
        wish = validated(StockThresholdInput, request.data)
        level = commands.set_threshold(product_id=product_id, warehouse_id=warehouse_id, **wish, actor=request.actor)
        return Answer(StockLevelOutput(level).data)


class BackOrders(ApiView):
    """GET, PUT /api/v1/products/{product_id}/back-orders: how many may be promised before there are any."""

    required_permission = {"GET": StockPermission.VIEW, "PUT": StockPermission.MANAGE}
    scoped_to = ("product", "product_id")

    @extend_schema(responses=BackOrderAllowanceOutput)
    def get(self, request, product_id):
        catalog.product(product_id, with_deleted=True)
        return Answer(BackOrderAllowanceOutput(queries.back_orders(product_id)).data)

    @extend_schema(request=BackOrderAllowanceInput, responses=BackOrderAllowanceOutput)
    def put(self, request, product_id):
        wish = validated(BackOrderAllowanceInput, request.data)
        commands.allow_back_orders(product_id=product_id, **wish, actor=request.actor)
        return Answer(BackOrderAllowanceOutput(queries.back_orders(product_id)).data)


class ReservedGoodsOfProduct(ApiView):
    """GET /api/v1/products/{product_id}/reservations: what is promised of it, to which orders."""

    required_permission = StockPermission.VIEW
    scoped_to = ("product", "product_id")

    @extend_schema(responses=ReservedGoodsOutput(many=True))
    def get(self, request, product_id):
        catalog.product(product_id, with_deleted=True)
        return page_of(request, queries.promised(product_id), ReservedGoodsOutput)
