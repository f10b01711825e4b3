"""`manage.py register_api_client --tenant acme --name "Web shop" --role clerk`: a service account of a tenant."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from apps.core.errors import DomainError
from apps.core.history import SYSTEM
from apps.iam.service_accounts import commands
from apps.iam.tenants import queries as tenants


class Command(BaseCommand):
    help = "Make a service account of a tenant. Its secret is shown once, here."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--tenant", required=True, help="Slug of the tenant.")
        parser.add_argument("--name", required=True, help="What people will call it.")
        parser.add_argument("--role", action="append", default=[], dest="roles", help="Code of a role; repeatable.")

    def handle(self, *args: Any, tenant: str, name: str, roles: list[str], **options: Any) -> None:
        try:
            client_id, secret = commands.register_api_client(
                tenant_id=tenants.tenant_by_slug(tenant).id,
                name=name,
                roles=roles,
                actor=SYSTEM,
                now=timezone.now(),
            )
        except DomainError as error:
            raise CommandError(f"{error.code}: {error}") from error
        self.stdout.write(f"client_id     {client_id}\nclient_secret {secret}")
