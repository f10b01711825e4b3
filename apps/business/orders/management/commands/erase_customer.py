"""`manage.py erase_customer C-17 --tenant acme --reason "asked for it"`"""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone
from django.utils.module_loading import import_string

from apps.business.orders import commands, queries
from apps.core.errors import DomainError
from apps.core.history import SYSTEM
from apps.core.tenancy import tenant
from apps.iam.facade import iam


class Command(BaseCommand):
    help = (
        "Erase a customer for good: their key, and all that is kept of them. Invoices stay as they were printed. With "
        "--again: erase whoever a restored backup has brought back."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("code", nargs="?", help="What the company calls them in its own papers.")
        parser.add_argument("--tenant", default="", help="The slug of the company.")
        parser.add_argument("--reason", default="", help="Kept in the history. Do not name the customer.")
        parser.add_argument("--again", action="store_true", help="Everybody who was erased before and is there again.")

    def handle(self, *args: Any, code: str | None, tenant: str, reason: str, again: bool, **options: Any) -> None:
        try:
            if again:
                self._again()
            elif code and tenant and reason:
                self._erase(code, tenant, reason)
            else:
                raise CommandError("say whom, of which --tenant and for which --reason; or --again")
        except (DomainError, OSError) as error:
            raise CommandError(f"{getattr(error, 'code', 'cannot_note')}: {error}") from error

    def _again(self) -> None:
        count = 0
        for tenant_id in import_string(settings.TENANT_LISTER)():
            with tenant(tenant_id):
                count += commands.erase_customers_again()
        self.stdout.write(f"{count} customers were erased again")

    def _erase(self, code: str, slug: str, reason: str) -> None:
        with tenant(iam.tenant_by_slug(slug).id):
            found = queries.customers_by_code([code])
            if not found:
                raise CommandError(f"{slug} has no customer {code}")
            commands.erase_customer(customer_id=found[0].id, reason=reason, actor=SYSTEM, now=timezone.now())
        self.stdout.write(f"customer {code} of {slug} is erased")
