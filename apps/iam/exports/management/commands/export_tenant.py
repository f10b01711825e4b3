"""`manage.py export_tenant acme --to acme.zip`"""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import IO, Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from apps.core.errors import DomainError
from apps.core.history import SYSTEM
from apps.core.tenancy import tenant as entered
from apps.iam.exports import commands
from apps.iam.exports.archive import Written
from apps.iam.tenants import queries as tenants


class Command(BaseCommand):
    help = (
        "Write everything that a tenant has, in every service, into a zip of JSON Lines with a manifest: rows and "
        "SHA-256 of each file. Passwords, keys and other secrets are not in it. The security log is told."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("slug")
        parser.add_argument("--to", required=True, metavar="FILE", help="Where to write it. Must not exist yet.")

    def handle(self, *args: Any, slug: str, to: str, **options: Any) -> None:
        path = Path(to)
        unfinished = path.with_name(f"{path.name}.part")
        if path.exists():
            raise CommandError(f"{path} exists already: name another file, or take it away first")
        try:
            with open(os.open(unfinished, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600), "wb+") as file:
                written = self._write(slug, file)
                digest = hashlib.file_digest(_rewound(file), "sha256").hexdigest()
            unfinished.replace(path)
        except DomainError as error:
            raise CommandError(f"{error.code}: {error}") from error
        except OSError as error:
            raise CommandError(f"cannot write {path}: {error}") from error
        finally:
            unfinished.unlink(missing_ok=True)
        size, rows = path.stat().st_size, sum(written.counts.values())
        self.stdout.write(f"{path}: {rows} rows in {len(written.counts)} files, {size} bytes, SHA-256 {digest}")

    def _write(self, slug: str, file: IO[bytes]) -> Written:
        with entered(tenants.tenant_by_slug(slug).id):
            return commands.write_company_export(file, actor=SYSTEM, now=timezone.now(), told=self._tell)

    def _tell(self, stage: str, parts_done: int, rows_done: int) -> None:
        if stage:
            self.stdout.write(f"  {stage} (file {parts_done + 1}, {rows_done} rows so far)")


def _rewound(file: IO[bytes]) -> Any:
    file.seek(0)
    return file
