"""`manage.py export_catalogue --tenant acme --to products.csv`"""

from __future__ import annotations

from argparse import ArgumentParser
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from apps.business.catalog import queries
from apps.business.catalog.exchange.exporting import csv_of
from apps.business.catalog.exchange.terminal import shown_progress, tenant_named
from apps.core.tenancy import tenant


class Command(BaseCommand):
    help = "Write the catalogue of a tenant as CSV, with stock. `import_catalogue` takes it back."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--tenant", required=True, help="The slug or the id of the tenant.")
        parser.add_argument("--to", type=Path, help="The file to write; else the standard output.")

    def handle(self, **options: Any) -> None:
        with tenant(tenant_named(options["tenant"]).id), shown_progress() as tell:
            products = queries.products()
            total = products.count()
            pieces = csv_of(products, with_stock=True, at=timezone.now(), tell=lambda done: tell(done, total))
            if options["to"] is None:
                for piece in pieces:
                    self.stdout.write(piece, ending="")
            else:
                _write(options["to"], pieces)


def _write(path: Path, pieces: Iterator[str]) -> None:
    try:
        with path.open("w", newline="", encoding="utf-8") as file:
            file.writelines(pieces)
    except OSError as error:
        raise CommandError(f"{path} cannot be written: {error.strerror}") from error
