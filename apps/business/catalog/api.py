"""REST: the catalogue."""

from __future__ import annotations

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers

from apps.business.catalog import commands, queries
from apps.business.catalog.filters import ProductFilter
from apps.business.catalog.models import Product, TaxClass
from apps.business.catalog.permissions import ProductPermission
from apps.core.api.views import Answer, ApiView, entity_response, expected_version, page_of, validated
from apps.core.idempotency import idempotent

_LARGEST_LEVEL = 2_000_000_000


class PriceField(serializers.DecimalField):
    """A unit price in major units, as text, with up to four decimals."""

    def __init__(self, **kwargs):
        super().__init__(max_digits=15, decimal_places=4, **kwargs)


class OptionsField(serializers.DictField):
    """How a variant differs from its siblings."""

    def __init__(self, **kwargs):
        text = 'How a variant differs, such as {"size": "M"}; empty for every other product.'
        super().__init__(child=serializers.CharField(max_length=64), help_text=text, **kwargs)


class ProductInput(serializers.Serializer):
    sku = serializers.CharField(max_length=64, help_text="The stock code; case matters.")
    name = serializers.CharField(max_length=200)
    description = serializers.CharField(max_length=4000, allow_blank=True, default="")
    unit_price = PriceField(min_value=0)
    currency = serializers.RegexField(r"^[A-Z]{3}$", help_text="ISO 4217.")
    reorder_level = serializers.IntegerField(
        min_value=0,
        max_value=_LARGEST_LEVEL,
        allow_null=True,
        default=None,
        help_text="At or below: low stock.",
    )

    tax_class = serializers.ChoiceField(choices=TaxClass.choices, default=TaxClass.STANDARD)
    variant_of = serializers.UUIDField(allow_null=True, default=None, help_text="The product that it is a variant of.")
    options = OptionsField(default=dict)


class ProductChanges(serializers.Serializer):
    sku = serializers.CharField(max_length=64, required=False)
    name = serializers.CharField(max_length=200, required=False)
    description = serializers.CharField(max_length=4000, allow_blank=True, required=False)
    unit_price = PriceField(min_value=0, required=False)
    currency = serializers.RegexField(r"^[A-Z]{3}$", required=False)
    reorder_level = serializers.IntegerField(min_value=0, max_value=_LARGEST_LEVEL, allow_null=True, required=False)

    tax_class = serializers.ChoiceField(choices=TaxClass.choices, required=False)
    variant_of = serializers.UUIDField(allow_null=True, required=False)
    options = OptionsField(required=False)


class ProductOutput(serializers.Serializer):
    id = serializers.UUIDField()
    sku = serializers.CharField()
    name = serializers.CharField()
    description = serializers.CharField()
    unit_price = PriceField()
    currency = serializers.CharField()
    reorder_level = serializers.IntegerField(allow_null=True)
    tax_class = serializers.ChoiceField(choices=TaxClass.choices)
    variant_of = serializers.UUIDField(source="variant_of_id", allow_null=True)
    options = serializers.DictField(child=serializers.CharField())
    version = serializers.IntegerField()
    created_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField()
    deleted_at = serializers.DateTimeField(allow_null=True)


class Products(ApiView):
    """GET, POST /api/v1/products: list and create products."""

    required_permission = {"GET": ProductPermission.VIEW, "POST": ProductPermission.MANAGE}
    filterset_class = ProductFilter
    sortable = ("sku_key", "name_key", "unit_price_e4", "created_at")

    @extend_schema(responses=ProductOutput(many=True))
    def get(self, request):
        return page_of(request, queries.products(), ProductOutput)

    @extend_schema(request=ProductInput, responses={201: ProductOutput})
    @idempotent(Product)
    def post(self, request):
        content = commands.NewProduct(**validated(ProductInput, request.data))
        product = commands.create_product(product=content, actor=request.actor, now=timezone.now())
        return entity_response(request, product, ProductOutput, status=201, location=f"/api/v1/products/{product.id}")


class ProductDetail(ApiView):
    """GET, PATCH, DELETE /api/v1/products/{product_id}: one product; a deleted one can still be read."""

    required_permission = {
        "GET": ProductPermission.VIEW,
        "PATCH": ProductPermission.MANAGE,
        "DELETE": ProductPermission.MANAGE,
    }
    scoped_to = ("product", "product_id")
    versioned = True

    @extend_schema(responses=ProductOutput)
    def get(self, request, product_id):
        return entity_response(request, queries.product(product_id, with_deleted=True), ProductOutput)

    @extend_schema(request=ProductChanges, responses=ProductOutput)
    def patch(self, request, product_id):
        product = commands.update_product(
            product_id=product_id,
            changes=validated(ProductChanges, request.data),
            expected_version=expected_version(request),
            actor=request.actor,
            now=timezone.now(),
        )
        return entity_response(request, product, ProductOutput)

    @extend_schema(responses={204: None})
    def delete(self, request, product_id):
        commands.delete_product(
            product_id=product_id,
            expected_version=expected_version(request),
            actor=request.actor,
            now=timezone.now(),
        )
        return Answer(status=204)


class ProductRestoration(ApiView):
    """POST /api/v1/products/{product_id}/restoration: undo the deletion of a product."""

    required_permission = ProductPermission.MANAGE
    scoped_to = ("product", "product_id")

    @extend_schema(request=None, responses=ProductOutput)
    def post(self, request, product_id):
        product = commands.restore_product(product_id=product_id, actor=request.actor, now=timezone.now())
        return entity_response(request, product, ProductOutput)
