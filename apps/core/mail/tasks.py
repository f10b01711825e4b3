"""Celery entry points of mail."""

from __future__ import annotations

from uuid import UUID

from celery import shared_task
from django.utils import timezone

from apps.core.mail import delivery


@shared_task(name="mail.deliver", acks_late=True)
def deliver(*, message_id: str, **_later: object) -> None:
    """Send one message. Safe to run twice, or twice at once."""
    delivery.deliver(message_id=UUID(message_id), now=timezone.now())


@shared_task(name="mail.sweep", acks_late=True)
def sweep(**_later: object) -> None:
    """Have sent what is due: retries, and what no worker was told of while the broker was away. Safe to run twice."""
    for message_id in delivery.due(now=timezone.now()):
        deliver.apply_async(kwargs={"message_id": str(message_id)})


@shared_task(name="mail.forget_old_messages", acks_late=True)
def forget_old_messages(**_later: object) -> None:
    """Delete messages older than EMAIL_KEPT_DAYS. Safe to run twice."""
    delivery.forget(before=delivery.oldest_kept(timezone.now()))
