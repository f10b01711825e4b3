"""`manage.py register_platform_client --name "Provisioning"`: a program that may do what the platform's staff may."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from apps.core.errors import DomainError
from apps.core.history import SYSTEM
from apps.iam.service_accounts import commands


class Command(BaseCommand):
    help = (
        "Make a client of the platform's own, for /api/v1/tenants and all else that its staff may do. "
        "Its secret is shown once, here."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--name", required=True, help="What people will call it.")

    def handle(self, *args: Any, name: str, **options: Any) -> None:
        try:
            client_id, secret = commands.register_platform_client(name=name, actor=SYSTEM, now=timezone.now())
        except DomainError as error:
            raise CommandError(f"{error.code}: {error}") from error
        self.stdout.write(f"client_id     {client_id}\nclient_secret {secret}")
