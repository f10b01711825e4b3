"""`manage.py explain_access --tenant acme --subject ada@acme.example --permission orders.cancel`: why, or why not."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from apps.core.auth import Resource
from apps.core.errors import DomainError
from apps.core.tenancy import tenant as entered
from apps.iam.access import queries
from apps.iam.access.explanation import explain
from apps.iam.tenants import queries as tenants


class Command(BaseCommand):
    help = "Say why somebody may do something, or why not and what would change it."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--tenant", required=True, help="Slug of the tenant.")
        parser.add_argument("--subject", required=True, help="An e-mail address, or the id of a person or client.")
        parser.add_argument("--permission", required=True, help="A code, such as orders.cancel.")
        parser.add_argument("--resource", default="", help="order:<id>. Left out: the tenant as a whole.")

    def handle(self, *args: Any, tenant: str, subject: str, permission: str, resource: str, **options: Any) -> None:
        try:
            with entered(tenants.tenant_by_slug(tenant).id):
                asked = Resource.parsed(resource) if resource else None
                explanation = explain(queries.subject_named(subject), permission, asked, now=timezone.now())
                lines = explanation.lines()
        except DomainError as error:
            raise CommandError(f"{error.code}: {error}") from error
        self.stdout.write("\n".join(lines))
