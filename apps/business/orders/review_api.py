"""REST: orders under review, and which are."""

from __future__ import annotations

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers

from apps.business.orders import commands, queries
from apps.business.orders.api import OrderOutput
from apps.business.orders.permissions import OrderPermission
from apps.core.api.views import Answer, ApiView, entity_response, page_of, validated


class ReviewInput(serializers.Serializer):
    approved = serializers.BooleanField(help_text="false: the order is refused and its goods are back in stock.")
    reason = serializers.CharField(max_length=200, required=False, allow_blank=True, default="")


class ReviewLimitInput(serializers.Serializer):
    above_minor = serializers.IntegerField(help_text="Orders worth more are reviewed; in minor units of the currency.")
    decide_within_days = serializers.IntegerField(default=3, help_text="Then the order is refused.")


class ReviewLimitOutput(serializers.Serializer):
    currency = serializers.CharField()
    above_minor = serializers.IntegerField()
    decide_within_days = serializers.IntegerField()


class OrderReview(ApiView):
    """POST /api/v1/orders/{order_id}/review: agree to an order under review, or refuse it.

    For somebody else than whoever placed it. The order is `placed` or `refused` a moment later.
    """

    required_permission = OrderPermission.REVIEW
    scoped_to = ("order", "order_id")

    @extend_schema(request=ReviewInput, responses=OrderOutput)
    def post(self, request, order_id):
        wish = validated(ReviewInput, request.data)
        commands.review_order(order_id=order_id, **wish, actor=request.actor, now=timezone.now())
        return entity_response(request, queries.order(order_id), OrderOutput)


class ReviewLimits(ApiView):
    """GET /api/v1/order-review-limits: above which worth orders are reviewed, by currency."""

    required_permission = OrderPermission.VIEW

    @extend_schema(responses=ReviewLimitOutput(many=True))
    def get(self, request):
        return page_of(request, queries.review_limits(), ReviewLimitOutput)


class ReviewLimitOfCurrency(ApiView):
    """PUT, DELETE /api/v1/order-review-limits/{currency}: review orders above a worth, or none."""

    required_permission = {"PUT": OrderPermission.SET_LIMITS, "DELETE": OrderPermission.SET_LIMITS}

    @extend_schema(request=ReviewLimitInput, responses=ReviewLimitOutput)
    def put(self, request, currency):
        wish = validated(ReviewLimitInput, request.data)
        limit = commands.set_review_limit(currency=currency, **wish, actor=request.actor)
        return Answer(ReviewLimitOutput(limit).data)

    @extend_schema(responses={204: None})
    def delete(self, request, currency):
        commands.remove_review_limit(currency=currency, actor=request.actor)
        return Answer(None, status=204)
