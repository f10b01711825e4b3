"""Celery entry points of the log."""

from __future__ import annotations

from celery import shared_task

from apps.core.events import maintenance


@shared_task(name="events.maintain_log")
def maintain_log(**_later: object) -> None:
    """Make partitions ahead and forget old inbox rows, in every database. Safe to run twice, or twice at once."""
    for alias in maintenance.aliases():
        maintenance.create_partitions(alias)
        maintenance.forget_old_effects(alias)
