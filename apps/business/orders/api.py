"""REST: orders."""

from __future__ import annotations

from decimal import Decimal

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers

from apps.business.orders import commands, queries
from apps.business.orders.addresses_api import AddressBody, AddressOutput, addressed
from apps.business.orders.filters import OrderFilter
from apps.business.orders.models import FulfilmentStatus, LineKind, Order, PaymentStatus
from apps.business.orders.permissions import OrderPermission
from apps.core.api.views import Answer, ApiView, entity_response, expected_version, page_of, validated
from apps.core.idempotency import idempotent

_MOST = 10**9
WRITTEN_KINDS = [choice for choice in LineKind.choices if choice[0] != LineKind.SHIPPING]


class PriceField(serializers.DecimalField):
    """A unit price in major units, as text, with up to four decimals."""

    def __init__(self, **kwargs):
        super().__init__(max_digits=15, decimal_places=4, **kwargs)


class PercentField(serializers.DecimalField):
    """A part, as text: "12.5" of a hundred."""

    def __init__(self, **kwargs):
        super().__init__(
            max_digits=5, decimal_places=2, min_value=0, max_value=100, required=False, default=Decimal(0), **kwargs
        )


class OrderSummaryOutput(serializers.Serializer):
    id = serializers.UUIDField()
    number = serializers.CharField()
    status = serializers.ChoiceField(choices=Order.Status.choices)
    payment_status = serializers.ChoiceField(choices=PaymentStatus.choices)
    fulfilment_status = serializers.ChoiceField(choices=FulfilmentStatus.choices)
    customer_id = serializers.UUIDField(allow_null=True)
    customer_name = serializers.CharField(help_text="Empty where the buyer is unknown.")
    placed_at = serializers.DateTimeField()
    currency = serializers.CharField()
    line_count = serializers.IntegerField()
    item_count = serializers.IntegerField()
    total_minor = serializers.IntegerField()
    returned_minor = serializers.IntegerField()
    source = serializers.CharField()
    last_sequence = serializers.IntegerField(help_text="The last event of the order that this row knows of.")


class OrderLineInput(serializers.Serializer):
    kind = serializers.ChoiceField(choices=WRITTEN_KINDS, default=LineKind.PRODUCT)
    product_id = serializers.UUIDField(required=False, allow_null=True, default=None)
    quantity = serializers.IntegerField(min_value=-_MOST, max_value=_MOST, default=1)
    unit_price = PriceField(
        required=False, allow_null=True, default=None, help_text="Only of lines that are no products."
    )
    description = serializers.CharField(max_length=200, required=False, allow_blank=True, default="")
    discount_percent = PercentField()
    discount_minor = serializers.IntegerField(min_value=0, required=False, default=0)


class OrderInput(serializers.Serializer):
    customer_id = serializers.UUIDField(required=False, allow_null=True, default=None)
    currency = serializers.RegexField(r"^[A-Z]{3}$", help_text="ISO 4217; that of every product in the order.")
    note = serializers.CharField(max_length=500, required=False, allow_blank=True, default="")
    country = serializers.RegexField(
        r"^([A-Z]{2})?$", required=False, default="", help_text="Where it goes (ISO 3166-1): what it is taxed by."
    )
    shipping_address = AddressBody(required=False, help_text="Where the goods go.")
    shipping_address_id = serializers.UUIDField(
        required=False, help_text="Instead: one of the customer's. Neither: the default, where the customer has one."
    )
    billing_address = AddressBody(required=False, help_text="Where the invoice goes; left out: as the goods.")
    billing_address_id = serializers.UUIDField(required=False)
    shipping_method_id = serializers.UUIDField(
        required=False, allow_null=True, default=None, help_text="How it is sent; what that costs becomes a line."
    )
    payment_method = serializers.CharField(
        max_length=255,
        required=False,
        allow_blank=True,
        default="",
        help_text="The payment provider's token; the order is pending until it is authorised. Empty: on account.",
    )
    discount_percent = PercentField()
    discount_minor = serializers.IntegerField(min_value=0, required=False, default=0)
    lines = OrderLineInput(many=True, min_length=1, max_length=1000)


class OrderLineOutput(serializers.Serializer):
    id = serializers.UUIDField()
    ordinal = serializers.IntegerField()
    kind = serializers.ChoiceField(choices=LineKind.choices)
    product_id = serializers.UUIDField(allow_null=True)
    code = serializers.CharField(help_text="The stock code of that moment.")
    description = serializers.CharField()
    quantity = serializers.IntegerField()
    unit_price = PriceField()
    discount_minor = serializers.IntegerField(help_text="Its own, and its share of the order's.")
    tax_rate_e4 = serializers.IntegerField(help_text="In 1/10,000: 1900 is 19 %.")
    tax_minor = serializers.IntegerField()
    total_minor = serializers.IntegerField(help_text="After discounts; with tax where `prices_include_tax`.")
    shipped_quantity = serializers.IntegerField()
    returned_quantity = serializers.IntegerField()


