"""`manage.py seed_demo`: two tenants with people, API clients and, from the other services, goods and orders."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from uuid import UUID

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils.module_loading import import_string

from apps.core.embedded import private_json
from apps.core.errors import DomainError
from apps.iam import demo
from apps.iam.oidc import commands as oidc


class Command(BaseCommand):
    help = "Fill the platform with a demonstration. Safe to repeat: what is there stays, passwords included."

    def handle(self, *args: Any, **options: Any) -> None:
        file = Path(settings.STATE_DIR) / "demo.json"
        try:
            oidc.ensure_bff_client()
            self._seed(file)
        except DomainError as error:
            raise CommandError(f"{error.code}: {error}") from error
        self.stdout.write(f"accounts and passwords are in {file}")

    def _seed(self, file: Path) -> None:
        known = private_json.read(file) or {}
        before = {tenant["slug"]: tenant for tenant in known.get("tenants", ())}
        records = []
        for tenant in demo.TENANTS:
            records.append(demo.seed_tenant(tenant, before.get(tenant.slug, {})))
            self.stdout.write(f"{tenant.slug}: {len(demo.PEOPLE)} people and an API client")
        staff = demo.seed_staff(known.get("platform_staff", {}))
        # Before the long part: whatever happens there, nobody is locked out.
        file.parent.mkdir(parents=True, exist_ok=True)
        private_json.write(file, {"tenants": records, "platform_staff": staff})
        for record in records:
            for seeder in settings.DEMO_SEEDERS:
                import_string(seeder)(tenant_id=UUID(record["id"]), slug=record["slug"])
                self.stdout.write(f"{record['slug']}: {seeder} is done")
