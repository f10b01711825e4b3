"""`manage.py trim_audit --keep-months 36`: take away what the security log keeps longer than it should."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from apps.core.db.roles import as_owner
from apps.core.db.router import alias_for
from apps.core.errors import DomainError
from apps.core.history import SYSTEM
from apps.core.tenancy import tenant
from apps.iam.audit import verification
from apps.iam.audit.commands.trim_chain import Month, months, trim_month
from apps.iam.audit.maintenance import chain_ids
from apps.iam.audit.models import SecurityRecord


class Command(BaseCommand):
    help = (
        "Drop whole months of the security log that are older than the retention. Each chain begins behind them from "
        "then on, and records that it does. Export what must be kept first. Needs DATABASE_OWNER_URL: no serving "
        "process can do this."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--keep-months",
            type=int,
            default=settings.AUDIT_KEEP_MONTHS,
            help="Whole months to keep besides the present one (default: AUDIT_KEEP_MONTHS; 0 keeps all).",
        )
        parser.add_argument("--dry-run", action="store_true", help="Only say what would be dropped.")

    def handle(self, *args: Any, keep_months: int, dry_run: bool, **options: Any) -> None:
        if keep_months < 0:
            raise CommandError("--keep-months must not be negative")
        old = [month for month in months() if month.next <= _beginning(keep_months)] if keep_months else []
        if not old:
            self.stdout.write("nothing is past its retention")
            return
        if dry_run:
            self.stdout.writelines(f"would drop {month.first:%Y-%m}\n" for month in old)
            return
        self._refuse_if_broken()
        try:
            with as_owner(alias_for(SecurityRecord)):
                for month in old:
                    self._trim(month)
        except (DomainError, ImproperlyConfigured) as error:
            raise CommandError(str(error)) from error

    def _trim(self, month: Month) -> None:
        lost = trim_month(month, tenant_ids=chain_ids(), actor=SYSTEM)
        self.stdout.write(f"dropped {month.first:%Y-%m}: {sum(lost.values())} records of {len(lost)} chains")

    def _refuse_if_broken(self) -> None:
        """A chain that was tampered with is evidence."""
        for tenant_id in chain_ids():
            with tenant(tenant_id):
                if not verification.verify().intact:
                    raise CommandError(f"chain {tenant_id} was tampered with; see manage.py verify_audit --all")


def _beginning(keep_months: int) -> datetime:
    """Of the first month that is kept."""
    now = timezone.now()
    count = now.year * 12 + now.month - 1 - keep_months
    return now.replace(year=count // 12, month=count % 12 + 1, day=1, hour=0, minute=0, second=0, microsecond=0)
