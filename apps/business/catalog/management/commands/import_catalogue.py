"""`manage.py import_catalogue products.csv --tenant acme`"""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import InterfaceError, OperationalError
from django.utils import timezone

from apps.business.catalog.exchange.importing import check_file, import_file
from apps.business.catalog.exchange.reader import parsed
from apps.business.catalog.exchange.report import Report, refused_csv, told
from apps.business.catalog.exchange.terminal import shown_progress, tenant_named
from apps.core.errors import DomainError
from apps.core.history import SYSTEM, acting
from apps.core.tenancy import tenant


class Command(BaseCommand):
    help = (
        "Import products from CSV, as export_catalogue writes it, through the ordinary commands. Safe to run twice; it "
        "goes on where it was killed. Ends with 1 where lines are refused; the others are imported all the same."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, help="CSV in UTF-8; the columns are those of export_catalogue.")
        parser.add_argument("--tenant", required=True, help="The slug or the id of the tenant.")
        parser.add_argument("--dry-run", action="store_true", help="Only say what would become of each line.")
        parser.add_argument("--refused-to", type=Path, help="Write the refused lines with the reasons to this file.")

    def handle(self, **options: Any) -> None:
        owner, content = tenant_named(options["tenant"]), _read(options["file"])
        try:
            with tenant(owner.id), acting(SYSTEM, reason=f"import of {options['file'].name}"):
                report = _report(content, dry_run=options["dry_run"])
        except DomainError as error:
            raise CommandError(str(error)) from error
        except (OperationalError, InterfaceError) as error:
            raise CommandError(f"the database gave up ({error}): start again, it goes on from here") from error
        self._tell(report, options["refused_to"])

    def _tell(self, report: Report, refused_to: Path | None) -> None:
        if report.dry_run:
            for plan in report.shown:
                self.stdout.write(f"line {plan.line.number}: {plan.line.sku} {plan.becomes}: {', '.join(plan.changes)}")
        for one in report.refused:
            self.stderr.write(f"line {one.number}: {one.reason}")
        if refused_to:
            _write(refused_to, refused_csv(report.refused, report.file.columns))
        self.stdout.write(told(report))
        if report.refused:
            raise CommandError(f"{len(report.refused)} lines are refused")


def _report(content: bytes, *, dry_run: bool) -> Report:
    file, now = parsed(content), timezone.now()
    with shown_progress() as tell:
        if dry_run:
            return check_file(file, may_manage_stock=True, now=now, tell=tell)
        return import_file(file, may_manage_stock=True, actor=SYSTEM, now=now, tell=tell)


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise CommandError(f"{path} cannot be read: {error.strerror}") from error


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, encoding="utf-8", newline="")
    except OSError as error:
        raise CommandError(f"{path} cannot be written: {error.strerror}") from error
