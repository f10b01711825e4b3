"""`manage.py import_invoices FILE --tenant acme`"""

from __future__ import annotations

import csv
from argparse import ArgumentParser
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.core.management.base import BaseCommand, CommandError
from django.db import InterfaceError, OperationalError
from django.utils import timezone
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from apps.business.currencies import is_currency
from apps.business.orders.imports.importing import Progress as Heard
from apps.business.orders.imports.importing import import_file
from apps.business.orders.imports.reader import read
from apps.business.orders.imports.report import Report, told
from apps.core.errors import DomainError, NotFound
from apps.core.history import SYSTEM, acting
from apps.core.tenancy import tenant
from apps.iam.facade import iam
from apps.iam.facade.contracts import TenantInfo


class Command(BaseCommand):
    help = (
        "Import an invoice file (CSV or CSV.gz) through the ordinary order commands: customers, products, orders, "
        "returns, stock adjustments. Safe to run twice, and resumes after it was killed."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, help="CSV or CSV.gz with InvoiceNo, StockCode, Description, …")
        parser.add_argument("--tenant", required=True, help="The slug or the id of the tenant.")
        parser.add_argument("--currency", default="", help="ISO 4217; default: the tenant's own.")
        parser.add_argument("--time-zone", default="UTC", help="Of the times in the file, e.g. Europe/London.")
        parser.add_argument("--encoding", default="utf-8", help="Of the file's text.")
        parser.add_argument("--rejected-to", type=Path, help="Write all rejected lines to this CSV file.")

    def handle(self, **options: Any) -> None:
        try:
            report = self._import(options)
        except DomainError as error:
            raise CommandError(str(error)) from error
        except (OperationalError, InterfaceError) as error:
            raise CommandError(
                f"the database gave up ({error}): start the import again, it goes on from here"
            ) from error
        if options["rejected_to"]:
            _write_rejected(report, options["rejected_to"])
        self.stdout.write(told(report))
        if not report.balances:
            raise CommandError("the import does not balance: see the reconciliation above")

    def _import(self, options: dict[str, Any]) -> Report:
        zone, owner = _zone(options["time_zone"]), _tenant(options["tenant"])
        currency = options["currency"] or owner.default_currency
        if not is_currency(currency):
            raise CommandError(f"{currency} is no currency: name an ISO 4217 code such as GBP")
        file = read(options["file"], encoding=options["encoding"], zone=zone)
        self.stdout.write(f"{file.name}: {file.line_count:,} lines into {owner.slug}, in {currency}")
        reason = f"import of {file.name}"
        with tenant(owner.id), acting(SYSTEM, reason=reason), _shown_progress() as progress:
            return import_file(
                file,
                currency=currency,
                time_zone=options["time_zone"],
                actor=SYSTEM,
                now=timezone.now(),
                progress=progress,
            )


def _tenant(name: str) -> TenantInfo:
    try:
        return iam.tenant(UUID(name))
    except (ValueError, NotFound):
        pass
    try:
        return iam.tenant_by_slug(name)
    except NotFound as error:
        raise CommandError(f"there is no tenant {name}") from error


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise CommandError(f"{name} is no time zone: name one such as Europe/London") from error


@contextmanager
def _shown_progress() -> Iterator[Heard]:
    """A bar on a terminal; nothing elsewhere."""
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, disable=not console.is_terminal) as bar:
        task = bar.add_task("reading")
        yield lambda what, done, total: bar.update(task, description=what, completed=done, total=total)


def _write_rejected(report: Report, path: Path) -> None:
    try:
        with path.open("w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file)
            writer.writerow(["line", "invoice", "place", "reason", "amount_e4"])
            for line in report.rejected:
                writer.writerow([line.line_number, line.invoice_no, line.ordinal, line.reason, line.exact_e4])
    except OSError as error:
        raise CommandError(f"{path} cannot be written: {error.strerror}") from error
