"""Take a tenant's word for an e-mail domain: for domains without a web server, and machines without the internet."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from apps.core.errors import DomainError
from apps.core.history import SYSTEM
from apps.core.tenancy import tenant
from apps.iam.identity_providers import commands, queries
from apps.iam.tenants import queries as tenants


class Command(BaseCommand):
    help = "Take an e-mail domain that an identity provider of a tenant names as proved to be the tenant's own."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("tenant", help="The tenant's slug.")
        parser.add_argument("domain", help="The domain, for example acme.example.")

    def handle(self, *, tenant: str, domain: str, **options: Any) -> None:
        try:
            confirm(slug=tenant, domain=domain)
        except DomainError as error:
            raise CommandError(f"{error.code}: {error}") from error
        self.stdout.write(f"{domain} is {tenant}'s")


def confirm(*, slug: str, domain: str) -> None:
    """Raises TenantNotFound, EmailDomainNotFound, EmailDomainTaken."""
    with tenant(tenants.tenant_by_slug(slug).id):
        found = queries.email_domain_named(domain)
        commands.confirm_domain(domain_id=found.id, actor=SYSTEM, now=timezone.now())
