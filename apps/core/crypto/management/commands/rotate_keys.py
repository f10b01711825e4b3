"""`manage.py rotate_keys`, after a new key was put first in KEY_ENCRYPTION_KEYS; `--data-keys 365` besides."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from apps.core.crypto import rotation, wrapping
from apps.core.crypto.sealing import Unreadable
from apps.core.crypto.wrapping import KeyEncryptionKeyMissing


class Command(BaseCommand):
    help = (
        "Wrap every data key with the newest of KEY_ENCRYPTION_KEYS, in every database. Nothing stops meanwhile, and "
        "what was cut off is carried on. Afterwards the older ones may go."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--data-keys",
            type=int,
            metavar="DAYS",
            help="Also give a new data key to everybody whose newest one is older than this, for what is written next.",
        )

    def handle(self, *args: Any, data_keys: int | None, **options: Any) -> None:
        self.stdout.write(f"wrapping with {wrapping.newest_name()}, the first of {len(settings.KEY_ENCRYPTION_KEYS)}")
        try:
            for alias in settings.PRIMARY_ALIASES:
                self._rotate(alias, data_keys)
        except (Unreadable, KeyEncryptionKeyMissing) as error:
            raise CommandError(f"stopped, nothing is lost: {error}") from error

    def _rotate(self, alias: str, data_keys: int | None) -> None:
        rewrapped = renewed = 0
        tenants = rotation.tenants()
        for place, tenant_id in enumerate(tenants, start=1):
            for batch in rotation.rewrap(alias, tenant_id):
                rewrapped += batch
                self.stdout.write(f"{alias}: tenant {place} of {len(tenants)}, {rewrapped} keys wrapped anew")
            if data_keys is not None:
                renewed += rotation.renew(alias, tenant_id, before=timezone.now() - timedelta(days=data_keys))
        self.stdout.write(f"{alias}: {rewrapped} keys wrapped anew, {renewed} data keys made")
