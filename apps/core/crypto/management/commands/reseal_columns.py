"""`manage.py reseal_columns`, after `rotate_keys --data-keys`: sealed columns and their history get the newest keys."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.management.base import BaseCommand, CommandError, CommandParser

from apps.core.crypto import resealing, rotation
from apps.core.crypto.sealing import Unreadable
from apps.core.crypto.wrapping import KeyEncryptionKeyMissing
from apps.core.db.roles import as_owner


class Command(BaseCommand):
    help = (
        "Seal anew, with the newest data keys, what lies in sealed columns and in their history. Nothing stops "
        "meanwhile, and what was cut off is carried on. Needs the owners' URLs, as migrating does: others can only "
        "add to a history."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--database", choices=settings.PRIMARY_ALIASES, action="append", help="default: all")

    def handle(self, *args: Any, database: list[str] | None, **options: Any) -> None:
        tenants = rotation.tenants()
        try:
            for alias in database or settings.PRIMARY_ALIASES:
                with as_owner(alias):
                    self._reseal(alias, tenants)
        except (Unreadable, KeyEncryptionKeyMissing, ImproperlyConfigured) as error:
            raise CommandError(f"stopped, nothing is lost: {error}") from error

    def _reseal(self, alias: str, tenants: list[Any]) -> None:
        sealed = looked_at = 0
        for place, tenant_id in enumerate(tenants, start=1):
            for batch in resealing.reseal(alias, tenant_id):
                sealed, looked_at = sealed + batch.sealed, looked_at + batch.looked_at
                self.stdout.write(
                    f"{alias}: tenant {place} of {len(tenants)}, {batch.column}: {looked_at} texts looked at, "
                    f"{sealed} sealed anew"
                )
        self.stdout.write(f"{alias}: {sealed} of {looked_at} texts sealed anew")
