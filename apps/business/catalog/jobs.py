"""Long work of the catalogue."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.utils import timezone

from apps.business.catalog import queries
from apps.business.catalog.exchange.exporting import csv_of
from apps.business.catalog.exchange.files import keep_export, keep_report, upload
from apps.business.catalog.exchange.importing import check_file, import_file
from apps.business.catalog.exchange.reader import parsed
from apps.business.catalog.exchange.report import refused_csv
from apps.core.history import current_actor
from apps.core.jobs import BULK, Progress, job


@job(
    name="catalog.import_products",
    title="Import products",
    queue=BULK,
    time_limit_s=4 * 3600,
    link="/products/imports/{job_id}/",
)
def import_products(progress: Progress, *, file_id: str, dry_run: bool, may_manage_stock: bool) -> dict[str, Any]:
    """Look through a file, or apply it, and tell what becomes of its lines. Safe to run again: what is done stays."""
    file, now = parsed(upload(UUID(file_id))), timezone.now()

    def tell(done: int, total: int) -> None:
        progress.tell(done, total, "lines")

    if dry_run:
        report = check_file(file, may_manage_stock=may_manage_stock, now=now, tell=tell)
    else:
        report = import_file(
            file,
            may_manage_stock=may_manage_stock,
            actor=current_actor(),
            now=now,
            tell=tell,
            done_before=progress.checkpoint,
            keep=progress.keep,
        )
    told = report.as_json()
    if report.refused:
        told["report_file_id"] = str(keep_report(refused_csv(report.refused, file.columns), actor=current_actor()))
    return told


@job(
    name="catalog.export_products",
    title="Export products",
    queue=BULK,
    time_limit_s=4 * 3600,
    link="/products/exports/{job_id}/file",
)
def export_products(progress: Progress, *, with_stock: bool) -> dict[str, Any]:
    """Write all active products into a file. Safe to run again: each run writes a file of its own."""
    products, now = queries.products(), timezone.now()
    total = products.count()
    pieces = csv_of(products, with_stock=with_stock, at=now, tell=lambda done: progress.tell(done, total, "products"))
    file_id = keep_export(pieces, name=f"products-{now:%Y-%m-%d}.csv", actor=current_actor())
    return {"summary": f"{total:,} products", "products": total, "file_id": str(file_id)}
