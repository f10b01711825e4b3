"""Closed sagas are not kept for ever."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings
from django.db import connections

_BATCH = 1000


def forget_closed(alias: str, *, before: datetime) -> int:
    """Delete the current tenant's sagas that were closed before an instant, with their journals; returns how many.

    At most up to 30 days ago: the database refuses the rest. A saga begins once for each key; when one was forgotten,
    the same command begins it anew.
    """
    forgotten = 0
    while count := _forget_some(alias, before):
        forgotten += count
    return forgotten


def oldest_kept(now: datetime) -> datetime:
    """Sagas that were closed before this may be forgotten."""
    return now - timedelta(days=settings.SAGAS_KEPT_DAYS)


def _forget_some(alias: str, before: datetime) -> int:
    with connections[alias].cursor() as cursor:
        cursor.execute("select sagas_forget_closed(%s, %s)", [before, _BATCH])
        return int(cursor.fetchone()[0])
