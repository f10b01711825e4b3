"""The console's invoices."""

from __future__ import annotations

from dataclasses import asdict

from django.contrib import messages
from django.shortcuts import redirect, render
from django.utils import timezone

from apps.business.invoicing import commands, queries
from apps.business.invoicing.filters import InvoiceFilter
from apps.business.invoicing.forms import SellerForm
from apps.business.invoicing.models import Invoice
from apps.business.invoicing.permissions import InvoicePermission
from apps.business.invoicing.responses import csv_response, pdf_response
from apps.core.api.pages import form_errors_from, page, page_of_rows
from apps.core.errors import DomainError

_SORTABLE = ("issued_at", "total_minor")


@page(InvoicePermission.VIEW)
def invoice_list(request):
    """GET /invoices/"""
    invoices, cursors, errors = page_of_rows(request, queries.invoices(), filterset=InvoiceFilter, sortable=_SORTABLE)
    context = {
        "invoices": invoices,
        "kinds": Invoice.Kind.choices,
        "page": cursors,
        "sortable": _SORTABLE,
        "filter_errors": errors,
        "seller": queries.seller(),
    }
    return render(request, "invoices/list.html", context)


@page(InvoicePermission.VIEW)
def invoice_detail(request, invoice_id):
    """GET /invoices/<id>/"""
    issued = queries.invoice(invoice_id)
    return render(request, "invoices/detail.html", {"invoice": issued, "seller": queries.seller_on(issued)})


@page(InvoicePermission.VIEW)
def invoice_pdf(request, invoice_id):
    """GET /invoices/<id>/pdf"""
    return pdf_response(invoice_id)


@page(InvoicePermission.VIEW)
def invoices_file(request):
    """GET /invoices/file: the list as CSV."""
    return csv_response(request)


@page(get=InvoicePermission.CONFIGURE, post=InvoicePermission.CONFIGURE)
def invoice_seller(request):
    """GET, POST /invoices/seller"""
    stated = queries.seller()
    initial = {**asdict(commands.details_of(stated)), "edition": stated.edition if stated else 0}
    form = SellerForm(request.POST if request.method == "POST" else None, initial=initial)
    if request.method == "POST" and form.is_valid():
        details = dict(form.cleaned_data)
        edition = details.pop("edition")
        try:
            commands.state_seller(
                details=commands.SellerDetails(**details),
                expected_edition=edition,
                actor=request.actor,
                now=timezone.now(),
            )
        except DomainError as error:
            form_errors_from(error, form)
        else:
            messages.success(request, "This is on every invoice from now on.")
            return redirect("/invoices/seller")
    return render(request, "invoices/seller.html", {"form": form}, status=422 if form.errors else 200)
