"""The console's import and export of the catalogue."""

from __future__ import annotations

from django.contrib import messages
from django.shortcuts import redirect, render
from django.utils import timezone

from apps.business.catalog import queries
from apps.business.catalog.exchange import columns, exports, requesting
from apps.business.catalog.exchange_responses import export_response, products_response, report_response
from apps.business.catalog.forms import ProductImportForm
from apps.business.catalog.permissions import ProductPermission
from apps.business.inventory.permissions import StockPermission
from apps.core.api.pages import form_errors_from, page
from apps.core.errors import DomainError
from apps.core.jobs.places import page_of_job


@page(get=ProductPermission.VIEW, post=ProductPermission.MANAGE)
def exchange(request):
    """GET, POST /products/exchange: the catalogue as a file; POST has one looked through."""
    form = ProductImportForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        file = form.cleaned_data["file"]
        try:
            found = requesting.request_import(
                stream=file,
                name=file.name,
                dry_run=True,
                may_manage_stock=request.principal.may(StockPermission.MANAGE),
                actor=request.actor,
                now=timezone.now(),
            )
        except DomainError as error:
            form_errors_from(error, form)
        else:
            return redirect(_page_of(found))
    context = {
        "form": form,
        "columns": columns.COLUMNS.items(),
        "told": columns.TOLD.items(),
        "is_large": queries.products()[exports.AT_ONCE : exports.AT_ONCE + 1].exists(),
    }
    return render(request, "products/exchange.html", context, status=422 if request.method == "POST" else 200)


@page(ProductPermission.VIEW)
def products_file(request):
    """GET /products/file: what the list shows, as CSV."""
    return products_response(request)


@page(post=ProductPermission.VIEW)
def product_exports(request):
    """POST /products/exports: have the whole catalogue written into a file."""
    with_stock = request.principal.may(StockPermission.VIEW)
    return redirect(page_of_job(exports.request_export(with_stock=with_stock, actor=request.actor, now=timezone.now())))


@page(ProductPermission.VIEW)
def product_export(request, job_id):
    """GET /products/exports/<job id>/file: what was written."""
    return export_response(request, job_id)


@page(ProductPermission.MANAGE)
def product_import(request, job_id):
    """GET /products/imports/<job id>/: how far it is, and then what becomes of the lines."""
    found = requesting.import_job(job_id, request.principal)
    return render(request, "products/import.html", {"job": found, "result": found.result})


@page(post=ProductPermission.MANAGE)
def product_import_application(request, job_id):
    """POST /products/imports/<job id>/application: apply what was looked through."""
    try:
        found = requesting.apply_import(
            checked=requesting.import_job(job_id, request.principal),
            may_manage_stock=request.principal.may(StockPermission.MANAGE),
            actor=request.actor,
            now=timezone.now(),
        )
    except DomainError as error:
        messages.error(request, str(error))
        return redirect(f"/products/imports/{job_id}/")
    return redirect(_page_of(found))


@page(ProductPermission.MANAGE)
def product_import_report(request, job_id):
    """GET /products/imports/<job id>/report: the refused lines as CSV."""
    return report_response(request, job_id)


def _page_of(job):
    return f"/products/imports/{job.id}/"
