"""`manage.py invoice_earlier_orders --tenant acme`"""

from __future__ import annotations

from argparse import ArgumentParser
from datetime import date
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from apps.business.invoicing.earlier import invoice_earlier_orders
from apps.business.invoicing.queries import start_of
from apps.core.errors import NotFound
from apps.core.history import SYSTEM, acting
from apps.core.tenancy import tenant
from apps.iam.facade import iam


class Command(BaseCommand):
    help = (
        "Record the invoices and credit notes of what was ordered before this installation learnt to invoice, with the "
        "dates of that. Nothing does this by itself. Safe to run twice."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--tenant", required=True, help="The slug of the tenant.")
        parser.add_argument("--since", type=date.fromisoformat, help="Only what happened on or after this day (UTC).")

    def handle(self, **options: Any) -> None:
        try:
            owner = iam.tenant_by_slug(options["tenant"])
        except NotFound as error:
            raise CommandError(f"there is no tenant {options['tenant']}") from error
        since = start_of(options["since"]) if options["since"] else None
        with tenant(owner.id), acting(SYSTEM, reason="invoices of earlier orders"):
            recorded = invoice_earlier_orders(actor=SYSTEM, since=since)
        self.stdout.write(f"{recorded:,} invoices and credit notes were recorded")
