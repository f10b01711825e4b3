"""Celery entry points of orders."""

from __future__ import annotations

from celery import shared_task
from django.conf import settings
from django.utils import timezone
from django.utils.module_loading import import_string

from apps.business.orders import commands
from apps.business.orders.imports import requesting
from apps.core.tenancy import tenant


@shared_task(name="orders.drop_uploads", acks_late=True)
def drop_uploads(**_later: object) -> None:
    """Delete uploaded files whose import is over or called off. Safe to run twice, or twice at once."""
    requesting.drop_uploads(now=timezone.now())


@shared_task(name="orders.erase_customers_again", acks_late=True)
def erase_customers_again(**_later: object) -> None:
    """Erase customers who were erased and are there again, from a restored backup or after a crash. Safe to repeat."""
    for tenant_id in import_string(settings.TENANT_LISTER)():
        with tenant(tenant_id):
            commands.erase_customers_again()
