"""Celery entry points of operations."""

from __future__ import annotations

from celery import shared_task

from apps.core.operations import forcing


@shared_task(name="operations.tell_forced", acks_late=True)
def tell_forced(**_later: object) -> None:
    """Have Redis know which circuits are forced, should it have forgotten or been away. Safe to run twice."""
    forcing.tell()
