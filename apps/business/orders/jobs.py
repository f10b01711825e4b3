"""Long work of orders."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.utils import timezone

from apps.business.orders.imports import uploads
from apps.business.orders.imports.importing import import_file
from apps.business.orders.imports.reader import parsed
from apps.business.orders.imports.report import Report, told
from apps.core.history import current_actor
from apps.core.jobs import BULK, Progress, job

_REJECTED_SHOWN = 200


@job(name="orders.import_invoices", title="Import invoices", queue=BULK, time_limit_s=4 * 3600, link="/orders/")
def import_invoices(
    progress: Progress, *, upload: str, checksum: str, file_name: str, currency: str, time_zone: str, encoding: str
) -> dict[str, Any]:
    """Import an uploaded file and tell what became of its lines. Safe to run again: it goes on where it was cut off."""
    content = uploads.content_of(upload, checksum=checksum)
    file = parsed(
        content, name=file_name, encoding=encoding, zone=ZoneInfo(time_zone), at_most=settings.IMPORT_MAX_BYTES
    )
    report = import_file(
        file,
        currency=currency,
        time_zone=time_zone,
        actor=current_actor(),
        now=timezone.now(),
        progress=lambda what, done, total: progress.tell(done, total, what),
    )
    uploads.drop(upload)
    return _result(report)


def _result(report: Report) -> dict[str, Any]:
    return {
        "summary": told(report),
        "balances": report.balances,
        "currency": report.currency,
        "lines": report.line_count,
        "imported": report.imported_count,
        "became": dict(report.became),
        "rejected": len(report.rejected),
        "rejections": [
            {"line": line.line_number, "invoice": line.invoice_no, "reason": line.reason}
            for line in report.rejected[:_REJECTED_SHOWN]
        ],
        "file_total": str(report.file_total),
        "imported_total": str(report.imported_total),
        "rejected_total": str(report.rejected_total),
        "rounding": str(report.rounding),
        "books": asdict(report.books),
    }
