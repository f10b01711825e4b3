"""`manage.py disable_policies --tenant acme --reason "nobody can cancel"`: the break-glass."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError, CommandParser

from apps.core.errors import DomainError
from apps.core.tenancy import tenant as entered
from apps.iam.policies import commands
from apps.iam.tenants import queries as tenants


class Command(BaseCommand):
    help = (
        "Switch policies of a tenant off without asking anybody, for when they keep people from work and nobody is "
        "there who may change them. They stay as they are and can be switched on again. Safe to repeat."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--tenant", required=True, help="Slug of the tenant.")
        parser.add_argument("--policy", type=UUID, action="append", default=[], help="Id, may be repeated; else all.")
        parser.add_argument("--reason", required=True, help="Why; goes into the history and the security log.")

    def handle(self, *args: Any, tenant: str, policy: list[UUID], reason: str, **options: Any) -> None:
        try:
            with entered(tenants.tenant_by_slug(tenant).id):
                switched = commands.disable_policies(policy_ids=policy, reason=reason)
        except DomainError as error:
            raise CommandError(f"{error.code}: {error}") from error
        for one in switched:
            self.stdout.write(f"switched off: {one.name} ({one.id})")
        if not switched:
            self.stdout.write("no policy was on")
