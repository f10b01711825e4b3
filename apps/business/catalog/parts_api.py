"""REST: what belongs to a product (prices, pictures, its places in the tree of categories), and that tree."""

from __future__ import annotations

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.parsers import MultiPartParser

from apps.business.catalog import commands, queries
from apps.business.catalog.api import PriceField
from apps.business.catalog.errors import MediaNotFound
from apps.business.catalog.models import Category, ProductPrice
from apps.business.catalog.permissions import ProductPermission
from apps.core.api.views import Answer, ApiView, validated
from apps.core.idempotency import idempotent

_VIEW, _MANAGE = ProductPermission.VIEW, ProductPermission.MANAGE
_OF_PRODUCT = ("product", "product_id")


class PriceInput(serializers.Serializer):
    currency = serializers.RegexField(r"^[A-Z]{3}$", help_text="ISO 4217.")
    price = PriceField(min_value=0)
    valid_from = serializers.DateTimeField(allow_null=True, default=None, help_text="Left out: now.")
    valid_to = serializers.DateTimeField(
        allow_null=True, default=None, help_text="The first moment at which it is over; left out: for good."
    )


class PriceOutput(serializers.Serializer):
    id = serializers.UUIDField()
    currency = serializers.CharField()
    price = PriceField()
    valid_from = serializers.DateTimeField()
    valid_to = serializers.DateTimeField(allow_null=True)


class ProductPrices(ApiView):
    """GET, POST /api/v1/products/{product_id}/prices: what it costs now and will cost, by currency; set a price.

    A price without an end that began earlier ends where a new one begins.
    """

    required_permission = {"GET": _VIEW, "POST": _MANAGE}
    scoped_to = _OF_PRODUCT
    paged = False

    @extend_schema(responses=PriceOutput(many=True))
    def get(self, request, product_id):
        queries.product(product_id, with_deleted=True)
        return Answer(PriceOutput(queries.prices_of(product_id, at=timezone.now()), many=True).data)

    @extend_schema(request=PriceInput, responses={201: PriceOutput})
    @idempotent(ProductPrice)
    def post(self, request, product_id):
        given = validated(PriceInput, request.data)
        price = commands.set_price(product_id=product_id, **given, actor=request.actor, now=timezone.now())
        return Answer(PriceOutput(price).data, status=201)


class ProductPriceDetail(ApiView):
    """DELETE /api/v1/products/{product_id}/prices/{price_id}: end a price now, or take back one to come."""

    required_permission = {"DELETE": _MANAGE}
    scoped_to = _OF_PRODUCT

    @extend_schema(responses={204: None})
    def delete(self, request, product_id, price_id):
        commands.end_price(product_id=product_id, price_id=price_id, actor=request.actor, now=timezone.now())
        return Answer(status=204)


class MediaInput(serializers.Serializer):
    file = serializers.FileField(max_length=200, help_text="GIF, JPEG, PNG or WebP, told by its content.")
    alt = serializers.CharField(max_length=200, allow_blank=True, default="", help_text="What it shows, in words.")


class MediaOutput(serializers.Serializer):
    id = serializers.UUIDField()
    name = serializers.CharField()
    alt = serializers.CharField()
    content_type = serializers.CharField()
    size_bytes = serializers.IntegerField()
    width = serializers.IntegerField()
    height = serializers.IntegerField()
    url = serializers.CharField(help_text="Works for an hour or two, for whoever has it.")


class ProductMediaList(ApiView):
    """GET, POST /api/v1/products/{product_id}/media: its pictures, the first one first; add one."""

    required_permission = {"GET": _VIEW, "POST": _MANAGE}
    scoped_to = _OF_PRODUCT
    parser_classes = (MultiPartParser,)
    paged = False

    @extend_schema(responses=MediaOutput(many=True))
    def get(self, request, product_id):
        queries.product(product_id, with_deleted=True)
        return Answer(MediaOutput(queries.pictures_of(product_id), many=True).data)

    @extend_schema(request=MediaInput, responses={201: MediaOutput})
    def post(self, request, product_id):
        given = validated(MediaInput, request.data)
        media = commands.add_media(
            product_id=product_id,
            stream=given["file"],
            name=given["file"].name,
            alt=given["alt"],
            actor=request.actor,
            now=timezone.now(),
        )
        return Answer(_picture(product_id, media.id), status=201)


class MediaChanges(serializers.Serializer):
    alt = serializers.CharField(max_length=200, allow_blank=True, help_text="What it shows, in words.")


class ProductMediaDetail(ApiView):
    """PATCH, DELETE /api/v1/products/{product_id}/media/{media_id}: describe a picture, or take it away for a week and
    then for good.
    """

    required_permission = {"PATCH": _MANAGE, "DELETE": _MANAGE}
    scoped_to = _OF_PRODUCT

    @extend_schema(request=MediaChanges, responses=MediaOutput)
    def patch(self, request, product_id, media_id):
        given = validated(MediaChanges, request.data)
        commands.describe_media(
            product_id=product_id, media_id=media_id, **given, actor=request.actor, now=timezone.now()
        )
        return Answer(_picture(product_id, media_id))

    @extend_schema(responses={204: None})
    def delete(self, request, product_id, media_id):
        commands.remove_media(product_id=product_id, media_id=media_id, actor=request.actor, now=timezone.now())
        return Answer(status=204)


