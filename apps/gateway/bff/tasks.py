"""Celery entry points of the gateway."""

from __future__ import annotations

from celery import shared_task

from apps.gateway.bff import idle, security_events


@shared_task(name="gateway.deliver_security_events", acks_late=True)
def deliver_security_events(**_later: object) -> None:
    """Tell the security log what waited while it was away. Safe to run twice, or twice at once."""
    security_events.deliver()


@shared_task(name="gateway.end_idle_sessions", acks_late=True)
def end_idle_sessions(**_later: object) -> None:
    """End sessions in which nobody did anything for SESSION_IDLE_S. Safe to run twice, or twice at once."""
    idle.finish_all()
