"""Celery entry points of credentials."""

from __future__ import annotations

from celery import shared_task
from django.utils import timezone

from apps.core.history import Origin, coming_from
from apps.iam.credentials import commands


@shared_task(name="credentials.request_password_reset", acks_late=True)
def request_password_reset(*, email: str, address: str = "", user_agent: str = "", **_later: object) -> None:
    """Mail the link for a new password to whoever has this address. Run twice it mails two good links."""
    with coming_from(Origin(address=address, user_agent=user_agent)):
        commands.request_password_reset(email=email, now=timezone.now())
