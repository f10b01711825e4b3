"""`manage.py archive_events`: old months of the event log leave the databases for files, which stay queryable."""

from __future__ import annotations

import re
from argparse import ArgumentTypeError
from datetime import date
from typing import Any

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from apps.core.errors import DomainError
from apps.core.events import archiving, maintenance
from apps.core.events.archiving import Progress


class Command(BaseCommand):
    help = "Move old months of the event log to the archive, or check what is there. Safe to interrupt and to repeat."

    def add_arguments(self, parser: CommandParser) -> None:
        limit = parser.add_mutually_exclusive_group()
        limit.add_argument("--before", type=_month, metavar="YYYY-MM", help="months before this one")
        limit.add_argument("--keep", type=int, metavar="MONTHS", help="all but the current month and so many before it")
        limit.add_argument("--verify", action="store_true", help="archive nothing; read every file and compare")
        parser.add_argument("--database", choices=maintenance.aliases(), action="append", help="default: all")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            for alias in options["database"] or maintenance.aliases():
                self._verify(alias) if options["verify"] else self._archive(alias, _limit(options))
        except (DomainError, ImproperlyConfigured, OSError) as error:
            raise CommandError(str(error)) from error

    def _archive(self, alias: str, before: date) -> None:
        months = archiving.archive_months(alias, before=before, told=self._tell)
        self.stdout.write(f"{alias}: {len(months)} months archived")

    def _verify(self, alias: str) -> None:
        if faults := archiving.faults(alias):
            raise CommandError("\n".join(faults))
        self.stdout.write(f"{alias}: every file is what was recorded")

    def _tell(self, progress: Progress) -> None:
        self.stdout.write(f"{progress.alias} {progress.month:%Y-%m}: {progress.step} {progress.done} of {progress.of}")


def _limit(options: dict[str, Any]) -> date:
    """The month before which everything goes. Raises CommandError where nobody says."""
    if options["before"] is not None:
        return options["before"]  # type: ignore[no-any-return]
    keep = settings.EVENTS_ARCHIVE_KEEP_MONTHS if options["keep"] is None else options["keep"]
    if keep < 0 or (keep == 0 and options["keep"] is None):
        raise CommandError("say --before YYYY-MM or --keep MONTHS, or set EVENTS_ARCHIVE_KEEP_MONTHS")
    return archiving.month_before(keep, now=timezone.now())


def _month(text: str) -> date:
    if not re.fullmatch(r"\d{4}-(0[1-9]|1[0-2])", text):
        raise ArgumentTypeError(f"{text!r} is no month such as 2026-01")
    return date.fromisoformat(f"{text}-01")
