"""Celery entry points of payments."""

from __future__ import annotations

from uuid import UUID

from celery import shared_task
from django.conf import settings
from django.utils import timezone

from apps.business.payments import commands, simulation, waking
from apps.core.tenancy import tenant


@shared_task(name="payments.work", acks_late=True)
def work(*, tenant_id: str, payment_id: str, **_later: object) -> None:
    """Ask the provider what is due for a payment, one thing after the other. Safe to run twice, or twice at once."""
    with tenant(UUID(tenant_id)):
        while commands.work_on(payment_id=UUID(payment_id), now=timezone.now()):
            pass


@shared_task(name="payments.sweep", acks_late=True)
def sweep(**_later: object) -> None:
    """Have asked what is due: retries, and what no worker was told of. Safe to run twice."""
    for tenant_id, payment_id in waking.due_payments(now=timezone.now()):
        waking.wake(tenant_id, payment_id)
    if settings.PAYMENT_SIMULATOR:
        simulation.hand_over_notices(clock=timezone.now)