class OrderReturnLineOutput(serializers.Serializer):
    line_id = serializers.UUIDField(source="order_line_id", allow_null=True)
    quantity = serializers.IntegerField()
    unit_price = PriceField()
    total_minor = serializers.IntegerField()


class OrderReturnOutput(serializers.Serializer):
    id = serializers.UUIDField()
    number = serializers.CharField(help_text="Of the credit note; empty where there is none.")
    returned_at = serializers.DateTimeField()
    currency = serializers.CharField()
    total_minor = serializers.IntegerField()
    reason = serializers.CharField()
    lines = OrderReturnLineOutput(many=True, source="lines.all")


class OrderCustomerOutput(serializers.Serializer):
    id = serializers.UUIDField()
    code = serializers.CharField()
    name = serializers.CharField()


class OrderOutput(serializers.Serializer):
    id = serializers.UUIDField()
    number = serializers.CharField()
    status = serializers.ChoiceField(choices=Order.Status.choices)
    payment_status = serializers.ChoiceField(choices=PaymentStatus.choices)
    fulfilment_status = serializers.ChoiceField(choices=FulfilmentStatus.choices)
    customer = OrderCustomerOutput(allow_null=True)
    placed_at = serializers.DateTimeField()
    currency = serializers.CharField()
    discount_minor = serializers.IntegerField()
    tax_minor = serializers.IntegerField()
    prices_include_tax = serializers.BooleanField()
    total_minor = serializers.IntegerField(help_text="What the buyer owes.")
    paid_minor = serializers.IntegerField()
    refunded_minor = serializers.IntegerField()
    country = serializers.CharField()
    shipping_address = AddressOutput(source="ships_to", allow_null=True)
    billing_address = AddressOutput(source="bills_to", allow_null=True)
    shipping_method_id = serializers.UUIDField(allow_null=True)
    shipping_minor = serializers.IntegerField(help_text="What that costs; one of the lines says it too.")
    note = serializers.CharField()
    source = serializers.CharField()
    cancelled_at = serializers.DateTimeField(allow_null=True)
    cancel_reason = serializers.CharField()
    version = serializers.IntegerField()
    lines = OrderLineOutput(many=True, source="lines.all")
    returns = OrderReturnOutput(many=True, source="returns.all")


class CancellationInput(serializers.Serializer):
    reason = serializers.CharField(max_length=200)


class ReturnedLineInput(serializers.Serializer):
    line_id = serializers.UUIDField()
    quantity = serializers.IntegerField(min_value=1, max_value=_MOST)


class OrderReturnInput(serializers.Serializer):
    reason = serializers.CharField(max_length=200)
    lines = ReturnedLineInput(many=True, min_length=1, max_length=1000)


class OrderEventOutput(serializers.Serializer):
    event_id = serializers.UUIDField()
    event_type = serializers.CharField()
    sequence = serializers.IntegerField(source="metadata.sequence")
    version = serializers.IntegerField(help_text="Of the event's schema.")
    timestamp = serializers.DateTimeField(help_text="When it was recorded.")
    payload = serializers.DictField()
    causation_id = serializers.UUIDField(source="metadata.causation_id")
    correlation_id = serializers.CharField(source="metadata.correlation_id")
    user_id = serializers.UUIDField(source="metadata.user_id", allow_null=True)
    impersonator_id = serializers.UUIDField(
        source="metadata.impersonator_id", allow_null=True, help_text="Who acted in the name of that user."
    )


class MomentQuery(serializers.Serializer):
    at = serializers.DateTimeField(required=False, help_text="ISO 8601, compared with the time of recording.")


class LineStateOutput(serializers.Serializer):
    id = serializers.UUIDField()
    kind = serializers.ChoiceField(choices=LineKind.choices)
    product_id = serializers.UUIDField(allow_null=True)
    quantity = serializers.IntegerField()
    unit_price = PriceField()
    total_minor = serializers.IntegerField()
    shipped_quantity = serializers.IntegerField()
    returned_quantity = serializers.IntegerField()