class ProductMediaRestoration(ApiView):
    """POST /api/v1/products/{product_id}/media/{media_id}/restoration: put back a picture that was taken away."""

    required_permission = {"POST": _MANAGE}
    scoped_to = _OF_PRODUCT

    @extend_schema(request=None, responses=MediaOutput)
    def post(self, request, product_id, media_id):
        commands.restore_media(product_id=product_id, media_id=media_id, actor=request.actor, now=timezone.now())
        return Answer(_picture(product_id, media_id))


class MediaOrder(serializers.Serializer):
    media_ids = serializers.ListField(
        child=serializers.UUIDField(), max_length=commands.MOST_MEDIA, help_text="Each picture of the product once."
    )


class ProductMediaOrder(ApiView):
    """PUT /api/v1/products/{product_id}/media-order: in which order its pictures are shown."""

    required_permission = {"PUT": _MANAGE}
    scoped_to = _OF_PRODUCT

    @extend_schema(request=MediaOrder, responses=MediaOrder)
    def put(self, request, product_id):
        given = validated(MediaOrder, request.data)
        commands.arrange_media(product_id=product_id, **given, actor=request.actor, now=timezone.now())
        return Answer(MediaOrder({"media_ids": [media.id for media in queries.media_of(product_id)]}).data)


class PlacesInput(serializers.Serializer):
    category_ids = serializers.ListField(child=serializers.UUIDField(), max_length=100)


class PlacesOutput(serializers.Serializer):
    category_ids = serializers.ListField(child=serializers.UUIDField())


class ProductCategories(ApiView):
    """GET, PUT /api/v1/products/{product_id}/categories: where it stands; PUT says all of them."""

    required_permission = {"GET": _VIEW, "PUT": _MANAGE}
    scoped_to = _OF_PRODUCT

    @extend_schema(responses=PlacesOutput)
    def get(self, request, product_id):
        queries.product(product_id, with_deleted=True)
        return Answer(_places(product_id))

    @extend_schema(request=PlacesInput, responses=PlacesOutput)
    def put(self, request, product_id):
        given = validated(PlacesInput, request.data)
        commands.categorise(product_id=product_id, **given, actor=request.actor, now=timezone.now())
        return Answer(_places(product_id))


class CategoryInput(serializers.Serializer):
    name = serializers.CharField(max_length=100)
    parent_id = serializers.UUIDField(allow_null=True, default=None, help_text="Left out: at the top.")


class CategoryOutput(serializers.Serializer):
    id = serializers.UUIDField()
    name = serializers.CharField()
    parent_id = serializers.UUIDField(allow_null=True)


class ShelfOutput(CategoryOutput):
    depth = serializers.IntegerField(help_text="0: at the top.")
    path = serializers.CharField(help_text="With those above it, in words.")


class Categories(ApiView):
    """GET, POST /api/v1/categories: the tree, each category before those below it; add one."""

    required_permission = {"GET": _VIEW, "POST": _MANAGE}
    paged = False
    refers = frozenset({"POST"})

    @extend_schema(responses=ShelfOutput(many=True))
    def get(self, request):
        return Answer(ShelfOutput(queries.category_tree(), many=True).data)

    @extend_schema(request=CategoryInput, responses={201: CategoryOutput})
    @idempotent(Category)
    def post(self, request):
        given = validated(CategoryInput, request.data)
        category = commands.create_category(**given, actor=request.actor, now=timezone.now())
        return Answer(CategoryOutput(category).data, status=201)


class CategoryDetail(ApiView):
    """GET, PUT, DELETE /api/v1/categories/{category_id}: one category; PUT renames or moves it, with all below it."""

    required_permission = {"GET": _VIEW, "PUT": _MANAGE, "DELETE": _MANAGE}

    @extend_schema(responses=CategoryOutput)
    def get(self, request, category_id):
        return Answer(CategoryOutput(queries.category(category_id)).data)

    @extend_schema(request=CategoryInput, responses=CategoryOutput)
    def put(self, request, category_id):
        given = validated(CategoryInput, request.data)
        category = commands.place_category(category_id=category_id, **given, actor=request.actor, now=timezone.now())
        return Answer(CategoryOutput(category).data)

    @extend_schema(responses={204: None})
    def delete(self, request, category_id):
        commands.delete_category(category_id=category_id, actor=request.actor, now=timezone.now())
        return Answer(status=204)


class CategoryRestoration(ApiView):
    """POST /api/v1/categories/{category_id}/restoration: undo the deletion of a category."""

    required_permission = {"POST": _MANAGE}

    @extend_schema(request=None, responses=CategoryOutput)
    def post(self, request, category_id):
        category = commands.restore_category(category_id=category_id, actor=request.actor, now=timezone.now())
        return Answer(CategoryOutput(category).data)


def _places(product_id):
    return PlacesOutput({"category_ids": sorted(queries.categories_of(product_id))}).data


def _picture(product_id, media_id):
    """Raises MediaNotFound where somebody took it away meanwhile."""
    shown = next((one for one in queries.pictures_of(product_id) if one.id == media_id), None)
    if shown is None:
        raise MediaNotFound
    return MediaOutput(shown).data
