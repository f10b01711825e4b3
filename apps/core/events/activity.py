"""What a group's readers of this process did, counted, and written down every few seconds with a sign of life."""

from __future__ import annotations

import threading
from collections import Counter

from django.db import connections

from apps.core.events.subscriptions import Group

_ADD = """
insert into events_group_activity as known ("group", handled, failed, parked, seen_at)
values (%(group)s, %(handled)s, %(failed)s, %(parked)s, clock_timestamp())
on conflict ("group") do update set handled = known.handled + excluded.handled, failed = known.failed + excluded.failed,
    parked = known.parked + excluded.parked, seen_at = excluded.seen_at
"""
HANDLED, FAILED, PARKED = "handled", "failed", "parked"


class Activity:
    """Counts by several threads; any of them may report."""

    def __init__(self, group: Group) -> None:
        self._group = group
        self._counts: Counter[str] = Counter()
        self._lock = threading.Lock()

    @property
    def is_new(self) -> bool:
        """Whether anything was counted since the last report."""
        return bool(self._counts)

    def count(self, what: str) -> None:
        """Note one more of HANDLED, FAILED or PARKED."""
        with self._lock:
            self._counts[what] += 1

    def report(self) -> None:
        """Add what was counted since the last time to what is known of the group. One statement; raises when it fails,
        and keeps the counts for the next time.
        """
        with self._lock:
            taken, self._counts = self._counts, Counter()
        values: dict[str, str | int] = {
            "group": self._group.name,
            **{name: taken[name] for name in (HANDLED, FAILED, PARKED)},
        }
        try:
            with connections[self._group.using].cursor() as cursor:
                cursor.execute(_ADD, values)
        except BaseException:
            with self._lock:
                self._counts += taken
            raise
