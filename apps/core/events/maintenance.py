"""What the log needs from time to time: partitions ahead, and an inbox that does not grow for ever."""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.db import connections
from django.utils import timezone

_CHUNK = 5000


def create_partitions(alias: str) -> int:
    """Have a partition of the log for this month and the next EVENTS_PARTITIONS_AHEAD; returns how many are new."""
    with connections[alias].cursor() as cursor:
        cursor.execute("select events_create_partitions(%s)", [settings.EVENTS_PARTITIONS_AHEAD])
        return int(cursor.fetchone()[0])


def create_partitions_after_migration(alias: str) -> None:
    """The same, where the migration that makes the log has run."""
    with connections[alias].cursor() as cursor:
        cursor.execute("select to_regproc('public.events_create_partitions') is not null")
        migrated = cursor.fetchone()[0]
    if migrated:
        create_partitions(alias)


def forget_old_effects(alias: str) -> int:
    """Delete inbox rows older than EVENTS_INBOX_DAYS, in chunks; returns how many."""
    before, total = timezone.now() - timedelta(days=settings.EVENTS_INBOX_DAYS), 0
    while True:
        with connections[alias].cursor() as cursor:
            cursor.execute(
                "delete from events_inbox where ctid = any(array("
                "select ctid from events_inbox where handled_at < %s limit %s))",
                [before, _CHUNK],
            )
            deleted = cursor.rowcount
        total += int(deleted)
        if deleted < _CHUNK:
            return total


def aliases() -> list[str]:
    """The databases with a log."""
    return list(settings.PRIMARY_ALIASES)
