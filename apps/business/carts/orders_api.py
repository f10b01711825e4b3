"""REST: an order as its buyer sees it. The token is the permission, as the order's link in the shop is."""

from __future__ import annotations

from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers

from apps.business.carts import paying
from apps.business.carts.entering import Entrance, entered
from apps.business.carts.links import order_id_of, payment_path_of, token_of
from apps.business.orders import queries as orders
from apps.core.api.views import PUBLIC, Answer, ApiView, validated

REDIRECT = "redirect"


class ReturnInput(serializers.Serializer):
    return_url = serializers.URLField(
        max_length=500,
        required=False,
        default="",
        help_text="Where the buyer comes back to from the payment provider's page, with the order's token as `order`: "
        "below one of the shop's `return_origins`. Left out: to the order's page in the shop.",
    )


class NextActionOutput(serializers.Serializer):
    type = serializers.ChoiceField(choices=[REDIRECT])
    url = serializers.URLField(
        help_text="Send the buyer's browser there: on to the provider's page, as soon as the goods are set aside."
    )


class BuyersOrderOutput(serializers.Serializer):
    order_id = serializers.UUIDField()
    order_token = serializers.CharField(help_text="Whoever has it may see the order, and give it up until it is paid.")
    number = serializers.CharField()
    status = serializers.CharField(help_text="`pending` until it is paid; `refused`: nothing comes of it.")
    payment_status = serializers.CharField()
    fulfilment_status = serializers.CharField()
    currency = serializers.CharField()
    total_minor = serializers.IntegerField()
    pay_by = serializers.DateTimeField(
        allow_null=True, help_text="Until when the goods are set aside, once the buyer was at the provider's page."
    )
    payment_problem = serializers.CharField(
        help_text="Why it was not paid: `page_expired`, `page_not_opened`, `page_closed`, or the provider's word."
    )
    next_action = NextActionOutput(allow_null=True, help_text="What the buyer has to do; null: nothing.")


class BuyersOrder(ApiView):
    """GET /api/v1/carts/{shop}/orders/{token}: how an order goes, and what its buyer has to do."""

    required_permission = PUBLIC
    open_to_guests = True

    @extend_schema(
        parameters=[OpenApiParameter("return_url", str, description="As at the checkout.")], responses=BuyersOrderOutput
    )
    def get(self, request, shop, token):
        wish = validated(ReturnInput, request.query_params)
        with entered(request, shop, "") as here:
            return Answer(told(request, here, order_id_of(shop, token), **wish))


class BuyersOrderCancellation(ApiView):
    """POST /api/v1/carts/{shop}/orders/{token}/cancellation: the buyer will not pay. Without effect once it is paid."""

    required_permission = PUBLIC
    open_to_guests = True

    @extend_schema(request=None, responses=BuyersOrderOutput)
    def post(self, request, shop, token):
        with entered(request, shop, "") as here:
            order_id = order_id_of(shop, token)
            paying.give_up(orders.order(order_id), actor=here.visitor.actor, now=timezone.now())
            return Answer(told(request, here, order_id))


def told(request, here: Entrance, order_id, *, return_url=""):
    """What a buyer is told of their order. Raises OrderNotFound, InvalidCheckout."""
    order = orders.order(order_id)
    standing = paying.standing_of(order)
    path = payment_path_of(here.slug, order_id, return_url=return_url, origins=here.return_origins)
    facts = ("number", "status", "payment_status", "fulfilment_status", "currency", "total_minor")
    return BuyersOrderOutput(
        {
            "order_id": order_id,
            "order_token": token_of(here.slug, order_id),
            **{name: getattr(order, name) for name in facts},
            "pay_by": standing.pay_by,
            "payment_problem": standing.problem,
            "next_action": {"type": REDIRECT, "url": request.build_absolute_uri(path)} if standing.waits else None,
        }
    ).data
