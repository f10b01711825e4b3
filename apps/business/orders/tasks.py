"""Celery entry points of orders."""

from __future__ import annotations

from celery import shared_task
from django.utils import timezone

from apps.business.orders.imports import requesting


@shared_task(name="orders.drop_uploads", acks_late=True)
def drop_uploads(**_later: object) -> None:
    """Delete uploaded files whose import is over or called off. Safe to run twice, or twice at once."""
    requesting.drop_uploads(now=timezone.now())
