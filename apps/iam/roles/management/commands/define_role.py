"""`manage.py define_role --tenant acme picker --name Picker --permission orders.view`: a role of a tenant's own."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from apps.core.errors import DomainError
from apps.core.tenancy import tenant as entered
from apps.iam.roles import commands, queries
from apps.iam.tenants import queries as tenants


class Command(BaseCommand):
    help = "Make a role of a tenant's own, or let it allow exactly these permissions from now on."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("code")
        parser.add_argument("--tenant", required=True, help="Slug of the tenant.")
        parser.add_argument("--name", required=True, help="What people call the role.")
        parser.add_argument("--description", default="", help="What it is for.")
        parser.add_argument("--permission", action="append", default=[], dest="permissions", help="Repeatable.")
        parser.add_argument("--include", action="append", default=[], dest="includes", help="A role; repeatable.")

    def handle(self, *args: Any, code: str, tenant: str, **options: Any) -> None:
        content = {name: options[name] for name in ("name", "description", "permissions", "includes")}
        try:
            with entered(tenants.tenant_by_slug(tenant).id):
                commands.define_role(code=code, **content, now=timezone.now())
                role = queries.role(code)
        except DomainError as error:
            raise CommandError(f"{error.code}: {error}") from error
        self.stdout.write(f"{role.label} ({role.code}) allows {', '.join(sorted(role.permissions)) or 'nothing'}")
