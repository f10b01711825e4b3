"""REST: the carts of a shop's visitors. Whoever is not signed in sends `X-Cart-Token`, which the first answer tells."""

from __future__ import annotations

from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers

from apps.business.addresses import Address
from apps.business.carts import commands, queries
from apps.business.carts.entering import TOKEN_HEADER, Entrance, entered
from apps.business.carts.errors import CartNotFound
from apps.business.carts.links import require_way_back
from apps.business.carts.models import MOST_PIECES, Cart
from apps.business.carts.orders_api import BuyersOrderOutput, ReturnInput, told
from apps.business.carts.visitors import Visitor
from apps.core.api.views import AUTHENTICATED, PUBLIC, Answer, ApiView, validated
from apps.core.idempotency import idempotent

_TOKEN = OpenApiParameter(
    TOKEN_HEADER, str, OpenApiParameter.HEADER, description="The cart of a visitor who is not signed in."
)


class CartItemOutput(serializers.Serializer):
    product_id = serializers.UUIDField()
    name = serializers.CharField()
    sku = serializers.CharField()
    options = serializers.DictField(child=serializers.CharField())
    quantity = serializers.IntegerField()
    unit_price = serializers.DecimalField(
        max_digits=15, decimal_places=4, source="price", allow_null=True, help_text="Null: it is not sold any more."
    )
    seen_price = serializers.DecimalField(
        max_digits=15, decimal_places=4, help_text="What one cost when it was put in."
    )
    price_changed = serializers.BooleanField(source="has_new_price")
    available = serializers.IntegerField(source="most", help_text="How many can be had now.")
    total_minor = serializers.IntegerField()


class CartOutput(serializers.Serializer):
    id = serializers.UUIDField(allow_null=True, help_text="Null until something is put in.")
    currency = serializers.CharField()
    items = CartItemOutput(many=True)
    pieces = serializers.IntegerField()
    total_minor = serializers.IntegerField(help_text="Of the goods, before shipping and added taxes.")
    can_be_ordered = serializers.BooleanField()
    token = serializers.CharField(allow_null=True, help_text="New: to be sent as `X-Cart-Token` from now on.")


class QuantityInput(serializers.Serializer):
    quantity = serializers.IntegerField(min_value=0, max_value=MOST_PIECES, help_text="0 takes it out.")


class AdoptionInput(serializers.Serializer):
    token = serializers.CharField(max_length=100, help_text="Of the cart from before signing in.")


class ShopAddressBody(serializers.Serializer):
    name = serializers.CharField(max_length=200)
    lines = serializers.CharField(max_length=400, help_text="Street and house, one to four lines.")
    city = serializers.CharField(max_length=100)
    country = serializers.RegexField(r"^[A-Z]{2}$", help_text="ISO 3166-1 alpha-2.")
    postal_code = serializers.CharField(max_length=20, allow_blank=True, default="")
    region = serializers.CharField(max_length=100, allow_blank=True, default="")
    phone = serializers.CharField(max_length=40, allow_blank=True, default="")


class CheckoutInput(ReturnInput):
    cart_id = serializers.UUIDField(help_text="A cart becomes one order, however often this is sent.")
    name = serializers.CharField(max_length=200)
    email = serializers.EmailField(max_length=254)
    shipping_address = ShopAddressBody()
    billing_address = ShopAddressBody(required=False, help_text="Left out: as the goods.")
    shipping_method_id = serializers.UUIDField(required=False, allow_null=True, default=None)
    payment_method = serializers.CharField(
        max_length=255,
        allow_blank=True,
        default="",
        help_text="The payment provider's token; `page`: the buyer pays on the provider's own page, see `next_action`; "
        "empty: on account, where the shop allows it.",
    )
    note = serializers.CharField(max_length=500, allow_blank=True, default="")
    agreed_total_minor = serializers.IntegerField(
        required=False, allow_null=True, default=None, help_text="Another total is refused: 409 `total_changed`."
    )


class VisitedCart(ApiView):
    """GET /api/v1/carts/{shop}: what lies in the caller's cart, at today's prices and stock."""

    required_permission = PUBLIC
    open_to_guests = True

    @extend_schema(parameters=[_TOKEN], responses=CartOutput)
    def get(self, request, shop):
        with entered(request, shop, _token(request)) as here:
            return _cart(here, here.visitor)


class VisitedCartLine(ApiView):
    """PUT, DELETE /api/v1/carts/{shop}/lines/{product_id}: how many of a product lie in it."""

    required_permission = {"PUT": PUBLIC, "DELETE": PUBLIC}
    open_to_guests = True

    @extend_schema(parameters=[_TOKEN], request=QuantityInput, responses=CartOutput)
    def put(self, request, shop, product_id):
        with entered(request, shop, _token(request)) as here:
            return _put(here, product_id, **validated(QuantityInput, request.data))

    @extend_schema(parameters=[_TOKEN], responses=CartOutput)
    def delete(self, request, shop, product_id):
        with entered(request, shop, _token(request)) as here:
            return _put(here, product_id, quantity=0)


class CartAdoption(ApiView):
    """POST /api/v1/carts/{shop}/adoption: merge the cart from before signing in into one's own. Safe to repeat."""

    required_permission = AUTHENTICATED

    @extend_schema(request=AdoptionInput, responses=CartOutput)
    def post(self, request, shop):
        wish = validated(AdoptionInput, request.data)
        with entered(request, shop, "") as here:
            if here.visitor.user_id is None:
                raise CartNotFound("only people of this company have a cart of their own here")
            commands.adopt(visitor=here.visitor, **wish, currency=here.currency, now=timezone.now())
            return _cart(here, here.visitor)


class CartCheckout(ApiView):
    """POST /api/v1/carts/{shop}/checkout: place the order for what lies in a cart."""

    required_permission = PUBLIC
    open_to_guests = True

    @extend_schema(parameters=[_TOKEN], request=CheckoutInput, responses={201: BuyersOrderOutput})
    @idempotent(Cart)
    def post(self, request, shop):
        wish = validated(CheckoutInput, request.data)
        cart_id, return_url = wish.pop("cart_id"), wish.pop("return_url")
        buyer = commands.Buyer(name=wish.pop("name"), email=wish.pop("email"))
        for name in ("shipping_address", "billing_address"):
            if name in wish:
                wish[name] = Address(**wish[name])
        with entered(request, shop, _token(request)) as here:
            require_way_back(return_url, here.return_origins)
            order_id = commands.check_out(
                cart_id=cart_id,
                visitor=here.visitor,
                buyer=buyer,
                checkout=commands.Checkout(**wish),
                currency=here.currency,
                now=timezone.now(),
            )
            return Answer(told(request, here, order_id, return_url=return_url), status=201)


def _token(request) -> str:
    return request.headers.get(TOKEN_HEADER, "")[:100]


def _put(here: Entrance, product_id, *, quantity: int) -> Answer:
    filled = commands.put(
        visitor=here.visitor, product_id=product_id, quantity=quantity, currency=here.currency, now=timezone.now()
    )
    return _cart(here, filled.visitor)


def _cart(here: Entrance, visitor: Visitor) -> Answer:
    contents = queries.contents_of(visitor, currency=here.currency, now=timezone.now())
    fresh = visitor.token if visitor.token != here.visitor.token else None
    facts = ("id", "currency", "items", "pieces", "total_minor", "can_be_ordered")
    told = {**{name: getattr(contents, name) for name in facts}, "token": fresh}
    return Answer(CartOutput(told).data)
