"""Celery entry points of carts."""

from __future__ import annotations

from datetime import timedelta

from celery import shared_task
from django.conf import settings
from django.utils import timezone

from apps.business.carts import commands
from apps.core.history import SYSTEM
from apps.core.tenancy import tenant
from apps.iam.facade import iam


@shared_task(name="carts.forget_untouched", acks_late=True)
def forget_untouched(**_later: object) -> None:
    """Delete carts that nobody came back to, of every tenant. Safe to run twice, or twice at once."""
    since = timezone.now() - timedelta(days=settings.CARTS_KEPT_DAYS)
    for tenant_id in iam.tenant_ids():
        with tenant(tenant_id):
            commands.forget_untouched(since=since, actor=SYSTEM)
