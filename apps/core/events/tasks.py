"""Celery entry points of the log."""

from __future__ import annotations

from celery import shared_task
from django.conf import settings
from django.utils import timezone

from apps.core.events import archiving, maintenance
from apps.core.events.errors import ArchivingRuns, StillNeeded
from apps.core.observability import get_logger

logger = get_logger(__name__)


@shared_task(name="events.maintain_log")
def maintain_log(**_later: object) -> None:
    """Make partitions ahead and forget old inbox rows, in every database. Safe to run twice, or twice at once."""
    for alias in maintenance.aliases():
        maintenance.create_partitions(alias)
        maintenance.forget_old_effects(alias)


# A month takes as long as it takes; redelivered meanwhile, the second one finds the first at work and ends.
@shared_task(name="events.archive_log", soft_time_limit=6 * 3600, time_limit=6 * 3600 + 60)
def archive_log(**_later: object) -> None:
    """Move months older than EVENTS_ARCHIVE_KEEP_MONTHS to the archive. Safe to run twice, or twice at once."""
    if not settings.EVENTS_ARCHIVE_KEEP_MONTHS:
        return
    before = archiving.month_before(settings.EVENTS_ARCHIVE_KEEP_MONTHS, now=timezone.now())
    for alias in maintenance.aliases():
        try:
            months = archiving.archive_months(alias, before=before)
            logger.info("events.archived", database=alias, months=[f"{month:%Y-%m}" for month in months])
        except (ArchivingRuns, StillNeeded) as error:
            logger.warning("events.not_archived", database=alias, reason=str(error))
