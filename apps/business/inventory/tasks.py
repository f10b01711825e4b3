"""Celery entry points of the inventory."""

from __future__ import annotations

from celery import shared_task
from django.utils import timezone

from apps.business.inventory import expiring


@shared_task(name="inventory.expire_reservations", acks_late=True)
def expire_reservations(**_later: object) -> None:
    """Give up reservations whose time ran out, in every tenant. Safe to run twice, or twice at once."""
    expiring.expire_reservations(now=timezone.now())
