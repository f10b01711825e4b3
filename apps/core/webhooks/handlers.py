"""The one consumer that hears every public event of every service."""

from __future__ import annotations

from django.utils import timezone

from apps.core.events import Envelope, Event, handles
from apps.core.webhooks import queueing
from apps.core.webhooks.event_types import name_of, public_classes

GROUP = "iam.webhooks"


def queue_deliveries(happened: Event, *, envelope: Envelope) -> None:
    """Have it posted to whoever wants it. The group's inbox keeps the effect of a second delivery away."""
    queueing.queue_event(name_of(type(happened)), envelope, now=timezone.now())


for _cls in public_classes():
    handles(_cls, group=GROUP)(queue_deliveries)
