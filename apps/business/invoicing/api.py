"""REST: invoices and credit notes, and who invoices."""

from __future__ import annotations

from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import serializers

from apps.business.invoicing import commands, queries
from apps.business.invoicing.filters import InvoiceFilter
from apps.business.invoicing.models import Invoice
from apps.business.invoicing.permissions import InvoicePermission
from apps.business.invoicing.responses import csv_response, pdf_response
from apps.core.api.views import Answer, ApiView, page_of, validated


class InvoiceSummaryOutput(serializers.Serializer):
    id = serializers.UUIDField()
    kind = serializers.ChoiceField(choices=Invoice.Kind.choices)
    number = serializers.CharField()
    order_id = serializers.UUIDField(allow_null=True)
    order_number = serializers.CharField()
    corrects_number = serializers.CharField(help_text="Of a credit note: the invoice that it is for.")
    issued_at = serializers.DateTimeField()
    due_date = serializers.DateField(allow_null=True)
    currency = serializers.CharField()
    total_minor = serializers.IntegerField(help_text="Above zero, also of a credit note.")
    tax_minor = serializers.IntegerField(help_text="The part of the total that is tax.")
    customer_id = serializers.UUIDField(allow_null=True)
    buyer_name = serializers.CharField()


class InvoiceLineOutput(serializers.Serializer):
    ordinal = serializers.IntegerField()
    kind = serializers.CharField()
    code = serializers.CharField()
    description = serializers.CharField()
    quantity = serializers.IntegerField()
    unit_price = serializers.DecimalField(max_digits=15, decimal_places=4)
    discount_minor = serializers.IntegerField()
    total_minor = serializers.IntegerField(help_text="Less the discount.")
    tax_minor = serializers.IntegerField()
    tax_rate_e4 = serializers.IntegerField(help_text="In 1/10,000: 1900 is 19 %.")


class InvoiceOutput(InvoiceSummaryOutput):
    prices_include_tax = serializers.BooleanField(help_text="Whether the lines' totals do; else taxes are added.")
    supplied_at = serializers.DateTimeField()
    reason = serializers.CharField()
    buyer_code = serializers.CharField()
    buyer_email = serializers.CharField()
    buyer_country = serializers.CharField()
    buyer_address = serializers.CharField(help_text="Lines, as on an envelope; empty where the order had none.")
    lines = InvoiceLineOutput(many=True, source="lines.all")


class SellerInput(serializers.Serializer):
    name = serializers.CharField(max_length=200)
    address = serializers.CharField(max_length=500, help_text="Lines, as on an envelope.")
    tax_id = serializers.CharField(max_length=40)
    email = serializers.EmailField(max_length=254, required=False, allow_blank=True, default="")
    bank = serializers.CharField(max_length=200, required=False, allow_blank=True, default="")
    terms_days = serializers.IntegerField(min_value=0, max_value=365, default=30)
    footer = serializers.CharField(max_length=300, required=False, allow_blank=True, default="")
    invoice_series = serializers.RegexField(r"^[A-Z0-9]{1,12}$", default="INV")
    credit_series = serializers.RegexField(r"^[A-Z0-9]{1,12}$", default="CN")


class SellerOutput(serializers.Serializer):
    name = serializers.CharField()
    address = serializers.CharField()
    tax_id = serializers.CharField()
    email = serializers.CharField()
    bank = serializers.CharField()
    terms_days = serializers.IntegerField()
    footer = serializers.CharField()
    invoice_series = serializers.CharField()
    credit_series = serializers.CharField()


class Invoices(ApiView):
    """GET /api/v1/invoices: invoices and credit notes, newest first."""

    required_permission = InvoicePermission.VIEW
    filterset_class = InvoiceFilter
    sortable = ("issued_at", "total_minor")

    @extend_schema(responses=InvoiceSummaryOutput(many=True))
    def get(self, request):
        return page_of(request, queries.invoices(), InvoiceSummaryOutput)


class InvoicesFile(ApiView):
    """GET /api/v1/invoices/file: the same as CSV, whole."""

    required_permission = InvoicePermission.VIEW
    filterset_class = InvoiceFilter

    @extend_schema(filters=True, responses={(200, "text/csv"): OpenApiTypes.STR})
    def get(self, request):
        return csv_response(request)


class InvoiceDetail(ApiView):
    """GET /api/v1/invoices/{invoice_id}: one with its lines."""

    required_permission = InvoicePermission.VIEW

    @extend_schema(responses=InvoiceOutput)
    def get(self, request, invoice_id):
        return Answer(InvoiceOutput(queries.invoice(invoice_id)).data)


class InvoicePdf(ApiView):
    """GET /api/v1/invoices/{invoice_id}/pdf: one as it is sent to the buyer."""

    required_permission = InvoicePermission.VIEW

    @extend_schema(responses={(200, "application/pdf"): OpenApiTypes.BINARY})
    def get(self, request, invoice_id):
        return pdf_response(invoice_id)


class InvoiceSeller(ApiView):
    """GET, PUT /api/v1/invoice-seller: who invoices, and on which terms. Holds for what is issued from then on."""

    required_permission = {"GET": InvoicePermission.VIEW, "PUT": InvoicePermission.CONFIGURE}

    @extend_schema(responses=SellerOutput)
    def get(self, request):
        """Empty, with the terms that hold, until the company has said who it is."""
        return Answer(SellerOutput(commands.details_of(queries.seller())).data)

    @extend_schema(request=SellerInput, responses=SellerOutput)
    def put(self, request):
        details = commands.SellerDetails(**validated(SellerInput, request.data))
        return Answer(
            SellerOutput(commands.state_seller(details=details, actor=request.actor, now=timezone.now())).data
        )
