"""REST: warehouses."""

from __future__ import annotations

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers

from apps.business.inventory import commands, queries
from apps.business.inventory.filters import WarehouseFilter
from apps.business.inventory.models import Warehouse
from apps.business.inventory.permissions import StockPermission
from apps.core.api.views import Answer, ApiView, entity_response, expected_version, page_of, validated
from apps.core.idempotency import idempotent

_LAST_PRIORITY = 32_767


def _latitude(**options):
    return serializers.DecimalField(max_digits=8, decimal_places=6, allow_null=True, **options)


def _longitude(**options):
    return serializers.DecimalField(max_digits=9, decimal_places=6, allow_null=True, **options)


class WarehouseInput(serializers.Serializer):
    name = serializers.CharField(max_length=100)
    address = serializers.CharField(max_length=500, allow_blank=True, default="")
    country = serializers.RegexField(r"^([A-Z]{2})?$", allow_blank=True, default="", help_text="ISO 3166-1 alpha-2.")
    latitude = _latitude(default=None, min_value=-90, max_value=90)
    longitude = _longitude(default=None, min_value=-180, max_value=180)
    priority = serializers.IntegerField(
        min_value=0, max_value=_LAST_PRIORITY, default=100, help_text="Goods are taken from the lowest number first."
    )


class WarehouseChanges(serializers.Serializer):
    name = serializers.CharField(max_length=100, required=False)
    address = serializers.CharField(max_length=500, allow_blank=True, required=False)
    country = serializers.RegexField(r"^([A-Z]{2})?$", allow_blank=True, required=False)
    latitude = _latitude(required=False, min_value=-90, max_value=90)
    longitude = _longitude(required=False, min_value=-180, max_value=180)
    priority = serializers.IntegerField(min_value=0, max_value=_LAST_PRIORITY, required=False)


class WarehouseOutput(serializers.Serializer):
    id = serializers.UUIDField()
    name = serializers.CharField()
    address = serializers.CharField()
    country = serializers.CharField()
    latitude = _latitude()
    longitude = _longitude()
    priority = serializers.IntegerField()
    is_default = serializers.BooleanField(help_text="What names no warehouse goes there.")
    version = serializers.IntegerField()
    created_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField()
    deleted_at = serializers.DateTimeField(allow_null=True)


class Warehouses(ApiView):
    """GET, POST /api/v1/warehouses: list and open warehouses."""

    required_permission = {"GET": StockPermission.VIEW, "POST": StockPermission.MANAGE}
    filterset_class = WarehouseFilter
    sortable = ("priority", "created_at")

    @extend_schema(responses=WarehouseOutput(many=True))
    def get(self, request):
        return page_of(request, queries.warehouses(), WarehouseOutput)

    @extend_schema(request=WarehouseInput, responses={201: WarehouseOutput})
    @idempotent(Warehouse)
    def post(self, request):
        content = commands.NewWarehouse(**validated(WarehouseInput, request.data))
        created = commands.create_warehouse(warehouse=content, actor=request.actor, now=timezone.now())
        return entity_response(
            request, created, WarehouseOutput, status=201, location=f"/api/v1/warehouses/{created.id}"
        )


class WarehouseDetail(ApiView):
    """GET, PATCH, DELETE /api/v1/warehouses/{warehouse_id}: one warehouse; a deleted one can still be read."""

    required_permission = {
        "GET": StockPermission.VIEW,
        "PATCH": StockPermission.MANAGE,
        "DELETE": StockPermission.MANAGE,
    }
    versioned = True

    @extend_schema(responses=WarehouseOutput)
    def get(self, request, warehouse_id):
        return entity_response(request, queries.warehouse(warehouse_id), WarehouseOutput)

    @extend_schema(request=WarehouseChanges, responses=WarehouseOutput)
    def patch(self, request, warehouse_id):
        warehouse = commands.update_warehouse(
            warehouse_id=warehouse_id,
            changes=validated(WarehouseChanges, request.data),
            expected_version=expected_version(request),
            actor=request.actor,
        )
        return entity_response(request, warehouse, WarehouseOutput)

    @extend_schema(responses={204: None})
    def delete(self, request, warehouse_id):
        commands.delete_warehouse(
            warehouse_id=warehouse_id,
            expected_version=expected_version(request),
            actor=request.actor,
            now=timezone.now(),
        )
        return Answer(status=204)


class WarehouseRestoration(ApiView):
    """POST /api/v1/warehouses/{warehouse_id}/restoration: undo the deletion of a warehouse."""

    required_permission = StockPermission.MANAGE

    @extend_schema(request=None, responses=WarehouseOutput)
    def post(self, request, warehouse_id):
        warehouse = commands.restore_warehouse(warehouse_id=warehouse_id, actor=request.actor)
        return entity_response(request, warehouse, WarehouseOutput)


class DefaultWarehouse(ApiView):
    """POST /api/v1/warehouses/{warehouse_id}/default: what names no warehouse goes there from now on."""

    required_permission = StockPermission.MANAGE

    @extend_schema(request=None, responses=WarehouseOutput)
    def post(self, request, warehouse_id):
        warehouse = commands.make_default(warehouse_id=warehouse_id, actor=request.actor)
        return entity_response(request, warehouse, WarehouseOutput)
