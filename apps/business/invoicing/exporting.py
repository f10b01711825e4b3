"""Invoices as CSV, for bookkeeping."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from typing import Any
from uuid import UUID

from apps.business.spreadsheet import guarded
from apps.core.tenancy import require_tenant_id, tenant

COLUMNS = (
    *("number", "kind", "issued_at", "due_date", "supplied_at", "order_number", "corrects_number"),
    *("buyer_code", "buyer_name", "buyer_country", "currency", "total_minor", "tax_minor", "balance_minor"),
)
_TEXTS = {"order_number", "corrects_number", "buyer_code", "buyer_name", "buyer_country"}
_PAGE = 500


def csv_of(invoices: Any) -> Iterator[str]:
    """The file piece by piece, oldest first; may be read after the caller has left the tenant. Raises NoTenant.

    `balance_minor` is what to add up: a credit note counts below zero.
    """
    return _pieces(invoices, require_tenant_id())


def _pieces(invoices: Any, tenant_id: UUID) -> Iterator[str]:
    yield _written([COLUMNS])
    after: UUID | None = None
    while True:
        with tenant(tenant_id):
            found = list((invoices.filter(id__gt=after) if after else invoices).order_by("id")[:_PAGE])
        yield _written([_cell(issued, name) for name in COLUMNS] for issued in found)
        if len(found) < _PAGE:
            return
        after = found[-1].id


def _cell(issued: Any, name: str) -> str:
    if name == "balance_minor":
        return str(-issued.total_minor if issued.is_credit else issued.total_minor)
    value = getattr(issued, name)
    if name in ("issued_at", "supplied_at"):
        return str(value.isoformat())
    text = "" if value is None else str(value)
    return guarded(text) if name in _TEXTS else text


def _written(rows: Iterable[Sequence[str]]) -> str:
    piece = io.StringIO()
    csv.writer(piece).writerows(rows)
    return piece.getvalue()
