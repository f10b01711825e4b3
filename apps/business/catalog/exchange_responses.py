"""The files that the API and the pages hand out."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse, StreamingHttpResponse
from django.utils import timezone

from apps.business.catalog import queries
from apps.business.catalog.exchange import exports, requesting
from apps.business.catalog.exchange.exporting import csv_of
from apps.business.catalog.filters import ProductFilter
from apps.business.inventory.permissions import StockPermission
from apps.core.api.filtering import filtered
from apps.core.files.queries import content

_CSV = "text/csv; charset=utf-8"


def products_response(request: Any) -> StreamingHttpResponse:
    """What the list's own filters ask for, without pages. Raises Invalid."""
    parameters = request.GET.copy()
    for name in [name for name, values in parameters.lists() if not any(values)]:
        del parameters[name]
    rows = filtered(queries.products(), ProductFilter, parameters, request=request)
    with_stock = request.principal.may(StockPermission.VIEW)
    pieces = csv_of(rows, with_stock=with_stock, at=timezone.now())
    return _kept_by_nobody(StreamingHttpResponse(pieces, content_type=_CSV), "products.csv")


def report_response(request: Any, job_id: Any) -> HttpResponse:
    """Raises ImportNotFound, FileNotKept."""
    file = requesting.report_of(requesting.import_job(job_id, request.principal))
    return _kept_by_nobody(HttpResponse(content(file), content_type=_CSV), file.name)


def export_response(request: Any, job_id: Any) -> HttpResponse:
    """Raises ExportNotFound, FileNotKept."""
    file = exports.exported(job_id, request.principal, may_see_stock=request.principal.may(StockPermission.VIEW))
    return _kept_by_nobody(HttpResponse(content(file), content_type=_CSV), file.name)


def _kept_by_nobody(response: Any, name: str) -> Any:
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    response["Cache-Control"] = "private, no-store"
    return response
