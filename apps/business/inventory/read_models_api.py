"""REST: the read models of the stock, which follow what happens within milliseconds."""

from __future__ import annotations

from drf_spectacular.utils import extend_schema
from rest_framework import serializers

from apps.business.inventory import queries
from apps.business.inventory.filters import StockDayFilter, StockSummaryFilter
from apps.business.inventory.permissions import StockPermission
from apps.core.api.views import ApiView, page_of


class StockSummaryOutput(serializers.Serializer):
    product_id = serializers.UUIDField()
    sku = serializers.CharField(source="product.sku")
    name = serializers.CharField(source="product.name")
    warehouse_id = serializers.UUIDField()
    warehouse_name = serializers.CharField(source="warehouse.name")
    on_hand = serializers.IntegerField()
    reserved = serializers.IntegerField(help_text="Of those on hand, promised to orders.")
    available = serializers.IntegerField(help_text="On hand and promised to nobody.")
    last_moved_at = serializers.DateTimeField(allow_null=True, help_text="When something came or left last.")


class StockDayOutput(serializers.Serializer):
    day = serializers.DateField(help_text="UTC")
    product_id = serializers.UUIDField()
    sku = serializers.CharField(source="product.sku")
    name = serializers.CharField(source="product.name")
    warehouse_id = serializers.UUIDField()
    warehouse_name = serializers.CharField(source="warehouse.name")
    moved_in = serializers.IntegerField()
    moved_out = serializers.IntegerField()
    sold = serializers.IntegerField(help_text="How many of those that left were sold.")


class StockSummaries(ApiView):
    """GET /api/v1/stock-summaries: how much lies where, and when it moved last.

    A read model. `stock-levels` is exact to the moment, and knows thresholds.
    """

    required_permission = StockPermission.VIEW
    filterset_class = StockSummaryFilter
    sortable = ("on_hand",)

    @extend_schema(responses=StockSummaryOutput(many=True))
    def get(self, request):
        return page_of(request, queries.stock_summaries(), StockSummaryOutput)


class StockDays(ApiView):
    """GET /api/v1/stock-days: how many of a product came, left and were sold on a day, the latest day first.

    A read model. `products/{product_id}/stock-adjustments` has each movement.
    """

    required_permission = StockPermission.VIEW
    filterset_class = StockDayFilter

    @extend_schema(responses=StockDayOutput(many=True))
    def get(self, request):
        return page_of(request, queries.stock_days(), StockDayOutput)