class OrderStateOutput(serializers.Serializer):
    """What was known of an order, after the event at `sequence`."""

    sequence = serializers.IntegerField()
    since = serializers.DateTimeField(help_text="When that event was recorded.")
    id = serializers.UUIDField(source="state.id")
    number = serializers.CharField(source="state.number")
    status = serializers.ChoiceField(choices=Order.Status.choices, source="state.status")
    payment_status = serializers.ChoiceField(choices=PaymentStatus.choices, source="state.payment_status")
    fulfilment_status = serializers.ChoiceField(choices=FulfilmentStatus.choices, source="state.fulfilment_status")
    customer_id = serializers.UUIDField(allow_null=True, source="state.customer_id")
    placed_at = serializers.DateTimeField(source="state.placed_at")
    currency = serializers.CharField(source="state.currency")
    shipping_minor = serializers.IntegerField(source="state.shipping_minor")
    total_minor = serializers.IntegerField(source="state.total_minor")
    paid_minor = serializers.IntegerField(source="state.paid_minor")
    refunded_minor = serializers.IntegerField(source="state.refunded_minor")
    returned_minor = serializers.IntegerField(source="state.returned_minor")
    cancelled_at = serializers.DateTimeField(allow_null=True, source="state.cancelled_at")
    cancel_reason = serializers.CharField(source="state.cancel_reason")
    lines = LineStateOutput(many=True, source="state.lines")


class Orders(ApiView):
    """GET, POST /api/v1/orders: list orders, place one.

    The list lags by the way of an event; the answer to a POST is the order itself.
    """

    required_permission = {"GET": OrderPermission.VIEW, "POST": OrderPermission.PLACE}
    filterset_class = OrderFilter
    sortable = ("placed_at", "total_minor", "line_count")

    @extend_schema(responses=OrderSummaryOutput(many=True))
    def get(self, request):
        return page_of(request, queries.order_summaries(), OrderSummaryOutput)

    @extend_schema(request=OrderInput, responses={201: OrderOutput})
    @idempotent(Order)
    def post(self, request):
        wish = addressed(validated(OrderInput, request.data))
        lines = [commands.NewLine(**line) for line in wish.pop("lines")]
        order = commands.place_order(
            order=commands.NewOrder(lines=lines, source=Order.Source.API, **wish),
            actor=request.actor,
            now=timezone.now(),
        )
        whole = queries.order(order.id)
        return entity_response(request, whole, OrderOutput, status=201, location=f"/api/v1/orders/{order.id}")


class OrderDetail(ApiView):
    """GET /api/v1/orders/{order_id}: one order with its lines and returns."""

    required_permission = OrderPermission.VIEW
    scoped_to = ("order", "order_id")
    versioned = True

    @extend_schema(responses=OrderOutput)
    def get(self, request, order_id):
        return entity_response(request, queries.order(order_id), OrderOutput)


class OrderCancellation(ApiView):
    """POST /api/v1/orders/{order_id}/cancellation: cancel an order; its goods go back into stock."""

    required_permission = OrderPermission.CANCEL
    scoped_to = ("order", "order_id")
    versioned = True

    @extend_schema(request=CancellationInput, responses=OrderOutput)
    @idempotent(Order)
    def post(self, request, order_id):
        commands.cancel_order(
            order_id=order_id,
            **validated(CancellationInput, request.data),
            expected_version=expected_version(request),
            actor=request.actor,
            now=timezone.now(),
        )
        return entity_response(request, queries.order(order_id), OrderOutput)


class OrderReturns(ApiView):
    """POST /api/v1/orders/{order_id}/returns: take goods of an order back."""

    required_permission = OrderPermission.RETURN
    scoped_to = ("order", "order_id")

    @extend_schema(request=OrderReturnInput, responses={201: OrderReturnOutput})
    @idempotent(Order)
    def post(self, request, order_id):
        wish = validated(OrderReturnInput, request.data)
        returned = commands.return_order_lines(
            order_id=order_id,
            lines=[commands.ReturnedLine(**line) for line in wish["lines"]],
            reason=wish["reason"],
            actor=request.actor,
            now=timezone.now(),
        )
        return Answer(OrderReturnOutput(returned).data, status=201)


class OrderStates(ApiView):
    """GET /api/v1/orders/{order_id}/states: what an order was at some moment, told by its events alone."""

    required_permission = OrderPermission.VIEW
    scoped_to = ("order", "order_id")

    @extend_schema(parameters=[MomentQuery], responses=OrderStateOutput)
    def get(self, request, order_id):
        """As of now without `at`; 404 before it was placed."""
        asked = validated(MomentQuery, request.GET)
        return Answer(OrderStateOutput(queries.order_as_of(order_id, asked.get("at"))).data)


class OrderEvents(ApiView):
    """GET /api/v1/orders/{order_id}/events: what happened to an order, oldest first."""

    required_permission = OrderPermission.VIEW
    scoped_to = ("order", "order_id")
    paged = False

    @extend_schema(responses=OrderEventOutput(many=True))
    def get(self, request, order_id):
        return Answer(OrderEventOutput(queries.timeline(order_id), many=True).data)
