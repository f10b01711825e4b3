"""REST: invoice files to import."""

from __future__ import annotations

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.parsers import MultiPartParser

from apps.business.orders.imports.requesting import Upload, request_import
from apps.business.orders.permissions import ImportPermission
from apps.core.api.views import ApiView, validated
from apps.core.jobs.outputs import JobOutput, accepted


class InvoiceImportInput(serializers.Serializer):
    file = serializers.FileField(max_length=200, help_text="CSV, or CSV in gzip, with InvoiceNo, StockCode, …")
    currency = serializers.CharField(
        max_length=3,
        required=False,
        allow_blank=True,
        default="",
        help_text="ISO 4217; the company's own when left out.",
    )
    time_zone = serializers.CharField(
        max_length=64, required=False, default="UTC", help_text="Of the times in the file, such as Europe/London."
    )
    encoding = serializers.CharField(max_length=32, required=False, default="utf-8", help_text="Of the file's text.")


class InvoiceImports(ApiView):
    """POST /api/v1/invoice-imports: have a file of invoices imported.

    A job does it, which the answer names: its progress while it goes on, and its result when it is over. The same file
    with the same options again is the same job.
    """

    required_permission = ImportPermission.RUN
    parser_classes = (MultiPartParser,)

    @extend_schema(request=InvoiceImportInput, responses={202: JobOutput})
    def post(self, request):
        given = validated(InvoiceImportInput, request.data)
        return accepted(request, request_import(upload=upload_of(**given), actor=request.actor, now=timezone.now()))


def upload_of(*, file, **options):
    """What was sent, as the command takes it. The whole file is in memory: the web server limits how large it is."""
    return Upload(name=file.name, content=file.read(), **options)
