"""`manage.py reconcile --tenant acme`"""

from __future__ import annotations

from argparse import ArgumentParser
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from apps.business.reconciliation.reconciling import ON_ITS_WAY, reconcile, told
from apps.core.errors import NotFound
from apps.core.tenancy import tenant
from apps.iam.facade import iam


class Command(BaseCommand):
    help = "Check that a company's orders, stock, money, parcels and invoices agree. Changes nothing; fails if not."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--tenant", required=True, help="The slug or the id of the tenant.")
        parser.add_argument(
            "--on-its-way-s",
            type=float,
            default=ON_ITS_WAY.total_seconds(),
            help="What was recorded in so many seconds before now may not have got everywhere yet.",
        )

    def handle(self, **options: Any) -> None:
        before = timezone.now() - timedelta(seconds=options["on_its_way_s"])
        with tenant(_tenant_id(options["tenant"])):
            found = reconcile(before=before)
        self.stdout.write(told(found))
        if not found.holds:
            raise CommandError("the books do not agree: see above")
        self.stdout.write("everything agrees")


def _tenant_id(name: str) -> UUID:
    try:
        return iam.tenant(UUID(name)).id
    except (ValueError, NotFound):
        pass
    try:
        return iam.tenant_by_slug(name).id
    except NotFound as error:
        raise CommandError(f"there is no tenant {name}") from error
