"""REST: shipments."""

from __future__ import annotations

from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import serializers

from apps.business.shipping import commands, progress, queries
from apps.business.shipping.filters import ShipmentFilter
from apps.business.shipping.models import Shipment
from apps.business.shipping.permissions import ShipmentPermission
from apps.business.shipping.responses import packing_slip_response
from apps.core.api.views import Answer, ApiView, page_of, validated
from apps.core.idempotency import idempotent

_MOST = 10**9


class WayInput(serializers.Serializer):
    carrier = serializers.CharField(max_length=100, required=False, allow_blank=True, default="")
    tracking_number = serializers.CharField(max_length=100, required=False, allow_blank=True, default="")
    tracking_link = serializers.URLField(max_length=500, required=False, allow_blank=True, default="")


class PackedLineInput(serializers.Serializer):
    line_id = serializers.UUIDField(help_text="Of the order.")
    quantity = serializers.IntegerField(min_value=1, max_value=_MOST)


class ShipmentInput(WayInput):
    lines = PackedLineInput(many=True, min_length=1, max_length=1000)
    warehouse_id = serializers.UUIDField(required=False, allow_null=True, default=None)
    send = serializers.BooleanField(default=True, help_text="false: it is packed and waits.")


class ProgressInput(WayInput):
    status = serializers.ChoiceField(choices=progress.CHOICES)


class ShipmentLineOutput(serializers.Serializer):
    line_id = serializers.UUIDField(source="order_line_id")
    product_id = serializers.UUIDField()
    code = serializers.CharField()
    description = serializers.CharField()
    quantity = serializers.IntegerField()


class ShipmentSummaryOutput(serializers.Serializer):
    id = serializers.UUIDField()
    order_id = serializers.UUIDField()
    number = serializers.CharField()
    status = serializers.ChoiceField(choices=Shipment.Status.choices)
    carrier = serializers.CharField()
    tracking_number = serializers.CharField()
    tracking_link = serializers.CharField()
    warehouse_id = serializers.UUIDField(allow_null=True)
    shipped_at = serializers.DateTimeField(allow_null=True)
    delivered_at = serializers.DateTimeField(allow_null=True)


class ShipmentOutput(ShipmentSummaryOutput):
    lines = ShipmentLineOutput(many=True, source="lines.all")


class OrderToShipOutput(serializers.Serializer):
    id = serializers.UUIDField()
    number = serializers.CharField()
    customer_name = serializers.CharField()
    placed_at = serializers.DateTimeField()
    item_count = serializers.IntegerField()
    fulfilment_status = serializers.CharField()


class Shipments(ApiView):
    """GET /api/v1/shipments: parcels, newest first."""

    required_permission = ShipmentPermission.VIEW
    filterset_class = ShipmentFilter

    @extend_schema(responses=ShipmentSummaryOutput(many=True))
    def get(self, request):
        return page_of(request, queries.shipments(), ShipmentSummaryOutput)


class OrdersToShip(ApiView):
    """GET /api/v1/orders-to-ship: orders of which goods are owed, oldest first."""

    required_permission = ShipmentPermission.VIEW

    @extend_schema(responses=OrderToShipOutput(many=True))
    def get(self, request):
        return page_of(request, queries.orders_to_ship(), OrderToShipOutput)


class ShipmentsOfOrder(ApiView):
    """POST /api/v1/orders/{order_id}/shipments: pack a parcel and send it."""

    required_permission = ShipmentPermission.MANAGE
    scoped_to = ("order", "order_id")
    refers = frozenset({"POST"})

    @extend_schema(request=ShipmentInput, responses={201: ShipmentOutput})
    @idempotent(Shipment)
    def post(self, request, order_id):
        wish = validated(ShipmentInput, request.data)
        lines, send = wish.pop("lines"), wish.pop("send")
        quantities = commands.quantities_of((line["line_id"], line["quantity"]) for line in lines)
        if send:
            made = commands.ship(order_id=order_id, lines=quantities, **wish, actor=request.actor, now=timezone.now())
        else:
            warehouse_id = wish.pop("warehouse_id")
            made = commands.pack(
                order_id=order_id,
                lines=quantities,
                way=commands.Way(**wish),
                warehouse_id=warehouse_id,
                actor=request.actor,
            )
        return Answer(ShipmentOutput(made).data, status=201, headers={"Location": f"/api/v1/shipments/{made.id}"})


class ShipmentDetail(ApiView):
    """GET, DELETE /api/v1/shipments/{shipment_id}: one with what is in it; take apart one that has not left."""

    required_permission = {"GET": ShipmentPermission.VIEW, "DELETE": ShipmentPermission.MANAGE}

    @extend_schema(responses=ShipmentOutput)
    def get(self, request, shipment_id):
        return Answer(ShipmentOutput(queries.shipment(shipment_id)).data)

    @extend_schema(responses={204: None})
    def delete(self, request, shipment_id):
        commands.unpack(shipment_id=shipment_id, actor=request.actor)
        return Answer(None, status=204)


class ShipmentProgress(ApiView):
    """POST /api/v1/shipments/{shipment_id}/progress: it was sent, arrived, came back or was lost. Safe to repeat."""

    required_permission = ShipmentPermission.MANAGE

    @extend_schema(request=ProgressInput, responses=ShipmentOutput)
    def post(self, request, shipment_id):
        wish = validated(ProgressInput, request.data)
        status = wish.pop("status")
        way = commands.Way(**wish)
        moved = progress.progressed(
            shipment_id=shipment_id, status=status, way=way, actor=request.actor, now=timezone.now()
        )
        return Answer(ShipmentOutput(moved).data)


class PackingSlip(ApiView):
    """GET /api/v1/shipments/{shipment_id}/packing-slip: what is in the parcel, to be put into it."""

    required_permission = ShipmentPermission.VIEW

    @extend_schema(responses={(200, "application/pdf"): OpenApiTypes.BINARY})
    def get(self, request, shipment_id):
        return packing_slip_response(shipment_id)
