"""REST: the catalogue as a file, and back."""

from __future__ import annotations

from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.parsers import MultiPartParser

from apps.business.catalog.exchange import exports, requesting
from apps.business.catalog.exchange_responses import export_response, products_response, report_response
from apps.business.catalog.filters import ProductFilter
from apps.business.catalog.permissions import ProductPermission
from apps.business.inventory.permissions import StockPermission
from apps.core.api.views import ApiView, validated
from apps.core.jobs.outputs import JobOutput, accepted


class ProductsFile(ApiView):
    """GET /api/v1/products/file: the products that the filters ask for as CSV, whole; the import takes it back.

    Back-orders and stock only for those with `stock.view`.
    """

    required_permission = ProductPermission.VIEW
    filterset_class = ProductFilter

    @extend_schema(filters=True, responses={(200, "text/csv"): OpenApiTypes.STR})
    def get(self, request):
        return products_response(request)


class ProductExports(ApiView):
    """POST /api/v1/product-exports: have all active products written into a file, which is kept for a month.

    A job does it, which the answer names, and tells how far it is. The same columns as `GET /api/v1/products/file`.
    """

    required_permission = {"POST": ProductPermission.VIEW}

    @extend_schema(request=None, responses={202: JobOutput})
    def post(self, request):
        with_stock = request.principal.may(StockPermission.VIEW)
        job = exports.request_export(with_stock=with_stock, actor=request.actor, now=timezone.now())
        return accepted(request, job)


class ProductExportFile(ApiView):
    """GET /api/v1/product-exports/{job_id}/file: what the job has written, as CSV."""

    required_permission = ProductPermission.VIEW

    @extend_schema(responses={(200, "text/csv"): OpenApiTypes.STR})
    def get(self, request, job_id):
        return export_response(request, job_id)


class ProductImportInput(serializers.Serializer):
    file = serializers.FileField(max_length=200, help_text="CSV in UTF-8, as `GET /api/v1/products/file` writes it.")
    dry_run = serializers.BooleanField(default=True, help_text="Only say what would become of each line.")


class ProductImports(ApiView):
    """POST /api/v1/product-imports: have a file of products looked through, or with `dry_run=false` applied at once.

    A job does it, which the answer names; its result says what became of the lines, and why some were refused.
    """

    required_permission = {"POST": ProductPermission.MANAGE}
    parser_classes = (MultiPartParser,)

    @extend_schema(request=ProductImportInput, responses={202: JobOutput})
    def post(self, request):
        given = validated(ProductImportInput, request.data)
        job = requesting.request_import(
            stream=given["file"],
            name=given["file"].name,
            dry_run=given["dry_run"],
            may_manage_stock=request.principal.may(StockPermission.MANAGE),
            actor=request.actor,
            now=timezone.now(),
        )
        return accepted(request, job)


class ProductImportApplication(ApiView):
    """POST /api/v1/product-imports/{job_id}/application: apply a file that was looked through. Safe to repeat."""

    required_permission = {"POST": ProductPermission.MANAGE}

    @extend_schema(request=None, responses={202: JobOutput})
    def post(self, request, job_id):
        job = requesting.apply_import(
            checked=requesting.import_job(job_id, request.principal),
            may_manage_stock=request.principal.may(StockPermission.MANAGE),
            actor=request.actor,
            now=timezone.now(),
        )
        return accepted(request, job)


class ProductImportReport(ApiView):
    """GET /api/v1/product-imports/{job_id}/report: the refused lines as CSV, each with the reason; kept for a month."""

    required_permission = {"GET": ProductPermission.MANAGE}

    @extend_schema(responses={(200, "text/csv"): OpenApiTypes.STR})
    def get(self, request, job_id):
        return report_response(request, job_id)
