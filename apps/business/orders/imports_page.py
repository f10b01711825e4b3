"""The console's page to import invoices."""

from __future__ import annotations

from django.shortcuts import redirect, render
from django.utils import timezone

from apps.business.orders.forms import InvoiceImportForm
from apps.business.orders.imports.reader import COLUMNS
from apps.business.orders.imports.requesting import request_import
from apps.business.orders.imports_api import upload_of
from apps.business.orders.permissions import ImportPermission
from apps.core.api.pages import form_errors_from, page
from apps.core.errors import DomainError
from apps.core.jobs.places import page_of_job


@page(get=ImportPermission.RUN, post=ImportPermission.RUN)
def invoice_import(request):
    """GET, POST /orders/import: choose a file, and see it imported."""
    form = InvoiceImportForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        try:
            found = request_import(upload=upload_of(**form.cleaned_data), actor=request.actor, now=timezone.now())
        except DomainError as error:
            form_errors_from(error, form)
        else:
            return redirect(page_of_job(found))
    status = 422 if request.method == "POST" else 200
    return render(request, "orders/import.html", {"form": form, "columns": COLUMNS}, status=status)
