"""Celery entry points of the inventory."""

from __future__ import annotations

from celery import shared_task
from django.conf import settings
from django.utils import timezone
from django.utils.module_loading import import_string

from apps.business.inventory import commands, expiring
from apps.core.tenancy import tenant


@shared_task(name="inventory.expire_reservations", acks_late=True)
def expire_reservations(**_later: object) -> None:
    """Give up reservations whose time ran out, in every tenant. Safe to run twice, or twice at once."""
    expiring.expire_reservations(now=timezone.now())


@shared_task(name="inventory.announce_earlier_movements", acks_late=True)
def announce_earlier_movements(**_later: object) -> None:
    """Tell of movements that an earlier version wrote without a word, in every tenant. Safe to run twice."""
    for tenant_id in import_string(settings.TENANT_LISTER)():
        with tenant(tenant_id):
            commands.announce_earlier_movements()
