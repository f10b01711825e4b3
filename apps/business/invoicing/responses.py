"""The answers that the API and the pages share: files that nobody keeps."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse, StreamingHttpResponse

from apps.business.invoicing import exporting, queries
from apps.business.invoicing.filters import InvoiceFilter
from apps.core.api.filtering import filtered


def pdf_response(invoice_id: Any) -> HttpResponse:
    """Raises InvoiceNotFound."""
    from apps.business.invoicing.paper import pdf_of  # what draws it takes as long to load as all of invoicing

    issued = queries.invoice(invoice_id)
    content = pdf_of(issued, queries.seller_on(issued))
    return _kept_by_nobody(HttpResponse(content, content_type="application/pdf"), f"{issued.number}.pdf")


def csv_response(request: Any) -> StreamingHttpResponse:
    """What the list's own filters ask for, without pages. Raises Invalid."""
    parameters = request.GET.copy()
    for name in [name for name, values in parameters.lists() if not any(values)]:
        del parameters[name]
    rows = filtered(queries.invoices(), InvoiceFilter, parameters, request=request)
    response = StreamingHttpResponse(exporting.csv_of(rows), content_type="text/csv; charset=utf-8")
    return _kept_by_nobody(response, "invoices.csv")


def _kept_by_nobody(response: Any, name: str) -> Any:
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    response["Cache-Control"] = "private, no-store"
    return response
